package conformance

import (
	"context"
	"os"
	"testing"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/core/checkpoint"
	"github.com/goclip/goclip/internal/oracle"
	"github.com/goclip/goclip/kernels/reference"
	"github.com/goclip/goclip/kernels/simd"
	"github.com/stretchr/testify/require"
)

// What rounding weights costs a golden model, measured once and with a little room. Filters are float16 in every file.
func TestGGUFPrecisions(t *testing.T) {
	device := reference.New(reference.Options{})
	defer device.Close()
	golden, err := checkpoint.Open(os.DirFS(oracle.Path(t, "models", "hf-clip-vit")), "expect.safetensors")
	require.NoError(t, err)
	defer golden.Close()
	for name, bounds := range map[string]struct{ difference, cosine float64 }{
		"q8_0": {4e-3, 0.9999}, "q4_0": {8e-2, 0.98},
	} {
		m, err := core.Open(context.Background(), oracle.Path(t, "gguf", "hf-clip-vit-"+name+".gguf"), core.Options{Device: device})
		require.NoError(t, err)
		out, err := m.RunTensors(context.Background(), inputs(t, golden, []string{"pixel_values", "input_ids"}), false)
		require.NoError(t, err)
		for _, embeds := range []string{"image_embeds", "text_embeds"} {
			require.NoError(t, compare(golden, out, embeds, tolerance{MaxAbs: &bounds.difference, Cosine: bounds.cosine}), "%s, %s", name, embeds)
		}
		require.NoError(t, m.Close())
	}
}

// A golden model in 8-bit blocks gives nearly the embeddings of the original, and the logits of a scale that is not in
// the file.
func TestGGUF(t *testing.T) {
	device := simd.New(simd.Options{})
	defer device.Close()
	m, err := core.Open(context.Background(), oracle.Path(t, "gguf", "hf-clip-vit-q8_0.gguf"), core.Options{Device: device})
	require.NoError(t, err)
	defer m.Close()
	golden, err := checkpoint.Open(os.DirFS(oracle.Path(t, "models", "hf-clip-vit")), "expect.safetensors")
	require.NoError(t, err)
	defer golden.Close()
	out, err := m.RunTensors(context.Background(), inputs(t, golden, []string{"pixel_values", "input_ids"}), false)
	require.NoError(t, err)
	allowed := 0.01
	for _, name := range []string{"image_embeds", "text_embeds"} {
		require.NoError(t, compare(golden, out, name, tolerance{MaxAbs: &allowed, Cosine: 0.9999}), name)
	}
	info, err := m.Info()
	require.NoError(t, err)
	require.InDelta(t, 100, info.LogitScale, 0)
	require.Equal(t, "gguf", info.Source)

	// Vocabulary and normalisation are the folder's, of which the file was made.
	folder, err := core.Locate(oracle.Path(t, "models", "hf-clip-vit"))
	require.NoError(t, err)
	encoder, err := core.OpenTokenizer(folder, nil)
	require.NoError(t, err)
	for _, text := range []string{"", "a photo of a cat", "the red car's door, 1967", "naïve 日本語 🙂"} {
		tokens, err := m.Tokenize(text)
		require.NoError(t, err)
		require.Equal(t, encoder.Tokenize(text), tokens)
	}
	want, err := core.OpenPreprocess(folder)
	require.NoError(t, err)
	file, err := core.Locate(oracle.Path(t, "gguf", "hf-clip-vit-q8_0.gguf"))
	require.NoError(t, err)
	got, err := core.OpenPreprocess(file)
	require.NoError(t, err)
	require.Equal(t, want, got)
}
