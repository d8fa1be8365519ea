package zoo

import (
	"fmt"

	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/kernels"
)

// nllbSizes are the encoders of NLLB that open_clip takes from transformers, by hf_model_name; tensors override the sizes.
var nllbSizes = map[string]struct{ layers, hidden int }{
	"facebook/nllb-200-distilled-600M": {12, 4096},
	"facebook/nllb-200-distilled-1.3B": {24, 8192},
}

// What they have in common.
const (
	nllbVocabulary = 256206
	nllbWidth      = 1024
	nllbHead       = 64 // width of an attention head
	nllbPad        = 1
)

// nllb is open_clip's HFTextEncoder round the encoder of an M2M100Model, which has no pooler of its own: "cls_pooler" then
// takes the first token.
func (m *openCLIPModel) nllb() (textBuild, error) {
	sizes := nllbSizes[m.Text.HuggingFace]
	if pooler := m.Text.HuggingFacePooler; pooler != "cls_pooler" && pooler != "cls_last_hidden_state_pooler" {
		return nil, fmt.Errorf("%w: hf_pooler_type %q with %s", ErrUnsupported, pooler, m.Text.HuggingFace)
	}
	if projection := m.Text.HuggingFaceProjection; projection != "linear" {
		return nil, fmt.Errorf("%w: hf_proj_type %q with %s", ErrUnsupported, projection, m.Text.HuggingFace)
	}
	return func(t tensors) (tower.Language, names, error) {
		const prefix = "text.transformer."
		width := t.dim(prefix+"embed_tokens.weight", 1, nllbWidth)
		text := tower.M2M100{
			Transformer: tower.Transformer{Width: width, Heads: width / nllbHead, Act: kernels.ReLU, Eps: layerNormEps,
				Layers: t.count(prefix+"layers.", sizes.layers), Hidden: t.dim(prefix+"layers.0.fc1.weight", 0, sizes.hidden)},
			Vocabulary: t.dim(prefix+"embed_tokens.weight", 0, nllbVocabulary), Context: m.Text.Context, Pad: nllbPad,
			Head: tower.Head{Projection: m.Embedding},
		}
		if err := text.Check(); err != nil {
			return nil, names{}, err
		}
		return text, names{prefix, m2m100Rules(text)}, nil
	}, nil
}

// m2m100Rules are the names of transformers' M2M100Encoder.
func m2m100Rules(m tower.M2M100) map[string]rule {
	const block = "layers.#."
	return map[string]rule{
		"token":         tensor("embed_tokens.weight", asIs),
		"scale":         {known: m.Scale()},
		"position":      {known: m.Sinusoids()},
		"block.#.norm1": layer(block + "self_attn_layer_norm"),
		"block.#.qkv":   layers(block+"self_attn.q_proj", block+"self_attn.k_proj", block+"self_attn.v_proj"),
		"block.#.out":   layer(block + "self_attn.out_proj"),
		"block.#.norm2": layer(block + "final_layer_norm"),
		"block.#.up":    layer(block + "fc1"),
		"block.#.down":  layer(block + "fc2"),
		"norm_after":    layer("layer_norm"),
		"projection":    tensor("/text.proj.weight", asIs),
	}
}
