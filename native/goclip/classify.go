package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/goclip/goclip/core"
	"github.com/spf13/cobra"
)

// classifying are the flags of classify.
type classifying struct {
	*program
	labels     []string
	labelsFile string
	template   []string
	templates  string
	top        int

	chart *chart // nil: results do not go to a terminal
}

// classification is one picture's result in JSON.
type classification struct {
	Image  string       `json:"image"`
	Scores string       `json:"scores,omitempty"` // "sigmoid", if the probabilities do not add up to one
	Labels []core.Score `json:"labels"`
}

func classifyCommand(p *program) *cobra.Command {
	o := &classifying{program: p}
	c := &cobra.Command{
		Use:   "classify --labels A,B,… IMAGE…",
		Short: "Say which of some labels fit a picture (zero-shot classification)",
		Long: `classify says how well each of your labels fits a picture. Labels are free text:
nothing is trained for them.

A template is a sentence with {} for the label, "a photo of a {}."; several are
averaged. Without one the bare label is used.

Each picture gives lines of picture, label and probability, separated by tabs, the most
probable label first; on a terminal a bar for each label. Probabilities add up to one,
except with models that score each label by itself (SigLIP).`,
		Example: `  goclip classify --labels "dog,pizza,car" photo.jpg
  goclip classify --labels-file labels.txt --templates openai80 --top 3 photos/
  goclip classify --labels-file imagenet1k --templates openai80 --top 5 photo.jpg
  goclip classify --labels cat,dog --template "a photo of a {}." --json "photos/*.jpg"
  curl -s https://example.com/cat.jpg | goclip classify --labels cat,dog -`,
		GroupID: pictureGroup,
		RunE:    o.run,
	}
	f := c.Flags()
	f.StringArrayVar(&o.labels, "labels", nil, "labels `A,B,…`, separated by commas")
	f.StringVar(&o.labelsFile, "labels-file", "", "`FILE` with a label a line (- is standard input), or imagenet1k")
	f.StringArrayVar(&o.template, "template", nil, "`SENTENCE` with {} for the label; may be given again")
	f.StringVar(&o.templates, "templates", "", "`LIST` of templates: openai80, openai7, none, or a file with one a line")
	f.IntVar(&o.top, "top", 0, "show only the `N` most probable labels")
	c.MarkFlagsMutuallyExclusive("labels", "labels-file")
	complete(c, "templates", core.TemplateLists)
	return c
}

func (o *classifying) run(c *cobra.Command, arguments []string) error {
	if len(arguments) == 0 {
		return usage(c, "classify needs a picture: a file, a folder, a glob, an address, or -")
	}
	if o.top < 0 || o.top == 0 && c.Flags().Changed("top") {
		return usage(c, "--top is %d, want 1 or more", o.top)
	}
	if err := onceStdin(c, append([]string{o.labelsFile}, arguments...)...); err != nil {
		return err
	}
	labels, err := o.readLabels(c)
	if err != nil {
		return err
	}
	templates, err := o.readTemplates()
	if err != nil {
		return err
	}
	sources, err := o.sources(c, arguments, true)
	if err != nil {
		return err
	}
	ctx := c.Context()
	m, closeModel, err := o.openModel(ctx, core.ImageTower|core.TextTower)
	if err != nil {
		return err
	}
	defer closeModel()
	classifier, err := m.Classifier(ctx, labels, templates)
	if err != nil {
		return err
	}
	for _, label := range classifier.Truncated() {
		o.warn("the label %q, in its template, is longer than the model reads: the rest is left out", beginning(label))
	}
	if isTerminal(os.Stdout) {
		layout := newChart(labels, columns(), colors())
		o.chart = &layout
	}
	o.picturesBar(len(sources), false)
	use := func(v vector) error {
		if v.err != nil {
			return o.fail(v.image, v.err)
		}
		return o.show(v.image, classifier.Scores(v.values), m.SigmoidScores())
	}
	if err := o.eachVector(ctx, m, sources, m.EmbedPixels, use, o.out.Flush); err != nil {
		return err
	}
	return o.outcome()
}

func (o *classifying) readLabels(c *cobra.Command) ([]string, error) {
	var labels []string
	switch {
	case o.labelsFile != "":
		var err error
		labels, err = readLabels(o.labelsFile)
		if errors.Is(err, fs.ErrNotExist) && slices.Contains(core.LabelLists, o.labelsFile) {
			return core.Labels(o.labelsFile)
		}
		if err != nil {
			return nil, err
		}
	case o.labels == nil:
		return nil, usage(c, "classify needs labels: --labels A,B or --labels-file FILE")
	}
	for _, list := range o.labels {
		for label := range strings.SplitSeq(list, ",") {
			labels = append(labels, strings.TrimSpace(label))
		}
	}
	return labels, core.CheckLabels(labels)
}

// readTemplates gives nil for the bare label.
func (o *classifying) readTemplates() ([]string, error) {
	var list []string
	if o.templates != "" {
		named, err := core.Templates(o.templates)
		if err != nil {
			data, fileErr := os.ReadFile(o.templates)
			if errors.Is(fileErr, fs.ErrNotExist) {
				return nil, err
			} else if fileErr != nil {
				return nil, fileErr
			}
			if named, err = core.ParseTemplates(data); err != nil {
				return nil, fmt.Errorf("%s: %w", o.templates, err)
			}
		}
		list = named
	}
	return append(list, o.template...), nil
}

func (o *classifying) show(image string, scores []core.Score, sigmoid bool) error {
	top := len(scores)
	if o.top > 0 {
		top = min(o.top, top)
	}
	switch {
	case o.json:
		result := classification{Image: image, Labels: scores[:top]}
		if sigmoid {
			result.Scores = "sigmoid"
		}
		return o.emit(result)
	case o.chart != nil:
		if o.top == 0 {
			top = min(top, barsShown)
		}
		_, err := o.out.WriteString(o.chart.draw(shown(image), scores[:top], len(scores)-top))
		return err
	}
	for _, s := range scores[:top] {
		if _, err := fmt.Fprintf(o.out, "%s\t%s\t%.6f\n", shown(image), shown(s.Label), s.Probability); err != nil {
			return err
		}
	}
	return nil
}
