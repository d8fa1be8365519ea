package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/goclip/goclip/core/zoo/known"
	"github.com/goclip/goclip/native/hub"
	"github.com/spf13/cobra"
)

// released is a model of the table in JSON.
type released struct {
	Name         string   `json:"name"`
	Family       string   `json:"family"`
	Architecture string   `json:"architecture"`
	Parameters   int64    `json:"parameters"`
	Bytes        int64    `json:"bytes_estimated"` // in float32: four for each parameter
	Licence      string   `json:"licence,omitempty"`
	ImageNet     *float64 `json:"imagenet,omitempty"` // zero-shot, percent
	Addresses    []string `json:"addresses"`
	Aliases      []string `json:"aliases,omitempty"`
	Path         string   `json:"path,omitempty"` // where it is on this machine
}

func modelsCommand(p *program) *cobra.Command {
	var family string
	var here bool
	c := &cobra.Command{
		Use:   "models [FILTER]…",
		Short: "List the released models that goclip knows",
		Long: `models lists released models: their size, what a download is about (four bytes for each
parameter), the published accuracy on ImageNet without training on it, the licence, and
whether the model is on this machine. A FILTER is any part of a name, family or address;
of several all must fit.

Every spelling of a name is the same model: ViT-B/32, ViT-B-32/openai, ViT-B-32__openai,
openai/clip-vit-base-patch32, hf-hub:openai/clip-vit-base-patch32.

Families: ` + wrapped(families(), 88) + ".",
		Example: `  goclip models
  goclip models laion ViT-L
  goclip models --family siglip2 --json
  goclip models --here`,
		GroupID: modelGroup,
		RunE: func(c *cobra.Command, filters []string) error {
			if family != "" {
				if err := oneOf(c, "family", family, families()); err != nil {
					return err
				}
			}
			return p.listModels(filters, family, here)
		},
		ValidArgsFunction: completeModels,
	}
	f := c.Flags()
	f.StringVar(&family, "family", "", "models of this `FAMILY` only")
	f.BoolVar(&here, "here", false, "models on this machine only")
	complete(c, "family", families())
	return c
}

func families() []string {
	var list []string
	for _, m := range known.Models() {
		if !slices.Contains(list, m.Family) {
			list = append(list, m.Family)
		}
	}
	return list
}

// wrapped joins words with commas in lines of at most width columns.
func wrapped(words []string, width int) string {
	var b strings.Builder
	column := len("Families: ")
	for i, w := range words {
		if i > 0 {
			b.WriteString(",")
			if column += len(w) + 2; column > width {
				b.WriteString("\n")
				column = len(w)
			} else {
				b.WriteString(" ")
			}
		}
		b.WriteString(w)
	}
	return b.String()
}

func completeModels(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var list []string
	for _, m := range known.Models() {
		list = append(list, m.Name)
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

func (p *program) listModels(filters []string, family string, here bool) error {
	var list []released
	for _, m := range known.Models() {
		if family != "" && m.Family != family || !fits(m, filters) {
			continue
		}
		r := describeReleased(m)
		if r.Path != "" || !here {
			list = append(list, r)
		}
	}
	if p.json {
		for _, r := range list {
			if err := p.emit(r); err != nil {
				return err
			}
		}
		return nil
	}
	if len(list) == 0 {
		return fmt.Errorf("no such model: goclip models lists all %d that goclip knows; any other of the Hugging Face hub goes by ORG/NAME", len(known.Models()))
	}
	printModels(p.out, list)
	if isTerminal(os.Stdout) {
		fmt.Fprintf(p.out, "\n%d models. goclip pull NAME fetches one; * are on this machine.\n", len(list))
	}
	return nil
}

// fits reports whether every filter is part of something that the model goes by.
func fits(m known.Model, filters []string) bool {
	text := strings.ToLower(strings.Join(slices.Concat([]string{m.Name, m.Family, m.Licence}, m.Addresses, m.Also), " "))
	for _, f := range filters {
		if !strings.Contains(text, strings.ToLower(f)) {
			if found, err := known.Find(f); err != nil || found.Name != m.Name {
				return false
			}
		}
	}
	return true
}

func describeReleased(m known.Model) released {
	n := m.Shape().Parameters
	r := released{Name: m.Name, Family: m.Family, Architecture: m.Architecture, Parameters: n, Bytes: 4 * n, Licence: m.Licence,
		Addresses: m.Addresses, Aliases: m.Also}
	if m.Accuracy > 0 {
		r.ImageNet = &m.Accuracy
	}
	if l, ok := pulled(m, "", 0); ok && (l.File != "" || hub.HasWeights(l.Name)) {
		r.Path = l.Name
	}
	return r
}

func printModels(out io.Writer, list []released) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.StripEscape)
	fmt.Fprintln(w, "  NAME\tPARAMETERS\tDOWNLOAD\tIMAGENET\tLICENCE")
	for _, r := range list {
		mark, accuracy, licence := " ", "", r.Licence
		if r.Path != "" {
			mark = "*"
		}
		if r.ImageNet != nil {
			accuracy = fmt.Sprintf("%-5v %%", *r.ImageNet)
		}
		if licence == "" {
			licence = "see its page"
		}
		fmt.Fprintf(w, "%s %s\t%7.1f M\t~%s\t%s\t%s\n", mark, r.Name, float64(r.Parameters)/1e6, megabytes(r.Bytes), accuracy, licence)
	}
	w.Flush()
}

// megabytes is a size as download pages give it.
func megabytes(n int64) string {
	switch {
	case n < 1e6:
		return fmt.Sprintf("%d kB", (n+999)/1000)
	case n < 1e9:
		return fmt.Sprintf("%.0f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.2f GB", float64(n)/1e9)
}
