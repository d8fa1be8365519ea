package conformance

import (
	"context"
	"os"
	"testing"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/core/checkpoint"
	"github.com/goclip/goclip/internal/oracle"
	"github.com/goclip/goclip/kernels/simd"
	"github.com/stretchr/testify/require"
)

// A golden SigLIP as big_vision's archive gives what it gives as transformers' folder. An archive does not say that the
// pictures have four pixels more than the patches cover, which nothing looks at.
func TestBigVision(t *testing.T) {
	device := simd.New(simd.Options{})
	defer device.Close()
	m, err := core.Open(context.Background(), oracle.Path(t, "bigvision", "hf-siglip.npz"), core.Options{Device: device})
	require.NoError(t, err)
	defer m.Close()
	golden, err := checkpoint.Open(os.DirFS(oracle.Path(t, "models", "hf-siglip")), "expect.safetensors")
	require.NoError(t, err)
	defer golden.Close()
	in := inputs(t, golden, []string{"pixel_values", "input_ids"})
	in[0] = cropped(in[0], 18)
	out, err := m.RunTensors(context.Background(), in, true)
	require.NoError(t, err)
	embeds := 1e-4
	for _, name := range []string{"image_embeds", "text_embeds", "image_tokens", "text_hidden_penultimate", "logits_per_image"} {
		allowed := tolerance{MaxRel: 2e-4, Cosine: 0.999999}
		if name == "image_embeds" || name == "text_embeds" {
			allowed.MaxAbs = &embeds
		}
		require.NoError(t, compare(golden, out, name, allowed), name)
	}
	require.True(t, m.SigmoidScores())
	info, err := m.Info()
	require.NoError(t, err)
	require.Equal(t, "big_vision", info.Source)
}

// cropped keeps the upper left of pictures [items, channels, height, width].
func cropped(t checkpoint.Tensor, side int) checkpoint.Tensor {
	height, width := t.Shape[2], t.Shape[3]
	out := checkpoint.Tensor{Name: t.Name, Shape: []int{t.Shape[0], t.Shape[1], side, side}}
	for plane := range t.Shape[0] * t.Shape[1] {
		for y := range side {
			out.Floats = append(out.Floats, t.Floats[(plane*height+y)*width:][:side]...)
		}
	}
	return out
}
