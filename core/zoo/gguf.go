package zoo

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/goclip/goclip/core/checkpoint"
	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/kernels"
)

// clip.cpp's GGUF files hold a CLIPModel of transformers with its configuration in the file's keys. They do not hold the
// logit scale: released models have 100.

// ggufScale is the logit scale of models whose file has none.
const ggufScale = 100

// fromGGUF reads the configuration of a GGUF file.
func fromGGUF(c *checkpoint.Checkpoint) (*Config, error) {
	k := ggufKeys{metadata: c.Metadata()}
	if arch := k.metadata["general.architecture"]; arch != "clip" {
		return nil, fmt.Errorf("%w: GGUF of the architecture %q; goclip opens clip.cpp's models", ErrUnsupported, arch)
	}
	if k.metadata["clip.has_llava_projector"] == "true" || k.metadata["clip.projector_type"] != "" {
		return nil, fmt.Errorf("%w: GGUF with a language model's image tower and projector (clip.projector_type %q), which gives no embeddings",
			ErrUnsupported, k.metadata["clip.projector_type"])
	}
	if k.metadata["clip.use_silu"] == "true" {
		return nil, fmt.Errorf("%w: GGUF with clip.use_silu", ErrUnsupported)
	}
	act := kernels.QuickGELU
	if k.metadata["clip.use_gelu"] == "true" {
		act = kernels.GELU
	}
	made := towers{}
	config := &Config{Source: GGUF, Family: "clip", fixedScale: ggufScale}
	if k.metadata["clip.has_vision_encoder"] == "true" {
		const v = "clip.vision."
		made.image = tower.ViT{Transformer: k.transformer(v, act), Image: k.int(v + "image_size"), Patch: k.int(v + "patch_size"),
			NormBefore: true, Projection: k.int(v + "projection_dim")}
		made.imageNames = names{"v.", ggufNames(c, "v.", map[string]rule{
			"patch":       tensor("patch_embd.weight", filterOIHW),
			"class":       tensor("class_embd", asIs),
			"norm_before": layer("pre_ln"),
			"projection":  tensor("/visual_projection.weight", asIs),
		})}
		var err error
		if config.Mean, err = ggufChannels(c, v+"image_mean"); err != nil {
			return nil, err
		}
		if config.Std, err = ggufChannels(c, v+"image_std"); err != nil {
			return nil, err
		}
	}
	if k.metadata["clip.has_text_encoder"] == "true" {
		const t = "clip.text."
		config.Tokens = c.List("tokenizer.ggml.tokens")
		made.text = tower.Text{Transformer: k.transformer(t, act), Vocabulary: tensors{c}.dim("t.token_embd.weight", 0, 0),
			Context: k.int(t + "context_length"), Causal: true, Pool: tower.LargestID, Projection: k.int(t + "projection_dim")}
		made.textNames = names{"t.", ggufNames(c, "t.", map[string]rule{
			"token":      tensor("token_embd.weight", asIs),
			"projection": tensor("/text_projection.weight", asIs),
		})}
	}
	if made.image == nil && made.text == nil {
		return nil, fmt.Errorf("%w: the GGUF file says that it has neither a vision nor a text encoder", ErrUnsupported)
	}
	if n := len(config.Tokens); n > 0 && n != made.text.Entries() {
		return nil, fmt.Errorf("tokenizer.ggml.tokens lists %d tokens, t.token_embd.weight has %d", n, made.text.Entries())
	}
	config.build = func(tensors) (towers, error) { return made, nil }
	return config, k.err
}

// ggufNames are the names of both towers' blocks below a prefix. clip.cpp calls fc1 "ffn_down" and fc2 "ffn_up"; should a
// file have them the other way round, as the words mean, the shapes tell.
func ggufNames(c *checkpoint.Checkpoint, prefix string, rules map[string]rule) map[string]rule {
	const block = "blk.#."
	up, down := "ffn_down", "ffn_up"
	t := tensors{c}
	if width := t.dim(prefix+"blk.0.ln1.weight", 0, 0); t.dim(prefix+"blk.0.ffn_down.weight", 0, 0) == width && t.dim(prefix+"blk.0.ffn_up.weight", 0, 0) != width {
		up, down = down, up
	}
	return with(rules, map[string]rule{
		"position":      tensor("position_embd.weight", asIs),
		"norm_after":    layer("post_ln"),
		"block.#.norm1": layer(block + "ln1"),
		"block.#.qkv":   layers(block+"attn_q", block+"attn_k", block+"attn_v"),
		"block.#.out":   layer(block + "attn_out"),
		"block.#.norm2": layer(block + "ln2"),
		"block.#.up":    layer(block + up),
		"block.#.down":  layer(block + down),
	})
}

// ggufKeys reads numbers and keeps its first failure.
type ggufKeys struct {
	metadata map[string]string
	err      error
}

func (k *ggufKeys) int(key string) int {
	n, err := strconv.ParseInt(k.metadata[key], 10, 32)
	if err != nil && k.err == nil {
		k.err = fmt.Errorf("the GGUF key %s is %q, want a number", key, k.metadata[key])
	}
	return int(n)
}

func (k *ggufKeys) transformer(prefix string, act kernels.Act) tower.Transformer {
	eps, err := strconv.ParseFloat(k.metadata[prefix+"attention.layer_norm_epsilon"], 32)
	if err != nil {
		eps = layerNormEps
	}
	return tower.Transformer{Width: k.int(prefix + "embedding_length"), Layers: k.int(prefix + "block_count"),
		Heads: k.int(prefix + "attention.head_count"), Hidden: k.int(prefix + "feed_forward_length"), Act: act, Eps: float32(eps)}
}

// ggufChannels reads a number for each colour; nil: the file has none.
func ggufChannels(c *checkpoint.Checkpoint, key string) ([]float32, error) {
	list := c.List(key)
	if list == nil {
		return nil, nil
	}
	if len(list) != 3 {
		return nil, fmt.Errorf("the GGUF key %s has %d values, want 3", key, len(list))
	}
	out := make([]float32, 3)
	for i, text := range list {
		v, err := strconv.ParseFloat(text, 32)
		if err != nil {
			return nil, fmt.Errorf("the GGUF key %s holds %q", key, text)
		}
		out[i] = float32(v)
	}
	if slices.Contains(out, 0) && key == "clip.vision.image_std" {
		return nil, fmt.Errorf("the GGUF key %s holds a zero", key)
	}
	return out, nil
}
