package zoo

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// A SigLIP of a released width needs no configuration; of another width it does.
func TestSigLIPFromShapes(t *testing.T) {
	const config = `{"model_type": "siglip", "architectures": ["SiglipModel"],
 "text_config": {"vocab_size": 20, "intermediate_size": 8, "num_hidden_layers": 1, "max_position_embeddings": 5},
 "vision_config": {"intermediate_size": 12, "num_hidden_layers": 2, "image_size": 8, "patch_size": 4}}`
	with := folder(t, "config.json", config, func(tensors map[string][]int) { tensors["logit_bias"] = []int{1} }).(fstest.MapFS)
	want, err := open(t, with)
	require.NoError(t, err)
	got, err := open(t, fstest.MapFS{"model.safetensors": with["model.safetensors"]})
	require.NoError(t, err)
	require.Equal(t, want.Image, got.Image)
	require.Equal(t, want.Text, got.Text)
	require.Equal(t, Sigmoid, got.Scores)

	const other = `{"model_type": "siglip", "text_config": {"vocab_size": 20, "hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 8, "num_hidden_layers": 1},
 "vision_config": {"hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 12, "num_hidden_layers": 2, "image_size": 8, "patch_size": 4}}`
	narrow := folder(t, "config.json", other, nil).(fstest.MapFS)
	_, err = open(t, fstest.MapFS{"model.safetensors": narrow["model.safetensors"]})
	require.ErrorIs(t, err, ErrUnsupported)
	require.ErrorContains(t, err, "tower of width 8 without its config.json")
}
