package zoo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/core/checkpoint"
	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/kernels"
)

// config is a config.json of the smallest CLIP.
const config = `{"model_type": "clip", "architectures": ["CLIPModel"], "projection_dim": 6,
 "text_config": {"vocab_size": 20, "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 7, "eos_token_id": 19},
 "vision_config": {"hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 8, "patch_size": 4}}`

// folder makes a model folder: a configuration, and weights that fit it but for what change does to them.
func folder(t *testing.T, configName, configJSON string, change func(tensors map[string][]int)) fs.FS {
	t.Helper()
	files := fstest.MapFS{configName: {Data: []byte(configJSON)}}
	c, err := ReadConfig(files)
	require.NoError(t, err)
	tensors := map[string][]int{"logit_scale": {}}
	add := func(params []tower.Param, scheme names) {
		for _, p := range params {
			for _, n := range scheme.mustRule(p).needs(p) {
				tensors[n.name] = n.shape
			}
		}
	}
	if c.Image != nil {
		add(c.Image.Params(), c.image)
	}
	if c.Text != nil {
		add(c.Text.Params(), c.text)
	}
	if change != nil {
		change(tensors)
	}
	var list []checkpoint.Tensor
	for name, shape := range tensors {
		list = append(list, checkpoint.Tensor{Name: name, Shape: shape, Floats: make([]float32, kernels.Shape(shape).Elements())})
	}
	var file bytes.Buffer
	require.NoError(t, checkpoint.WriteSafetensors(&file, list))
	files["model.safetensors"] = &fstest.MapFile{Data: file.Bytes()}
	return files
}

func open(t *testing.T, fsys fs.FS) (*Model, error) {
	t.Helper()
	m, err := Open(fsys, "")
	if err == nil {
		t.Cleanup(func() { m.Close() })
	}
	return m, err
}

func TestOpensWhatFits(t *testing.T) {
	m, err := open(t, folder(t, "config.json", config, nil))
	require.NoError(t, err)
	require.Equal(t, HuggingFace, m.Source)
	require.Equal(t, 1.0, m.LogitScale, "e^0")
	require.Equal(t, Softmax, m.Scores)
	require.Equal(t, kernels.QuickGELU, m.Image.(tower.ViT).Act, "the default of a config.json without hidden_act")
}

func TestReportsAllMistakesTogether(t *testing.T) {
	_, err := open(t, folder(t, "config.json", config, func(tensors map[string][]int) {
		delete(tensors, "vision_model.post_layernorm.bias")
		delete(tensors, "logit_scale")
		tensors["text_model.final_layer_norm.weight"] = []int{9}
		tensors["vision_model.encoder.layers.2.mlp.fc1.weight"] = []int{16, 8}
		tensors["text_model.embeddings.position_ids"] = []int{1, 7}
	}))
	var mistakes *Mistakes
	require.ErrorAs(t, err, &mistakes)
	require.Equal(t, []string{"vision_model.post_layernorm.bias", "logit_scale"}, mistakes.Missing)
	require.Equal(t, []string{"text_model.final_layer_norm.weight is [9], the configuration says [8]"}, mistakes.Misshapen)
	require.Equal(t, []string{"vision_model.encoder.layers.2.mlp.fc1.weight"}, mistakes.Unexpected)
	require.ErrorContains(t, err, "post_layernorm.bias")
	require.ErrorContains(t, err, "says [8]")
	require.ErrorContains(t, err, "layers.2")
}

func TestDepthsOfBothAreSaid(t *testing.T) {
	_, err := open(t, folder(t, "config.json", config, func(tensors map[string][]int) {
		tensors["text_model.encoder.layers.1.mlp.fc1.weight"] = []int{16, 8}
		for name := range tensors {
			if strings.HasPrefix(name, "vision_model.encoder.layers.1.") {
				delete(tensors, name)
			}
		}
	}))
	require.ErrorContains(t, err, "numbers of blocks: the image tower has 1 (vision_model.encoder.layers.…), the configuration says 2")
	require.ErrorContains(t, err, "the text tower has 2 (text_model.encoder.layers.…), the configuration says 1")
}

func TestListsOfMistakesStayShort(t *testing.T) {
	_, err := open(t, folder(t, "config.json", config, func(tensors map[string][]int) {
		for i := range 500 {
			tensors[fmt.Sprintf("other.%d", i)] = []int{1}
		}
	}))
	require.ErrorContains(t, err, "and 494 more")
	require.Less(t, len(err.Error()), 400)
}

func TestOneTowerBesideTheOthersWeights(t *testing.T) {
	const text = `{"model_type": "clip_text_model", "architectures": ["CLIPTextModel"], "vocab_size": 20, "hidden_size": 8,
	 "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 7, "projection_dim": 8}`
	m, err := open(t, folder(t, "config.json", text, func(tensors map[string][]int) {
		delete(tensors, "text_projection.weight")
		tensors["vision_model.post_layernorm.bias"] = []int{8}
	}))
	require.NoError(t, err)
	require.Nil(t, m.Image)
	require.Equal(t, 0, m.Text.(tower.Text).Projection, "CLIPTextModel has no projection, whatever projection_dim says")
}

func TestHalfOfACheckpoint(t *testing.T) {
	half := func(other string) func(map[string][]int) {
		return func(tensors map[string][]int) {
			for name := range tensors {
				if strings.HasPrefix(name, other) || name == "logit_scale" {
					delete(tensors, name)
				}
			}
		}
	}
	m, err := open(t, folder(t, "open_clip_config.json", plain, half("visual.")))
	require.NoError(t, err)
	require.Nil(t, m.Image)
	require.NotNil(t, m.Text)
	fsys := folder(t, "config.json", config, half("text_"))
	m, err = open(t, fsys)
	require.NoError(t, err)
	require.Nil(t, m.Text)
	_, err = open(t, folder(t, "config.json", config, func(tensors map[string][]int) {
		half("text_")(tensors)
		tensors["text_model.final_layer_norm.bias"] = []int{8}
	}))
	require.ErrorContains(t, err, "missing tensors", "less than a tower is a mistake")
}

func TestOneTowersOwnExtrasAreReported(t *testing.T) {
	const text = `{"model_type": "clip_text_model", "architectures": ["CLIPTextModelWithProjection"], "vocab_size": 20, "hidden_size": 8,
	 "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 7, "projection_dim": 8}`
	_, err := open(t, folder(t, "config.json", text, func(tensors map[string][]int) {
		tensors["text_model.encoder.layers.1.mlp.fc1.weight"] = []int{16, 8}
	}))
	require.ErrorContains(t, err, "text_model.encoder.layers.1.mlp.fc1.weight")
}

// plain is an open_clip configuration of the smallest CLIP.
const plain = `{"model_cfg": {"embed_dim": 6, "vision_cfg": {"image_size": 8, "patch_size": 4, "width": 64, "layers": 1},
 "text_cfg": {"context_length": 7, "vocab_size": 20, "width": 64, "heads": 1, "layers": 1}}}`

func TestOpenCLIPNeedsItsConfiguration(t *testing.T) {
	fsys := folder(t, "open_clip_config.json", plain, nil).(fstest.MapFS)
	m, err := open(t, fsys)
	require.NoError(t, err)
	require.Equal(t, kernels.GELU, m.Image.(tower.ViT).Act)

	weights := fsys["model.safetensors"]
	_, err = Open(fstest.MapFS{"model.safetensors": weights}, "")
	require.ErrorIs(t, err, ErrUnsupported)
	require.ErrorContains(t, err, "put open_clip_config.json beside them")
	m, err = open(t, fstest.MapFS{"ViT-B-32.pt": weights})
	require.NoError(t, err, "a name that OpenAI released")
	require.Equal(t, kernels.QuickGELU, m.Image.(tower.ViT).Act)
}

func TestFoldersWithBothConfigurations(t *testing.T) {
	fsys := folder(t, "config.json", config, nil).(fstest.MapFS)
	fsys["open_clip_config.json"] = &fstest.MapFile{Data: []byte(plain)}
	m, err := open(t, fsys)
	require.NoError(t, err)
	require.Equal(t, HuggingFace, m.Source, "as the tensors' names say")
}

func TestLogitBiasMeansSigmoid(t *testing.T) {
	m, err := open(t, folder(t, "config.json", config, func(tensors map[string][]int) { tensors["logit_bias"] = []int{1} }))
	require.NoError(t, err)
	require.Equal(t, Sigmoid, m.Scores)
}

func TestConfigurations(t *testing.T) {
	edit := func(source string, changes map[string]any) string {
		var c map[string]any
		require.NoError(t, json.Unmarshal([]byte(source), &c))
		for k, v := range changes {
			c[k] = v
		}
		data, err := json.Marshal(c)
		require.NoError(t, err)
		return string(data)
	}
	for want, c := range map[string]string{
		`model_type "bert"`:              edit(config, map[string]any{"model_type": "bert"}),
		`activation hidden_act "swiglu"`: edit(config, map[string]any{"text_config": map[string]any{"hidden_act": "swiglu"}}),
		"number of heads is 0":           edit(config, map[string]any{"vision_config": map[string]any{"num_attention_heads": 0}}),
		"pictures of 4 channels":         edit(config, map[string]any{"vision_config": map[string]any{"num_channels": 4}}),
		"number of layers is 1000000000": edit(config, map[string]any{"vision_config": map[string]any{"num_hidden_layers": 1000000000}}),
		"cannot unmarshal string":        edit(config, map[string]any{"projection_dim": "wide"}),
		"unexpected end of JSON input":   config[:40],
		"epsilon is 0, want":             edit(config, map[string]any{"text_config": map[string]any{"layer_norm_eps": 0}}),
	} {
		_, err := ReadConfig(fstest.MapFS{"config.json": {Data: []byte(c)}})
		require.ErrorContains(t, err, want)
	}
	for want, change := range map[string]map[string]any{
		"kernel_sizes has 1 values":        {"kernel_sizes": []int{3}},
		"the kernel of stage 0 is 4":       {"kernel_sizes": []int{4}, "out_channels": []int{8}, "strides": []int{1}, "num_block_repeats": []int{1}, "expand_ratios": []int{1}},
		"depth_divisor 0":                  {"depth_divisor": 0},
		"depthwise_padding [3]":            {"depthwise_padding": []int{3}},
		`pooling_type "max"`:               {"pooling_type": "max"},
		"batch_norm_eps is 0":              {"batch_norm_eps": 0},
		"share of squeeze-and-excite is 2": {"squeeze_expansion_ratio": 2},
		"number of stages is 0":            {"kernel_sizes": []int{}, "out_channels": []int{}, "strides": []int{}, "num_block_repeats": []int{}, "expand_ratios": []int{}},
	} {
		_, err := ReadConfig(fstest.MapFS{"config.json": {Data: []byte(edit(`{"model_type": "align_vision_model"}`, change))}})
		require.ErrorContains(t, err, want)
	}
	for want, c := range map[string]string{
		`image tower of timm, "convnextv2_base"`: `{"model_cfg": {"embed_dim": 8, "vision_cfg": {"timm_model_name": "convnextv2_base"}}}`,
		`timm_pool "max" with`:                   `{"model_cfg": {"embed_dim": 8, "vision_cfg": {"timm_model_name": "convnext_base", "timm_pool": "max"}}}`,
		`timm_proj "conv" with`:                  `{"model_cfg": {"embed_dim": 8, "vision_cfg": {"timm_model_name": "convnext_base", "timm_proj": "conv"}}}`,
		`image tower of timm, "vit_base"`:        `{"model_cfg": {"embed_dim": 8, "vision_cfg": {"timm_model_name": "vit_base"}}}`,
		`Hugging Face, "roberta"`:                `{"model_cfg": {"embed_dim": 8, "text_cfg": {"hf_model_name": "roberta"}}}`,
		`layers "many" are no number`:            `{"model_cfg": {"embed_dim": 8, "vision_cfg": {"layers": "many"}}}`,
		"layers [3,\"\"] are neither":            `{"model_cfg": {"embed_dim": 8, "vision_cfg": {"layers": [3,""]}}}`,
		"number of stages is 3":                  `{"model_cfg": {"embed_dim": 8, "vision_cfg": {"layers": [3,4,6], "width": 64}}}`,
		"multiple of 32":                         `{"model_cfg": {"embed_dim": 8, "vision_cfg": {"layers": [3,4,6,3], "width": 64, "image_size": 225}}}`,
		`pool_type "none"`:                       `{"model_cfg": {"embed_dim": 8, "text_cfg": {"pool_type": "none"}}}`,
		`attentional_pool with pool_type "avg"`:  `{"model_cfg": {"embed_dim": 8, "vision_cfg": {"attentional_pool": true, "pool_type": "avg"}}}`,
		`proj_type "mlp"`:                        `{"model_cfg": {"embed_dim": 8, "text_cfg": {"proj_type": "mlp"}}}`,
		"head_width is 0":                        `{"model_cfg": {"embed_dim": 8, "vision_cfg": {"head_width": 0}}}`,
		"not square":                             `{"model_cfg": {"embed_dim": 8, "vision_cfg": {"image_size": [224, 336]}}}`,
		"mlp_ratio is -1":                        `{"model_cfg": {"embed_dim": 8, "vision_cfg": {"mlp_ratio": -1}}}`,
		"attentional_pool \"parallel\"":          `{"model_cfg": {"embed_dim": 8, "vision_cfg": {"attentional_pool": "parallel"}}}`,
	} {
		_, err := ReadConfig(fstest.MapFS{"open_clip_config.json": {Data: []byte(c)}})
		require.ErrorContains(t, err, want)
	}
	_, err := ReadConfig(fstest.MapFS{})
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestOldOverridesWin(t *testing.T) {
	c, err := ReadConfig(fstest.MapFS{"config.json": {Data: []byte(`{"model_type": "clip", "text_config": {"hidden_size": 64, "hidden_act": "gelu"},
	 "text_config_dict": {"num_hidden_layers": 3}, "vision_config_dict": null}`)}})
	require.NoError(t, err)
	text := c.Text.(tower.Text)
	require.Equal(t, []int{512, 3, 512}, []int{text.Width, text.Layers, text.Projection}, "with defaults for all that the override leaves out")
	require.Equal(t, kernels.QuickGELU, text.Act)
}

func TestAnotherKindOfNetwork(t *testing.T) {
	var file bytes.Buffer
	require.NoError(t, checkpoint.WriteSafetensors(&file, []checkpoint.Tensor{
		{Name: "bert.encoder.layer.0.output.dense.weight", Shape: []int{2, 2}, Floats: make([]float32, 4)},
		{Name: "cls.predictions.bias", Shape: []int{2}, Floats: make([]float32, 2)},
	}))
	_, err := Open(fstest.MapFS{"model.safetensors": {Data: file.Bytes()}}, "")
	require.ErrorIs(t, err, ErrUnsupported)
	require.ErrorContains(t, err, "bert.encoder.layer.0")
}

// weights are a checkpoint of zeros with these shapes.
func weights(t *testing.T, shapes map[string][]int) fs.FS {
	t.Helper()
	var list []checkpoint.Tensor
	for name, shape := range shapes {
		list = append(list, checkpoint.Tensor{Name: name, Shape: shape, Floats: make([]float32, kernels.Shape(shape).Elements())})
	}
	var file bytes.Buffer
	require.NoError(t, checkpoint.WriteSafetensors(&file, list))
	return fstest.MapFS{"model.safetensors": {Data: file.Bytes()}}
}

func TestWeightsAlone(t *testing.T) {
	const fastvit, vit = "image_encoder.model.patch_embed.0.rbr_conv.0.conv.weight", "image_encoder.model.patch_emb.0.block.conv.weight"
	const text = "text_encoder.transformer.0.pre_norm_mha.0.weight"
	for want, shapes := range map[string]map[string][]int{
		"put open_clip_config.json beside them":                {"visual.trunk.cls_token": {1, 1, 8}},
		"MobileCLIP-S0":                                        {fastvit: {8, 3, 3, 3}},
		"tensor visual.trunk.head.proj has shape []":           {fastvit: {8, 3, 3, 3}, text: {8}},
		"pos_embed has shape [8]":                              {vit: {8, 3, 4, 4}, text: {8}, "image_encoder.model.cls_token": {8}, "image_encoder.model.pos_embed.pos_embed.pos_embed": {8}},
		`the tensor "visual.trunk.norm.weight" is there twice`: {vit: {8, 3, 4, 4}, text: {8}, "visual.trunk.norm.weight": {1}, "image_encoder.model.post_transformer_norm.weight": {1}},
		"tensor ln_final.weight has shape []":                  {"visual.layer1.0.conv1.weight": {8, 8, 1, 1}, "token_embedding.weight": {20, 64}, "input_resolution": {}},
	} {
		_, err := Open(weights(t, shapes), "")
		require.ErrorContains(t, err, want)
	}
}

func TestFindsWeights(t *testing.T) {
	find := func(openCLIP bool, names ...string) (string, error) {
		files := fstest.MapFS{}
		for _, n := range names {
			files[n] = &fstest.MapFile{}
		}
		return findWeights(files, openCLIP)
	}
	got, err := find(true, "model.safetensors", "open_clip_model.safetensors")
	require.NoError(t, err)
	require.Equal(t, "open_clip_model.safetensors", got)
	got, err = find(false, "model.safetensors", "open_clip_model.safetensors", "pytorch_model.bin")
	require.NoError(t, err)
	require.Equal(t, "model.safetensors", got)
	got, err = find(false, "ViT-B-32.pt", "README.md")
	require.NoError(t, err)
	require.Equal(t, "ViT-B-32.pt", got)
	_, err = find(false, "a.pt", "b.pt")
	require.ErrorContains(t, err, "a.pt, b.pt")
	_, err = find(false)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestRecipes(t *testing.T) {
	require.Equal(t, []float32{1, 3, 5, 2, 4, 6}, transpose([]float32{1, 2, 3, 4, 5, 6}, 2, 3))
	// Two filters of 3 channels, 1 x 2: OIHW to OHWI.
	in := []float32{1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16}
	require.Equal(t, []float32{1, 3, 5, 2, 4, 6, 11, 13, 15, 12, 14, 16}, channelsLast(in, kernels.Shape{2, 1, 2, 3}))
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte(config), false)
	f.Add([]byte(`{"model_type": "clip_vision_model", "patch_size": 0}`), false)
	f.Add([]byte(`{"model_type": "align_vision_model", "width_coefficient": 1e-9}`), false)
	f.Add([]byte(`{"model_cfg": {"embed_dim": 8, "vision_cfg": {"layers": [3, 4, 6, 3], "width": 64, "head_width": 3}}}`), true)
	f.Add([]byte(`{"model_cfg": {"embed_dim": 8, "vision_cfg": {"timm_model_name": "convnext_base", "timm_proj": "mlp"}}}`), true)
	f.Add([]byte(`{"model_cfg": {"embed_dim": 8, "vision_cfg": {"attentional_pool": true}, "text_cfg": {"embed_cls": true}}}`), true)
	f.Fuzz(func(t *testing.T, data []byte, openCLIP bool) {
		name := "config.json"
		if openCLIP {
			name = "open_clip_config.json"
		}
		c, err := ReadConfig(fstest.MapFS{name: {Data: data}})
		if err != nil {
			return
		}
		c.Parameters()
	})
}
