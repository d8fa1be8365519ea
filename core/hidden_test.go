package core_test

import (
	"context"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/core/checkpoint"
	"github.com/goclip/goclip/kernels/reference"
)

// Hidden states of texts and pictures are those that the original implementation gives for their tensors.
func TestHiddenStates(t *testing.T) {
	const folder = golden + "hf-clip-vit"
	want, err := checkpoint.Open(os.DirFS(folder), "expect.safetensors")
	require.NoError(t, err)
	defer want.Close()
	var expect struct {
		Texts []string `json:"texts"`
	}
	data, err := os.ReadFile(folder + "/expect.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &expect))
	ctx := context.Background()
	m, err := core.Open(ctx, folder, core.Options{Device: reference.New(reference.Options{})})
	require.NoError(t, err)
	defer m.Close()

	texts, err := m.TextHidden(ctx, expect.Texts)
	require.NoError(t, err)
	values, err := want.Floats("pixel_values", nil)
	require.NoError(t, err)
	pictures := make([]core.Pixels, 2)
	for i := range pictures { // channels last
		const pixels = 32 * 32
		for at := range pixels {
			for c := range 3 {
				pictures[i].Values = append(pictures[i].Values, values[(i*3+c)*pixels+at])
			}
		}
	}
	images, err := m.ImageHidden(ctx, pictures)
	require.NoError(t, err)
	for _, got := range []checkpoint.Tensor{texts["text_hidden_last"], texts["text_hidden_penultimate"], texts["text_embeds"],
		images["image_tokens"], images["image_block_1"], images["image_embeds"]} {
		info, ok := want.Lookup(got.Name)
		require.True(t, ok, got.Name)
		require.Equal(t, info.Shape, got.Shape, got.Name)
		expected, err := want.Floats(got.Name, nil)
		require.NoError(t, err)
		require.InDeltaSlice(t, expected, got.Floats, 1e-4, got.Name)
	}

	one, err := core.Open(ctx, folder, core.Options{Device: reference.New(reference.Options{}), Towers: core.TextTower})
	require.NoError(t, err)
	defer one.Close()
	_, err = one.ImageHidden(ctx, pictures)
	require.ErrorIs(t, err, core.ErrNoTower)
}
