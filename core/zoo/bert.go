package zoo

import (
	"encoding/json"
	"fmt"

	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/kernels"
)

// hfBERT are the fields of transformers' BertConfig and its kin that matter.
type hfBERT struct {
	Vocabulary int     `json:"vocab_size"`
	Width      int     `json:"hidden_size"`
	Hidden     int     `json:"intermediate_size"`
	Layers     int     `json:"num_hidden_layers"`
	Heads      int     `json:"num_attention_heads"`
	Positions  int     `json:"max_position_embeddings"`
	Types      int     `json:"type_vocab_size"`
	Act        string  `json:"hidden_act"`
	Eps        float32 `json:"layer_norm_eps"`
	Pad        *int32  `json:"pad_token_id"`
	Kind       string  `json:"position_embedding_type"`
}

// tower is a BERT that pools the first token.
func (c hfBERT) tower(context int) (tower.BERT, error) {
	act, err := hfAct(c.Act)
	if err == nil && c.Kind != "" && c.Kind != "absolute" {
		err = fmt.Errorf("%w: position_embedding_type %q", ErrUnsupported, c.Kind)
	}
	b := tower.BERT{Width: c.Width, Layers: c.Layers, Heads: c.Heads, Hidden: c.Hidden, Act: act, Eps: c.Eps,
		Vocabulary: c.Vocabulary, Positions: c.Positions, Types: c.Types, Context: context}
	if c.Pad != nil {
		b.Pad = *c.Pad
	}
	return b, err
}

// bertRules are the names of transformers' BertModel and RobertaModel.
func bertRules(b tower.BERT) map[string]rule {
	const block = "encoder.layer.#."
	return map[string]rule{
		"token":         tensor("embeddings.word_embeddings.weight", asIs),
		"position":      tensor("embeddings.position_embeddings.weight", asIs),
		"type":          {values: []source{{"embeddings.token_type_embeddings.weight", 0, b.Types}}},
		"norm_before":   layer("embeddings.LayerNorm"),
		"block.#.qkv":   layers(block+"attention.self.query", block+"attention.self.key", block+"attention.self.value"),
		"block.#.out":   layer(block + "attention.output.dense"),
		"block.#.norm1": layer(block + "attention.output.LayerNorm"),
		"block.#.up":    layer(block + "intermediate.dense"),
		"block.#.down":  layer(block + "output.dense"),
		"block.#.norm2": layer(block + "output.LayerNorm"),
		"projection":    layer("/text_projection"),
	}
}

// chineseContext is how many ids Chinese-CLIP's own tokenizer gives.
const chineseContext = 52

// readChineseCLIP reads the config.json of ChineseCLIPModel (Yang et al. 2022): CLIP's ViT and a BERT.
func readChineseCLIP(_ hfHeader, data []byte) (*Config, error) {
	vision := defaultVision()
	c := struct {
		Projection int       `json:"projection_dim"`
		Text       hfBERT    `json:"text_config"`
		Vision     *hfVision `json:"vision_config"`

		TextOverride   json.RawMessage `json:"text_config_dict"` // old files: as in readCLIP
		VisionOverride json.RawMessage `json:"vision_config_dict"`
	}{Projection: 512, Text: defaultBERT(), Vision: &vision}
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, err
	}
	if given(c.TextOverride) {
		c.Text = defaultBERT()
		if err := json.Unmarshal(c.TextOverride, &c.Text); err != nil {
			return nil, fmt.Errorf("text_config_dict: %w", err)
		}
	}
	if given(c.VisionOverride) {
		vision = defaultVision()
		if err := json.Unmarshal(c.VisionOverride, &vision); err != nil {
			return nil, fmt.Errorf("vision_config_dict: %w", err)
		}
	}
	image, err := vision.tower()
	if err != nil {
		return nil, fmt.Errorf("vision_config: %w", err)
	}
	text, err := c.Text.tower(chineseContext)
	if err != nil {
		return nil, fmt.Errorf("text_config: %w", err)
	}
	image.Projection, text.Head.Projection = c.Projection, c.Projection
	rules := bertRules(text)
	// transformers empties the padding's embedding when it loads the model. No padding is seen: only hidden states tell.
	rules["token"] = rule{values: rules["token"].values, blank: true}
	made := towers{image, text, names{"vision_model.", huggingFaceImage}, names{"text_model.", rules}}
	return &Config{Source: HuggingFace, Family: "chinese_clip", build: func(tensors) (towers, error) { return made, nil }}, nil
}

// openCLIPBERT are the encoders that open_clip takes from transformers, by hf_model_name; tensors override the sizes.
var openCLIPBERT = map[string]hfBERT{
	"roberta-base":                 {Vocabulary: 50265, Width: 768, Hidden: 3072, Layers: 12, Heads: 12},
	"roberta-large":                {Vocabulary: 50265, Width: 1024, Hidden: 4096, Layers: 24, Heads: 16},
	"xlm-roberta-base":             {Vocabulary: 250002, Width: 768, Hidden: 3072, Layers: 12, Heads: 12},
	"xlm-roberta-large":            {Vocabulary: 250002, Width: 1024, Hidden: 4096, Layers: 24, Heads: 16},
	"FacebookAI/roberta-base":      {Vocabulary: 50265, Width: 768, Hidden: 3072, Layers: 12, Heads: 12},
	"FacebookAI/xlm-roberta-base":  {Vocabulary: 250002, Width: 768, Hidden: 3072, Layers: 12, Heads: 12},
	"FacebookAI/xlm-roberta-large": {Vocabulary: 250002, Width: 1024, Hidden: 4096, Layers: 24, Heads: 16},
}

// What all of these have in common.
const (
	robertaPad       = 1
	robertaPositions = 514
	robertaHead      = 64 // width of an attention head
)

// roberta is open_clip's HFTextEncoder round a RoBERTa or XLM-R, which has no pooler of its own.
func (m *openCLIPModel) roberta() (textBuild, error) {
	c, ok := openCLIPBERT[m.Text.HuggingFace]
	if !ok {
		return nil, fmt.Errorf("%w: a text tower of Hugging Face, %q, that goclip does not know", ErrUnsupported, m.Text.HuggingFace)
	}
	mean := m.Text.HuggingFacePooler == "mean_pooler"
	if !mean && m.Text.HuggingFacePooler != "cls_last_hidden_state_pooler" {
		return nil, fmt.Errorf("%w: hf_pooler_type %q with %s", ErrUnsupported, m.Text.HuggingFacePooler, m.Text.HuggingFace)
	}
	projection := m.Text.HuggingFaceProjection
	if projection != "linear" && projection != "mlp" {
		return nil, fmt.Errorf("%w: hf_proj_type %q with %s", ErrUnsupported, projection, m.Text.HuggingFace)
	}
	return func(t tensors) (tower.Language, names, error) {
		const prefix = "text.transformer."
		width := t.dim(prefix+"embeddings.word_embeddings.weight", 1, c.Width)
		b := tower.BERT{
			Width: width, Heads: width / robertaHead, Act: kernels.GELU, Eps: layerNormEps,
			Layers:     t.count(prefix+"encoder.layer.", c.Layers),
			Hidden:     t.dim(prefix+"encoder.layer.0.intermediate.dense.weight", 0, c.Hidden),
			Vocabulary: t.dim(prefix+"embeddings.word_embeddings.weight", 0, c.Vocabulary),
			Positions:  t.dim(prefix+"embeddings.position_embeddings.weight", 0, robertaPositions),
			Types:      t.dim(prefix+"embeddings.token_type_embeddings.weight", 0, 1),
			Context:    m.Text.Context, Pad: robertaPad, Counted: true, Mean: mean,
			Head: tower.Head{Projection: m.Embedding},
		}
		rules := bertRules(b)
		rules["projection"] = layer("/text.proj")
		if projection == "mlp" {
			b.Head.Hidden = (width + m.Embedding) / 2
			rules["head"], rules["projection"] = layer("/text.proj.0"), layer("/text.proj.2")
		}
		return b, names{prefix, rules}, nil
	}, nil
}
