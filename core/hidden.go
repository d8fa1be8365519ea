package core

import (
	"context"
	"fmt"

	"github.com/goclip/goclip/core/checkpoint"
	"github.com/goclip/goclip/core/tower"
)

// TextHidden gives everything that the text tower computes for texts, by the names that RunTensors gives: among others
// text_hidden_last and text_hidden_penultimate, [texts, positions, width], and text_features, [texts, embedding width].
// Diffusion models condition on them. Texts are padded to the context and cut at it.
func (m *Model) TextHidden(ctx context.Context, texts []string) (map[string]checkpoint.Tensor, error) {
	if m.text == nil {
		return nil, fmt.Errorf("core: %w: no text tower", ErrNoTower)
	}
	ids := make([]tower.TextIDs, len(texts))
	for i, text := range texts {
		tokens, err := m.Tokenize(text)
		if err != nil {
			return nil, err
		}
		ids[i].IDs = tokens.IDs
	}
	out, err := gather("text_", len(ids), func(done emit) error { return m.text.run(ctx, ids, true, done) })
	return byName(out), err
}

// ImageHidden gives everything that the image tower computes for prepared pictures, by the names that RunTensors gives: among
// others image_tokens and image_block_I, the output of block I, [pictures, tokens, width]. Language models see pictures by
// them. A class token comes before the patches.
func (m *Model) ImageHidden(ctx context.Context, pictures []Pixels) (map[string]checkpoint.Tensor, error) {
	if m.image == nil {
		return nil, fmt.Errorf("core: %w: no image tower", ErrNoTower)
	}
	out, err := gather("image_", len(pictures), func(done emit) error { return m.image.run(ctx, pictures, true, done) })
	if _, ok := m.image.tower.(tower.Flexible); ok {
		clearPadding(out, pictures)
	}
	return byName(out), err
}

func byName(list []checkpoint.Tensor) map[string]checkpoint.Tensor {
	tensors := make(map[string]checkpoint.Tensor, len(list))
	for _, t := range list {
		tensors[t.Name] = t
	}
	return tensors
}

// clearPadding zeroes the hidden states of patches that a picture does not have.
func clearPadding(out []checkpoint.Tensor, pictures []Pixels) {
	for _, o := range out {
		if len(o.Shape) != 3 {
			continue
		}
		patches, width := o.Shape[1], o.Shape[2]
		for i, p := range pictures {
			clear(o.Floats[(i*patches+p.Rows*p.Columns)*width : (i+1)*patches*width])
		}
	}
}
