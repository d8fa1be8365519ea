package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goclip/goclip/core/zoo/known"
	"github.com/goclip/goclip/native/hub"
	"github.com/spf13/cobra"
)

// fetched is the result of pull in JSON.
type fetched struct {
	Model   string `json:"model"`
	Address string `json:"address"`
	Commit  string `json:"commit,omitempty"`
	Licence string `json:"licence,omitempty"`
	Bytes   int64  `json:"bytes"`
	Path    string `json:"path"`
}

// pulling are the flags of pull.
type pulling struct {
	*program
	client   *hub.Client
	revision string
	only     string
}

func pullCommand(p *program) *cobra.Command {
	o := &pulling{program: p}
	c := &cobra.Command{
		Use:   "pull NAME",
		Short: "Fetch a released model",
		Long: `pull fetches a model from where it was released: the Hugging Face hub, or the servers of
OpenAI and open_clip. NAME is one that goclip models lists, in any spelling, the name of
any other repository on the hub (ORG/NAME), or the address of a released file. Licence and
size are shown first. Only what a model needs is fetched: configuration, tokenizer,
preprocessing, and the weights in one format, safetensors where there are any.

Models go where Python's libraries keep theirs, and what is there already is not fetched
again. An interrupted pull goes on where it was. Every file that is fetched is
checked against its published checksum.

--only image and --only text fetch the tensors of one tower out of a safetensors file, into
a cache of goclip's own. Of a part there is no published checksum: HTTPS alone vouches for
it. Weights in another format or in several files are fetched whole.

Environment: HF_HOME, HF_HUB_CACHE, XDG_CACHE_HOME (where models go), HF_TOKEN (for models
that are not for everybody), HF_ENDPOINT (another hub), HF_HUB_OFFLINE, HTTPS_PROXY.`,
		Example: `  goclip pull ViT-B/32
  goclip pull google/siglip2-base-patch16-224
  goclip pull hf-hub:laion/CLIP-ViT-H-14-laion2B-s32B-b79K --json`,
		GroupID: modelGroup,
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, names []string) error {
			if o.only != "" {
				if err := oneOf(c, "only", o.only, parts); err != nil {
					return err
				}
			}
			return o.run(c.Context(), names[0])
		},
		ValidArgsFunction: completeModels,
	}
	c.Flags().StringVar(&o.only, "only", "", "fetch one `TOWER` only: "+strings.Join(parts, ", "))
	complete(c, "only", parts)
	c.Flags().StringVar(&o.revision, "revision", "main", "branch, tag or commit of the `REVISION` to fetch from the hub")
	return c
}

func (o *pulling) run(ctx context.Context, name string) error {
	if name == embeddedName {
		return fmt.Errorf("%s is inside goclip: there is nothing to fetch", name)
	}
	addresses, err := addressesOf(name)
	if err != nil {
		return err
	}
	if o.client, err = hub.FromEnvironment(); err != nil {
		return err
	}
	o.client.Waiting = func(why error, pause time.Duration) {
		o.warn("%s; trying again in %v", reason(why), pause.Round(time.Second))
	}
	o.warnUnsupported(name)
	for i, address := range addresses {
		result, err := o.fetch(ctx, address)
		if err == nil {
			result.Model = name
			return o.show(result)
		}
		var answer *hub.StatusError
		if i == len(addresses)-1 || !errors.As(err, &answer) {
			return err
		}
		o.warn("%s; trying %s", reason(err), addresses[i+1])
	}
	return nil
}

// warnUnsupported says before a download that it will be of no use here.
func (o *pulling) warnUnsupported(name string) {
	if m, err := known.Find(name); err == nil {
		if _, err := m.Shape().Config(); err != nil {
			o.warn("goclip cannot open this model: %s", reason(err))
		}
	}
}

// addressesOf are the places to fetch a model from: the one that was named, or all that are known.
func addressesOf(name string) ([]string, error) {
	m, err := known.Find(name)
	if err == nil {
		if a := m.Address(name); a != "" {
			return []string{a}, nil
		}
		return m.Addresses, nil
	}
	var several *known.Ambiguous
	if errors.As(err, &several) {
		return nil, fmt.Errorf("%w", several)
	}
	if repository, ok := known.Repository(name); ok {
		return []string{repository}, nil
	}
	return nil, fmt.Errorf("%q is no released model that goclip knows (goclip models lists them), and no repository of the Hugging Face hub (ORG/NAME)", name)
}

func (o *pulling) fetch(ctx context.Context, address string) (fetched, error) {
	if strings.HasPrefix(address, "https://") {
		return o.fetchSingle(ctx, address)
	}
	r, err := o.client.Repository(ctx, address, o.revision)
	if err != nil {
		if path, ok := o.client.Cache.Snapshot(address, o.revision); ok && errors.Is(err, hub.ErrOffline) {
			return fetched{Address: address, Commit: filepath.Base(path), Path: path}, nil
		}
		return fetched{}, err
	}
	files, err := hub.Needed(r.Files, func(f hub.File) ([]byte, error) { return o.client.Read(ctx, r, f) })
	if err != nil {
		return fetched{}, fmt.Errorf("%s: %w", address, err)
	}
	if o.only != "" {
		if weights := files[len(files)-1]; onlySafetensors(files) {
			return o.fetchPart(ctx, r, files[:len(files)-1], weights)
		}
		o.warn("%s has its weights in another format or in several files: they are fetched whole", address)
	}
	result := fetched{Address: address, Commit: r.Commit, Licence: r.Licence, Bytes: hub.Total(files)}
	o.announce(result, fmt.Sprintf("%d files", len(files)), o.client.Missing(r, files))
	report := o.bytesBar(result.Bytes, address)
	result.Path, err = o.client.Fetch(ctx, r, files, report)
	if err != nil {
		return fetched{}, err
	}
	return result, o.fetchTokenizer(ctx, result.Path)
}

// fetchTokenizer fetches the tokenizer of another repository where the model's own has none.
func (o *pulling) fetchTokenizer(ctx context.Context, folder string) error {
	name, ok := tokenizerElsewhere(os.DirFS(folder))
	if !ok {
		return nil
	}
	if _, ok := known.Repository(name); !ok && !hub.LegacyName(name) {
		return fmt.Errorf("open_clip_config.json names the tokenizer %q, which is no repository", name)
	}
	r, err := o.client.Repository(ctx, name, "main")
	if err != nil {
		return fmt.Errorf("the tokenizer: %w", err)
	}
	files := slices.DeleteFunc(slices.Clone(r.Files), func(f hub.File) bool { return !slices.Contains(hub.TokenizerFiles, f.Path) })
	if _, err := o.client.Fetch(ctx, r, files, nil); err != nil {
		return fmt.Errorf("the tokenizer: %w", err)
	}
	return nil
}

func (o *pulling) fetchSingle(ctx context.Context, address string) (fetched, error) {
	s, err := o.client.Single(ctx, address)
	if err != nil {
		return fetched{}, err
	}
	result := fetched{Address: address, Bytes: s.Size, Path: s.Path}
	if m, err := known.Find(address); err == nil {
		result.Licence = m.Licence
	}
	o.announce(result, "one file", s.Size)
	return result, o.client.FetchSingle(ctx, s, o.bytesBar(s.Size, filepath.Base(s.Path)))
}

// announce says what is about to come.
func (o *pulling) announce(r fetched, files string, missing int64) {
	if o.quiet {
		return
	}
	licence := r.Licence
	if licence == "" {
		licence = "not stated there: see the model's page"
	}
	text := fmt.Sprintf("%s: %s, %s, licence %s", shown(r.Address), files, megabytes(r.Bytes), shown(licence))
	switch {
	case missing <= 0:
		text += "; all there"
	case missing < r.Bytes:
		text += fmt.Sprintf("; %s to come", megabytes(missing))
	}
	fmt.Fprintln(os.Stderr, text)
}

func (o *pulling) show(r fetched) error {
	o.bar.stop()
	o.bar = nil
	if o.json {
		return o.emit(r)
	}
	_, err := fmt.Fprintln(o.out, r.Path)
	return err
}
