package core

import (
	"fmt"

	"github.com/goclip/goclip/core/checkpoint"
	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/core/zoo"
	"github.com/goclip/goclip/kernels"
)

// Info describes a model.
type Info struct {
	Family     string     `json:"family"`
	Source     string     `json:"source"` // the kind of checkpoint: huggingface, open_clip or openai
	Format     string     `json:"format"` // of the file: safetensors, …
	Embedding  int        `json:"embedding"`
	Scores     string     `json:"scores"` // softmax or sigmoid
	LogitScale float64    `json:"logit_scale"`
	LogitBias  float64    `json:"logit_bias"`
	Image      *TowerInfo `json:"image,omitempty"`
	Text       *TowerInfo `json:"text,omitempty"`
	Parameters int        `json:"parameters"` // of the towers, as the original implementation counts them
	// WeightBytes is what the loaded weights take in float32, ProgramBytes what the buffers of one forward pass at batch
	// 1 take.
	WeightBytes  int64 `json:"weight_bytes"`
	ProgramBytes int64 `json:"program_bytes"`
}

// TowerInfo describes one tower.
type TowerInfo struct {
	tower.Summary
	Parameters int `json:"parameters"` // as the original implementation counts them
}

// Inspect describes a model and lists its tensors; no weight is read.
func Inspect(l Location) (Info, []checkpoint.Info, error) {
	z, err := zoo.Open(l.Dir, l.File)
	if err != nil {
		return Info{}, nil, fmt.Errorf("core: %s: %w", l.Name, err)
	}
	defer z.Close()
	info, err := describe(z)
	return info, z.Checkpoint.Tensors(), err
}

// Info describes the model.
func (m *Model) Info() (Info, error) { return describe(m.zoo) }

func describe(z *zoo.Model) (Info, error) {
	info := Info{Family: z.Family, Source: string(z.Source), Format: z.Checkpoint.Format(), Scores: z.Scores.String(),
		LogitScale: z.LogitScale, LogitBias: z.LogitBias}
	imageCount, textCount := z.Parameters()
	if z.Image != nil {
		info.Embedding = z.Image.Embedding()
		info.Image = &TowerInfo{z.Image.Summary(), imageCount}
		info.WeightBytes += weightBytes(z.Image.Params())
	}
	if z.Text != nil {
		info.Embedding = z.Text.Embedding()
		info.Text = &TowerInfo{z.Text.Summary(), textCount}
		info.WeightBytes += weightBytes(z.Text.Params())
	}
	info.Parameters = imageCount + textCount
	var err error
	info.ProgramBytes, err = programBytes(z)
	return info, err
}

// weightBytes is what the weights take in float32.
func weightBytes(params []tower.Param) int64 {
	var n int64
	for _, p := range params {
		n += 4 * int64(p.Elements())
	}
	return n
}

// programBytes plans both towers for one input with weights that only have shapes.
func programBytes(z *zoo.Model) (int64, error) {
	var total int64
	plan := func(params []tower.Param, record func(g *kernels.Graph, w tower.Weights) []tower.Output) error {
		weights := tower.Weights{}
		for _, p := range params {
			weights[p.Name] = kernels.Weight{Role: p.Role, Shape: p.Shape, Bias: p.Bias}
		}
		g := kernels.NewGraph()
		var outputs []kernels.Tensor
		for _, o := range record(g, weights) {
			outputs = append(outputs, o.Tensor)
		}
		plan, err := kernels.Footprint(g, outputs...)
		for _, n := range plan.Buffers {
			total += 4 * int64(n)
		}
		return err
	}
	if z.Image != nil {
		err := plan(z.Image.Params(), func(g *kernels.Graph, w tower.Weights) []tower.Output { return z.Image.Record(g, w, 1, false) })
		if err != nil {
			return 0, err
		}
	}
	if z.Text != nil {
		err := plan(z.Text.Params(), func(g *kernels.Graph, w tower.Weights) []tower.Output {
			return z.Text.Record(g, w, 1, z.Text.Length(), false)
		})
		if err != nil {
			return 0, err
		}
	}
	return total, nil
}
