package main

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goclip/goclip/core/zoo/known"
	"github.com/goclip/goclip/internal/oracle"
	"github.com/goclip/goclip/native/hub/hubtest"
	"github.com/stretchr/testify/require"
)

// published is a hub with one small model under the name of a large one.
func published(t *testing.T, name, golden string) *hubtest.Hub {
	t.Helper()
	folder := oracle.Path(t, "models", golden)
	files := map[string][]byte{"README.md": []byte("# Model"), "onnx/model.onnx": []byte("not needed")}
	for _, f := range filesIn(t, folder) {
		if !strings.HasPrefix(f, "expect") {
			files[f] = read(t, filepath.Join(folder, f))
		}
	}
	return hubtest.New(t, name, files)
}

// online runs goclip with a hub and a cache.
func online(t *testing.T, hub *hubtest.Hub, cache string, environment []string, arguments ...string) result {
	t.Helper()
	var out, errors bytes.Buffer
	c := exec.Command(goclip, arguments...)
	c.Env = append(os.Environ(), append([]string{"HF_ENDPOINT=" + hub.URL, "HF_HOME=" + cache, "XDG_CACHE_HOME=" + cache, "HF_HUB_OFFLINE="}, environment...)...)
	c.Stdout, c.Stderr = &out, &errors
	r := result{status: statusOf(t, c.Run()), stdout: out.String(), stderr: errors.String()}
	t.Logf("goclip %s: status %d\n%s", strings.Join(arguments, " "), r.status, r.stderr)
	return r
}

func TestPull(t *testing.T) {
	t.Parallel()
	hub := published(t, "openai/clip-vit-base-patch32", "hf-clip-vit")
	cache := t.TempDir()
	r := online(t, hub, cache, nil, "pull", "hf-hub:openai/clip-vit-base-patch32")
	require.Equal(t, 0, r.status)
	path := strings.TrimSpace(r.stdout)
	require.FileExists(t, filepath.Join(path, "model.safetensors"))
	require.NoFileExists(t, filepath.Join(path, "README.md"))
	require.Regexp(t, `^openai/clip-vit-base-patch32: \d+ files, \d+ kB, licence mit\n$`, r.stderr)

	// What was pulled opens without the network, under all its names.
	offline := []string{"HF_HUB_OFFLINE=1", "HF_ENDPOINT=http://127.0.0.1:1"}
	for _, name := range []string{"ViT-B/32", "ViT-B-32:openai", "openai/clip-vit-base-patch32"} {
		r = online(t, hub, cache, offline, "embed", "-m", name, "--text", "a dog")
		require.Equal(t, 0, r.status, name)
	}
	i := object[inspection](t, online(t, hub, cache, offline, "inspect", "--json", "-m", "ViT-B/32").stdout)
	require.Equal(t, "ViT-B-32/openai", i.Released.Name)
	require.Equal(t, "repository", i.Released.By)

	here := objects[released](t, online(t, hub, cache, offline, "models", "--here", "--json").stdout)
	require.Len(t, here, 1)
	require.Equal(t, "ViT-B-32/openai", here[0].Name)
	require.Equal(t, path, here[0].Path)

	r = online(t, hub, cache, offline, "pull", "openai/clip-vit-base-patch32", "--json")
	require.Equal(t, 0, r.status)
	require.Equal(t, path, object[fetched](t, r.stdout).Path)
	r = online(t, hub, cache, nil, "pull", "openai/clip-vit-base-patch32")
	require.Contains(t, r.stderr, "all there")
}

// A folder that another program has fetched a tokenizer into does not stand in the way of a model.
func TestFoldersWithoutWeights(t *testing.T) {
	t.Parallel()
	hub := published(t, "openai/clip-vit-base-patch32", "hf-clip-vit")
	cache := t.TempDir()
	folder := filepath.Join(cache, "hub", "models--timm--vit_base_patch32_clip_224.openai")
	write(t, folder, "refs/main", hubtest.Commit)
	for _, name := range []string{"config.json", "tokenizer.json", "tokenizer_config.json"} {
		write(t, folder, "snapshots/"+hubtest.Commit+"/"+name, string(hub.Files[name]))
	}
	offline := []string{"HF_HUB_OFFLINE=1"}
	require.Equal(t, 0, online(t, hub, cache, offline, "tokenize", "-m", "ViT-B/32", "a dog").status)
	r := online(t, hub, cache, offline, "embed", "-m", "ViT-B/32", "--text", "a dog")
	require.Equal(t, 2, r.status)
	require.Contains(t, r.stderr, "no weights")
	require.Equal(t, 0, online(t, hub, cache, nil, "pull", "openai/clip-vit-base-patch32").status)
	require.Equal(t, 0, online(t, hub, cache, offline, "embed", "-m", "ViT-B/32", "--text", "a dog").status)
}

// Files that Python's clip and open_clip have fetched open too: OpenAI's by themselves, open_clip's with the configuration
// that goclip knows.
func TestSingleFiles(t *testing.T) {
	t.Parallel()
	hub := published(t, "someone/model", "hf-clip-vit")
	cache := t.TempDir()
	checkpoints, err := filepath.Glob(oracle.Path(t, "models", "openai-rn50") + "/*.pt")
	require.NoError(t, err)
	require.Len(t, checkpoints, 1)
	path := write(t, cache, "clip/RN50.pt", string(read(t, checkpoints[0])))
	r := online(t, hub, cache, nil, "inspect", "-m", "RN50", "--json")
	require.Equal(t, 0, r.status)
	require.Equal(t, "openai", object[inspection](t, r.stdout).Source)
	require.NoError(t, os.Rename(path, filepath.Join(cache, "clip", "rn50-quickgelu-yfcc15m-455df137.pt")))
	r = online(t, hub, cache, nil, "inspect", "-m", "RN50:yfcc15m")
	require.Equal(t, 2, r.status)
	require.Contains(t, r.stderr, "does not fit its configuration", "the test's model is smaller")
}

// A model has several addresses; those that do not answer are passed over.
func TestPullTriesAddresses(t *testing.T) {
	t.Parallel()
	hub := published(t, "openai/clip-vit-base-patch32", "hf-clip-vit")
	r := online(t, hub, t.TempDir(), nil, "pull", "ViT-B/32", "--json")
	require.Equal(t, 0, r.status)
	f := object[fetched](t, r.stdout)
	require.Equal(t, "openai/clip-vit-base-patch32", f.Address)
	require.Equal(t, hubtest.Commit, f.Commit)
	require.Equal(t, "mit", f.Licence)
	require.Contains(t, r.stderr, "trying openai/clip-vit-base-patch32")
}

// Some models of open_clip have the tokenizer of another repository.
func TestPullFetchesTokenizersFromElsewhere(t *testing.T) {
	t.Parallel()
	hub := published(t, "someone/model", "openclip-vit")
	tokenizer := map[string][]byte{}
	for name, data := range hub.Files {
		if strings.HasPrefix(name, "vocab") || strings.HasPrefix(name, "merges") || strings.Contains(name, "token") {
			tokenizer[name] = data
			delete(hub.Files, name)
		}
	}
	require.NotEmpty(t, tokenizer)
	hub.Files["open_clip_config.json"] = bytes.Replace(hub.Files["open_clip_config.json"], []byte(`"text_cfg": {`),
		[]byte(`"text_cfg": {"hf_tokenizer_name": "words",`), 1)
	require.Contains(t, string(hub.Files["open_clip_config.json"]), "hf_tokenizer_name")
	other := hubtest.New(t, "words", tokenizer)
	other.Files["config.json"] = []byte(`{"model_type": "bert"}`)
	hub.Answer = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/words/") {
			other.Config.Handler.ServeHTTP(w, r)
			return true
		}
		return false
	}
	cache := t.TempDir()
	r := online(t, hub, cache, nil, "pull", "someone/model")
	require.Equal(t, 0, r.status)
	r = online(t, hub, cache, []string{"HF_HUB_OFFLINE=1"}, "tokenize", "-m", "someone/model", "a dog")
	require.Equal(t, 0, r.status)
}

// A tower alone is a model of its own: smaller, and complete for what it does.
func TestPullOnly(t *testing.T) {
	t.Parallel()
	hub := published(t, "someone/model", "openclip-vit")
	cache, everything := t.TempDir(), t.TempDir()
	require.Equal(t, 0, online(t, hub, everything, nil, "pull", "someone/model").status)
	offline := []string{"HF_HUB_OFFLINE=1"}
	for tower, works := range map[string][]string{"text": {"embed", "--text", "a dog"}, "image": {"embed", dog}} {
		r := online(t, hub, cache, nil, "pull", "someone/model", "--only", tower, "--json")
		require.Equal(t, 0, r.status)
		f := object[fetched](t, r.stdout)
		require.Less(t, f.Bytes, int64(len(hub.Files["open_clip_model.safetensors"])))
		arguments := append(works, "-m", "someone/model", "--device", "reference")
		want := online(t, hub, everything, offline, arguments...)
		got := online(t, hub, cache, offline, arguments...)
		require.Equal(t, 0, got.status)
		require.Equal(t, want.stdout, got.stdout)
	}
	r := online(t, hub, cache, offline, "compare", "-m", "someone/model", dog, "text:a dog")
	require.Equal(t, 2, r.status)
	require.Contains(t, r.stderr, "no text tower")
	refused(t, "--only", "pull", "someone/model", "--only", "both")

	// Weights may have a name of their own.
	hub = published(t, "someone/model", "openclip-vit")
	hub.Files["finetuned.safetensors"] = hub.Files["open_clip_model.safetensors"]
	delete(hub.Files, "open_clip_model.safetensors")
	cache = t.TempDir()
	require.Equal(t, 0, online(t, hub, cache, nil, "pull", "someone/model", "--only", "text").status)
	require.Equal(t, 0, online(t, hub, cache, offline, "embed", "--text", "a dog", "-m", "someone/model").status)

	hub = published(t, "someone/model", "hf-clip-bin")
	r = online(t, hub, t.TempDir(), nil, "pull", "someone/model", "--only", "text")
	require.Equal(t, 0, r.status)
	require.Contains(t, r.stderr, "fetched whole")
}

func TestPullRefuses(t *testing.T) {
	t.Parallel()
	hub := published(t, "someone/model", "hf-clip-vit")
	for want, name := range map[string]string{
		"inside goclip": "tiny", "ORG/NAME": "nosuchmodel", "ViT-H-14/dfn5b": "ViT-H-14", "no such model": "nobody/nothing",
	} {
		r := online(t, hub, t.TempDir(), nil, "pull", name)
		require.Equal(t, 2, r.status)
		require.Contains(t, r.stderr, want)
		require.Empty(t, r.stdout)
	}
	hub.Answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") == "Bearer hf_right" {
			return false
		}
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	r := online(t, hub, t.TempDir(), []string{"HF_TOKEN="}, "pull", "someone/model")
	require.Contains(t, r.stderr, "set HF_TOKEN")
	r = online(t, hub, t.TempDir(), []string{"HF_TOKEN=hf_wrong"}, "pull", "someone/model")
	require.Contains(t, r.stderr, "does not take the access token")
	r = online(t, hub, t.TempDir(), []string{"HF_HUB_OFFLINE=1"}, "pull", "someone/model")
	require.Equal(t, 2, r.status)
	require.Contains(t, r.stderr, "HF_HUB_OFFLINE")
}

func TestModels(t *testing.T) {
	t.Parallel()
	list := objects[released](t, good(t, "models", "--json"))
	require.Len(t, list, len(known.Models()))
	require.Equal(t, list[0].Bytes, 4*list[0].Parameters)
	for _, m := range objects[released](t, good(t, "models", "--json", "--family", "siglip2", "so400m")) {
		require.Equal(t, "siglip2", m.Family)
		require.Contains(t, strings.ToLower(m.Name), "so400m")
	}
	one := objects[released](t, good(t, "models", "--json", "ViT-B-32__openai"))
	require.Len(t, one, 1)
	require.InDelta(t, 63.32, *one[0].ImageNet, 1e-9)
	table := good(t, "models", "ViT-L/14")
	require.Regexp(t, `ViT-L-14/openai +427.6 M +~1.71 GB +75.54 %`, table)
	refused(t, "no such model", "models", "nothing of the kind")
	refused(t, "--family", "models", "--family", "birds")
}
