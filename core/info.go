package core

import (
	"fmt"

	"github.com/goclip/goclip/core/checkpoint"
	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/core/zoo"
)

// Info describes a model.
type Info struct {
	Family     string     `json:"family"`
	Source     string     `json:"source"` // the kind of checkpoint: huggingface, open_clip, openai, apple, gguf or big_vision
	Format     string     `json:"format"` // of the file: safetensors, …
	Embedding  int        `json:"embedding"`
	Scores     string     `json:"scores"` // softmax or sigmoid
	LogitScale float64    `json:"logit_scale"`
	LogitBias  float64    `json:"logit_bias"`
	Image      *TowerInfo `json:"image,omitempty"`
	Text       *TowerInfo `json:"text,omitempty"`
	Parameters int        `json:"parameters"` // of the towers, as the original implementation counts them
	Need                  // for one picture and one text
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
	}
	if z.Text != nil {
		info.Embedding = z.Text.Embedding()
		info.Text = &TowerInfo{z.Text.Summary(), textCount}
	}
	info.Parameters = imageCount + textCount
	var err error
	info.Need, err = needOf(&z.Config, 0)
	return info, err
}
