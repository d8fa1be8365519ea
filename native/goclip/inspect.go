package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/core/checkpoint"
	"github.com/spf13/cobra"
)

// inspection is the result of inspect in JSON.
type inspection struct {
	Model    string    `json:"model"`
	Released *identity `json:"released,omitempty"`
	core.Info
	Tokenizer     *tokenizerInfo `json:"tokenizer,omitempty"`
	Preprocessing *pictureInfo   `json:"preprocessing,omitempty"`
	Precision     string         `json:"precision"`        // of the weights in the file
	Computes      string         `json:"computes_in"`      // the precision that goclip computes in
	Because       string         `json:"because"`          // of what it was chosen
	FileBytes     int64          `json:"checkpoint_bytes"` // what the tensors take in the file
	MemoryBytes   int64          `json:"memory_bytes"`     // that goclip needs at most, for one picture and one text
	Tensors       []tensorLine   `json:"tensors,omitempty"`

	Precisions []measuredPrecision `json:"precisions,omitempty"`
}

type tokenizerInfo struct {
	Vocabulary int    `json:"vocabulary"`
	Context    int    `json:"context"`
	Pad        int32  `json:"pad"`
	Error      string `json:"error,omitempty"`
}

type pictureInfo struct {
	Pipeline string `json:"pipeline"`
	Height   int    `json:"height"`
	Width    int    `json:"width"`
	Error    string `json:"error,omitempty"`
}

// tensorLine describes a tensor.
type tensorLine struct {
	Name  string `json:"name"`
	DType string `json:"dtype"`
	Shape []int  `json:"shape"`
}

func inspectCommand(p *program) *cobra.Command {
	var tensors, precisions bool
	c := &cobra.Command{
		Use:   "inspect",
		Short: "Describe a model",
		Long: `inspect says what a model is: which released one, as far as that can be told, family, towers
and their sizes, tokenizer, preprocessing, precision of the weights, and the memory that it
needs in the one that goclip computes in. No weight is read.

--precisions reads them: it opens the model in every precision, and says how far the vectors of a
picture and some texts are from float32's, and how long one takes.`,
		Example: `  goclip inspect
  goclip inspect -m ./clip-vit-base-patch32
  goclip inspect -m ViT-B-32.pt --precisions
  goclip inspect -m ViT-B-32.pt --tensors --json`,
		GroupID: modelGroup,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			result, err := p.inspect(tensors)
			if err == nil && precisions {
				result.Precisions, err = p.measurePrecisions(c.Context(), result.Info)
			}
			if err != nil {
				return err
			}
			if p.json {
				return p.emit(result)
			}
			result.print(p.out)
			return nil
		},
	}
	c.Flags().BoolVar(&tensors, "tensors", false, "list the tensors in the file")
	c.Flags().BoolVar(&precisions, "precisions", false, "measure what each precision costs and gives")
	return c
}

func (p *program) inspect(tensors bool) (inspection, error) {
	l, err := p.locate()
	if err != nil {
		return inspection{}, err
	}
	info, list, err := core.Inspect(l)
	if err != nil {
		return inspection{}, err
	}
	info.Need = p.held(info.Need)
	result := inspection{Model: p.model, Released: identify(l), Info: info, Precision: precisionOf(list), MemoryBytes: info.Need.Total() + processBytes}
	if result.Computes, result.Because, err = p.reasoned(); err != nil {
		return inspection{}, err
	}
	for _, t := range list {
		result.FileBytes += t.Bytes()
		if tensors {
			result.Tensors = append(result.Tensors, tensorLine{t.Name, t.DType.String(), t.Shape})
		}
	}
	if info.Text != nil {
		result.Tokenizer = &tokenizerInfo{}
		encoder, err := core.OpenTokenizer(l, nil)
		if err != nil {
			result.Tokenizer.Error = reason(err)
		} else {
			*result.Tokenizer = tokenizerInfo{Vocabulary: encoder.Size(), Context: encoder.Context, Pad: encoder.Pad()}
		}
	}
	if info.Image != nil {
		result.Preprocessing = &pictureInfo{}
		config, err := core.OpenPreprocess(l)
		if err != nil {
			result.Preprocessing.Error = reason(err)
		} else {
			height, width := config.Size()
			*result.Preprocessing = pictureInfo{Pipeline: config.String(), Height: height, Width: width}
		}
	}
	return result, nil
}

// reasoned is the precision that goclip computes in, and why.
func (p *program) reasoned() (name, because string, err error) {
	precision, err := p.chosenPrecision()
	because = "--precision asks for it"
	if p.precision == "auto" {
		because = fmt.Sprintf("only float32 is within %g of the original on every model", allowedDifference)
	}
	return precision.String(), because, err
}

// precisionOf names the types of the weights, the one that takes most space first.
func precisionOf(list []checkpoint.Info) string {
	bytes := map[string]int64{}
	for _, t := range list {
		if !t.DType.Integer() {
			bytes[strings.ToLower(t.DType.String())] += t.Bytes()
		}
	}
	var names []string
	for name := range bytes {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if bytes[a] != bytes[b] {
			return int(max(-1, min(1, bytes[b]-bytes[a])))
		}
		return strings.Compare(a, b)
	})
	return strings.Join(names, ", ")
}

func (r inspection) print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	line := func(name, format string, arguments ...any) {
		fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, arguments...))
	}
	line("model", "%s", shown(r.Model))
	if r.Released != nil {
		line("released as", "%s", shown(r.Released.String()))
	}
	line("family", "%s, %s, %s file", r.Family, r.Source, r.Format)
	line("embedding", "%d values", r.Embedding)
	line("scores", "%s, logit = cosine * %.4f %+.4f", r.Scores, r.LogitScale, r.LogitBias)
	if t := r.Image; t != nil {
		patches := ""
		if t.Patch > 0 {
			patches = fmt.Sprintf(", patches of %d", t.Patch)
		}
		line("image tower", "%s, %d x %d pixels%s", towerShape(t), t.ImageSize, t.ImageSize, patches)
	}
	if t := r.Text; t != nil {
		line("text tower", "%s, context %d, vocabulary %d", towerShape(t), t.Context, t.Vocabulary)
	}
	if t := r.Tokenizer; t != nil && t.Error == "" {
		line("tokenizer", "%d ids, context %d, pads with %d", t.Vocabulary, t.Context, t.Pad)
	} else if t != nil {
		line("tokenizer", "missing: %s", t.Error)
	}
	if t := r.Preprocessing; t != nil && t.Error == "" {
		line("preprocessing", "%s", t.Pipeline)
	} else if t != nil {
		line("preprocessing", "missing: %s", t.Error)
	}
	line("parameters", "%.2f million", float64(r.Parameters)/1e6)
	line("precision", "%s in the file, %s", r.Precision, mebibytes(r.FileBytes))
	line("computes in", "%s: %s", r.Computes, r.Because)
	line("memory", "%s: weights %s, one forward pass %s, while loading %s, goclip itself %s", mebibytes(r.MemoryBytes), mebibytes(r.WeightBytes),
		mebibytes(r.ProgramBytes), mebibytes(r.LoadingBytes), mebibytes(processBytes))
	for _, m := range r.Precisions {
		line("in "+m.Precision, "%v", m)
	}
	if len(r.Tensors) > 0 {
		line("", "")
	}
	for _, t := range r.Tensors {
		line(shown(t.Name), "%s %v", t.DType, t.Shape)
	}
	w.Flush()
}

func mebibytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

func towerShape(t *core.TowerInfo) string {
	million := float64(t.Parameters) / 1e6
	if len(t.Widths) > 0 {
		return fmt.Sprintf("%s, widths %s, depths %s, %s, %.2f million parameters",
			t.Kind, dashed(t.Widths), dashed(t.Depths), t.Activation, million)
	}
	return fmt.Sprintf("%s, width %d, %d layers, %d heads, MLP %d, %s, %.2f million parameters",
		t.Kind, t.Width, t.Layers, t.Heads, t.MLP, t.Activation, million)
}

// dashed writes the sizes of stages as papers do: 3-4-6-3.
func dashed(sizes []int) string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(sizes), "[]"), " ", "-")
}
