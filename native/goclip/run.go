package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/core/checkpoint"
	"github.com/goclip/goclip/native/output"
	"github.com/spf13/cobra"
)

// running are the flags of run.
type running struct {
	*program
	in, output string
	hidden     bool
}

// inputs are the tensors that run reads, with the tower that each is for. All others are left unread.
var inputs = map[string]core.Towers{
	"pixel_values": core.ImageTower, "pixel_attention_mask": core.ImageTower, "spatial_shapes": core.ImageTower,
	"input_ids": core.TextTower, "attention_mask": core.TextTower,
}

// written is the result of run in JSON.
type written struct {
	Output  string       `json:"out"`
	Tensors []tensorLine `json:"tensors"`
}

func runCommand(p *program) *cobra.Command {
	o := &running{program: p}
	c := &cobra.Command{
		Use:   "run --in X.safetensors --out Y.safetensors",
		Short: "Put raw tensors through the towers",
		Long: `run reads tensors from a safetensors file and writes what the towers make of them. Names and
shapes are those of Hugging Face.

In:  pixel_values f32 [N, 3, H, W] for the image tower, input_ids i64 [M, T] for the text
     tower; other tensors in the file do not matter.
Out: image_features, text_features (before normalisation), image_embeds, text_embeds (unit
     length), logits_per_image [N, M]. --hidden adds image_block_I, text_block_I,
     image_tokens, text_hidden_last, text_hidden_penultimate and, of CLIP's towers,
     text_hidden_penultimate_normed (the same after the final LayerNorm).`,
		Example: `  goclip run -m ./model --in inputs.safetensors --out outputs.safetensors
  goclip run -m ./model --in inputs.safetensors --out outputs.safetensors --hidden`,
		GroupID: modelGroup,
		Args:    cobra.NoArgs,
		RunE:    o.run,
	}
	f := c.Flags()
	f.StringVar(&o.in, "in", "", "safetensors `FILE` to read")
	f.StringVar(&o.output, "out", "", "safetensors `FILE` to write")
	f.BoolVar(&o.hidden, "hidden", false, "hidden states as well")
	return c
}

func (o *running) run(c *cobra.Command, _ []string) error {
	if o.in == "" || o.output == "" {
		return usage(c, "run needs --in FILE and --out FILE")
	}
	tensors, towers, err := readInputs(o.in)
	if err != nil {
		return err
	}
	ctx := c.Context()
	m, closeModel, err := o.load(ctx, towers)
	if err != nil {
		return err
	}
	defer closeModel()
	results, err := m.RunTensors(ctx, tensors, o.hidden)
	if err != nil {
		return fmt.Errorf("%s: %w", o.in, err)
	}
	err = output.WriteFile(o.output, func(f *output.File) error { return checkpoint.WriteSafetensors(f, results) })
	if err != nil || !o.json {
		return err
	}
	summary := written{Output: o.output}
	for _, t := range results {
		summary.Tensors = append(summary.Tensors, tensorLine{t.Name, t.DType().String(), t.Shape})
	}
	return o.emit(summary)
}

// readInputs reads the tensors that towers take and says which towers these are.
func readInputs(name string) ([]checkpoint.Tensor, core.Towers, error) {
	file, err := checkpoint.Open(os.DirFS(filepath.Dir(name)), filepath.Base(name))
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	var tensors []checkpoint.Tensor
	var towers core.Towers
	var others []string
	for _, info := range file.Tensors() {
		tower, ok := inputs[info.Name]
		if !ok {
			others = append(others, info.Name)
			continue
		}
		tensor := checkpoint.Tensor{Name: info.Name, Shape: info.Shape}
		if info.DType.Integer() {
			tensor.Ints, err = file.Ints(info.Name)
		} else {
			tensor.Floats, err = file.Floats(info.Name, nil)
		}
		if err != nil {
			return nil, 0, err
		}
		tensors = append(tensors, tensor)
		towers |= tower
	}
	if len(tensors) == 0 {
		const most = 8
		if len(others) > most {
			others = append(others[:most], "…")
		}
		return nil, 0, fmt.Errorf("%s has no tensor that a tower takes (pixel_values, input_ids), only %s", name, strings.Join(others, ", "))
	}
	return tensors, towers, nil
}
