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

// Switches that change what a tower computes and that goclip does not compute are refused by name.
func TestRefusesSwitches(t *testing.T) {
	for want, files := range map[string]fstest.MapFS{
		"vision_use_head":           {"config.json": {Data: []byte(`{"model_type": "siglip", "vision_config": {"vision_use_head": false}}`)}},
		"global_average_pool is tr": {"open_clip_config.json": {Data: []byte(`{"model_cfg": {"embed_dim": 512, "vision_cfg": {"global_average_pool": true}}}`)}},
		"scaled_cosine_attn is tru": {"open_clip_config.json": {Data: []byte(`{"model_cfg": {"embed_dim": 512, "text_cfg": {"scaled_cosine_attn": true}}}`)}},
		"goclip opens the model ty": {"config.json": {Data: []byte(`{"model_type": "altclip"}`)}},
	} {
		_, err := ReadConfig(files)
		require.ErrorIs(t, err, ErrUnsupported)
		require.ErrorContains(t, err, want)
	}
}

// Old configurations of Chinese-CLIP may override both parts, as CLIP's.
func TestChineseCLIPOverrides(t *testing.T) {
	c, err := ReadConfig(fstest.MapFS{"config.json": {Data: []byte(`{"model_type": "chinese_clip", "text_config_dict": {"hidden_act": "relu"}, "vision_config_dict": {"hidden_act": "gelu"}}`)}})
	require.NoError(t, err)
	require.Equal(t, "relu", c.Text.Summary().Activation)
	require.Equal(t, "gelu", c.Image.Summary().Activation)
}
