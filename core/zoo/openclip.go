package zoo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/kernels"
)

// openCLIPConfig is open_clip_config.json.
type openCLIPConfig struct {
	Model openCLIPModel `json:"model_cfg"`
}

type openCLIPModel struct {
	Embedding int            `json:"embed_dim"`
	QuickGELU bool           `json:"quick_gelu"` // of open_clip's own towers only
	Vision    openCLIPVision `json:"vision_cfg"`
	Text      openCLIPText   `json:"text_cfg"`
}

// openCLIPBlocks are the switches that both towers have.
type openCLIPBlocks struct {
	Layers     json.RawMessage `json:"layers"` // a list for ResNets
	Width      int             `json:"width"`
	MLPRatio   float64         `json:"mlp_ratio"`
	ActOptions struct {
		Approximate string `json:"approximate"`
	} `json:"act_kwargs"`
	NormOptions struct {
		Eps *float32 `json:"eps"`
	} `json:"norm_kwargs"`
	NormAfterPool bool `json:"final_ln_after_pool"`

	openCLIPUnknown
}

// openCLIPUnknown are switches of open_clip that change what a tower computes and that no released model sets.
type openCLIPUnknown struct {
	MeanPool     json.RawMessage `json:"global_average_pool"`
	Positions    json.RawMessage `json:"pos_embed_type"`
	Cosine       json.RawMessage `json:"scaled_cosine_attn"`
	ScaleHeads   json.RawMessage `json:"scale_heads"`
	ScaleInner   json.RawMessage `json:"scale_attn_inner"`
	ScaleOuter   json.RawMessage `json:"scale_attn"`
	ScaleHidden  json.RawMessage `json:"scale_fc"`
	QKNorm       json.RawMessage `json:"qk_norm"`
	BlockType    json.RawMessage `json:"block_type"`
	InputNorm    json.RawMessage `json:"input_patchnorm"`
	AttentionKin json.RawMessage `json:"attn_type"`
}

// refuse names the first of them that is set.
func (u openCLIPUnknown) refuse() error {
	for _, s := range []struct {
		name  string
		value json.RawMessage
	}{
		{"global_average_pool", u.MeanPool}, {"pos_embed_type", u.Positions}, {"scaled_cosine_attn", u.Cosine}, {"scale_heads", u.ScaleHeads},
		{"scale_attn_inner", u.ScaleInner}, {"scale_attn", u.ScaleOuter}, {"scale_fc", u.ScaleHidden}, {"qk_norm", u.QKNorm},
		{"block_type", u.BlockType}, {"input_patchnorm", u.InputNorm}, {"attn_type", u.AttentionKin},
	} {
		switch string(s.value) {
		case "", "null", "false", `"learnable"`, `"default"`:
		default:
			return fmt.Errorf("%w: %s is %s", ErrUnsupported, s.name, s.value)
		}
	}
	return nil
}

type openCLIPVision struct {
	openCLIPBlocks
	Image         json.RawMessage `json:"image_size"` // a number, or height and width
	Patch         int             `json:"patch_size"`
	HeadWidth     int             `json:"head_width"`
	NoNormBefore  bool            `json:"no_ln_pre"`
	Pool          string          `json:"pool_type"`
	AttentionPool json.RawMessage `json:"attentional_pool"` // false, true or the name of a variant
	PoolQueries   int             `json:"attn_pooler_queries"`
	PoolHeads     int             `json:"attn_pooler_heads"`
	TimmName      string          `json:"timm_model_name"`

	TimmPool           string  `json:"timm_pool"`
	TimmProjection     *string `json:"timm_proj"` // null, "none", "linear" or "mlp"
	TimmProjectionBias bool    `json:"timm_proj_bias"`
	appleHead          bool    // the projection is as Apple's own files have it
}

type openCLIPText struct {
	openCLIPBlocks
	Context        int    `json:"context_length"`
	Vocabulary     int    `json:"vocab_size"`
	Heads          int    `json:"heads"`
	Bidirectional  bool   `json:"no_causal_mask"`
	ClassEmbedding bool   `json:"embed_cls"`
	Pad            int32  `json:"pad_id"`
	Pool           string `json:"pool_type"`
	End            int32  `json:"eos_id"`
	ProjectionType string `json:"proj_type"`
	ProjectionBias bool   `json:"proj_bias"`
	HuggingFace    string `json:"hf_model_name"`

	HuggingFacePooler     string `json:"hf_pooler_type"`
	HuggingFaceProjection string `json:"hf_proj_type"`
}

// readOpenCLIP reads open_clip_config.json over the defaults of open_clip's CLIPVisionCfg and CLIPTextCfg.
func readOpenCLIP(data []byte) (*Config, error) {
	var c openCLIPConfig
	m := &c.Model
	m.Vision, m.Text = defaultOpenCLIPVision(), defaultOpenCLIPText()
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, err
	}
	return m.config()
}

// config makes a configuration of both towers.
func (m *openCLIPModel) config() (*Config, error) {
	image, err := m.image()
	if err == nil {
		err = m.Vision.refuse()
	}
	if err != nil {
		return nil, fmt.Errorf("vision_cfg: %w", err)
	}
	text, err := m.text()
	if err == nil {
		err = m.Text.refuse()
	}
	if err != nil {
		return nil, fmt.Errorf("text_cfg: %w", err)
	}
	config := &Config{Source: OpenCLIP, Family: "clip"}
	config.build = func(t tensors) (made towers, err error) {
		if made.image, made.imageNames, err = image(t); err != nil {
			return made, fmt.Errorf("vision_cfg: %w", err)
		}
		if made.text, made.textNames, err = text(t); err != nil {
			return made, fmt.Errorf("text_cfg: %w", err)
		}
		return made, nil
	}
	return config, nil
}

// imageBuild and textBuild make one tower, as build does both.
type (
	imageBuild func(t tensors) (tower.Image, names, error)
	textBuild  func(t tensors) (tower.Language, names, error)
)

// image chooses the image tower: one of timm's by the beginning of its name, or open_clip's own ResNet or ViT.
func (m *openCLIPModel) image() (imageBuild, error) {
	if name := m.Vision.TimmName; name != "" {
		for _, family := range timmTowers {
			if strings.HasPrefix(name, family.beginning) {
				return family.read(m)
			}
		}
		return nil, m.Vision.unknownTimm()
	}
	if bytes.HasPrefix(bytes.TrimSpace(m.Vision.Layers), []byte("[")) {
		return m.resNet()
	}
	return m.vit()
}

// text chooses the text tower: one of Hugging Face's, or open_clip's own.
func (m *openCLIPModel) text() (textBuild, error) {
	if _, ok := nllbSizes[m.Text.HuggingFace]; ok {
		return m.nllb()
	}
	if m.Text.HuggingFace != "" {
		return m.roberta()
	}
	return m.transformer()
}

// vit is open_clip's VisionTransformer.
func (m *openCLIPModel) vit() (imageBuild, error) {
	image, err := m.Vision.tower(m.Embedding, m.QuickGELU)
	if err != nil {
		return nil, err
	}
	return func(t tensors) (tower.Image, names, error) {
		rules := openAIImage
		if image.Pool == tower.AttentionPool {
			rules = with(rules, attentionPooler(t.has("visual.attn_pool.attn.in_proj_weight")))
		}
		if t.has("visual.transformer.resblocks.0.ls_1.gamma") {
			rules = with(rules, layerScale)
		}
		return image, names{"visual.", rules}, nil
	}, nil
}

// transformer is open_clip's TextTransformer.
func (m *openCLIPModel) transformer() (textBuild, error) {
	text, err := m.Text.tower(m.Embedding, m.QuickGELU)
	if err != nil {
		return nil, err
	}
	rules := openAIText
	if text.ProjectionBias {
		rules = with(rules, linearProjection)
	}
	if text.ClassEmbedding {
		rules = with(rules, classEmbedding)
	}
	return func(t tensors) (tower.Language, names, error) {
		scheme := names{"", rules}
		if t.has("text.token_embedding.weight") {
			scheme.prefix = "text."
		}
		if t.has(scheme.prefix + "transformer.resblocks.0.ls_1.gamma") {
			scheme.rules = with(rules, layerScale)
		}
		return text, scheme, nil
	}, nil
}

// transformer gives the blocks that a configuration describes.
func (c openCLIPBlocks) transformer(heads int, quickGELU bool) (tower.Transformer, error) {
	t := tower.Transformer{Width: c.Width, Heads: heads, Act: kernels.GELU, Eps: layerNormEps}
	if err := json.Unmarshal(c.Layers, &t.Layers); err != nil {
		return t, fmt.Errorf("layers %s are no number", c.Layers)
	}
	if !(c.MLPRatio > 0 && c.MLPRatio < 1000) {
		return t, fmt.Errorf("mlp_ratio is %g", c.MLPRatio)
	}
	t.Hidden = int(float64(c.Width) * c.MLPRatio)
	if c.NormOptions.Eps != nil {
		t.Eps = *c.NormOptions.Eps
	}
	switch {
	case quickGELU:
		t.Act = kernels.QuickGELU
	case c.ActOptions.Approximate == "tanh":
		t.Act = kernels.GELUTanh
	case c.ActOptions.Approximate != "" && c.ActOptions.Approximate != "none":
		return t, fmt.Errorf("%w: act_kwargs approximate %q", ErrUnsupported, c.ActOptions.Approximate)
	}
	return t, nil
}

func (c openCLIPVision) tower(embedding int, quickGELU bool) (tower.ViT, error) {
	v := tower.ViT{Patch: c.Patch, NormBefore: !c.NoNormBefore, NormAfterPool: c.NormAfterPool, Projection: embedding}
	if c.HeadWidth < 1 {
		return v, fmt.Errorf("head_width is %d", c.HeadWidth)
	}
	var err error
	if v.Transformer, err = c.transformer(c.Width/c.HeadWidth, quickGELU); err != nil {
		return v, err
	}
	if v.Image, err = squareSize(c.Image); err != nil {
		return v, err
	}
	switch attention := string(c.AttentionPool); {
	case attention == "true":
		v.Pool, v.Pooler = tower.AttentionPool, tower.AttentionPooler{Queries: c.PoolQueries, Heads: c.PoolHeads, Eps: layerNormEps}
		if c.Pool != "tok" {
			return v, fmt.Errorf("%w: attentional_pool with pool_type %q", ErrUnsupported, c.Pool)
		}
		return v, nil
	case attention != "" && attention != "false" && attention != "null":
		return v, fmt.Errorf("%w: attentional_pool %s", ErrUnsupported, attention)
	}
	switch c.Pool {
	case "tok":
	case "avg":
		v.Pool = tower.PatchMean
	default:
		return v, fmt.Errorf("%w: pool_type %q", ErrUnsupported, c.Pool)
	}
	return v, nil
}

// squareSize reads a size that is one number or two equal ones.
func squareSize(data json.RawMessage) (int, error) {
	var one int
	if json.Unmarshal(data, &one) == nil {
		return one, nil
	}
	var two []int
	if err := json.Unmarshal(data, &two); err != nil || len(two) != 2 {
		return 0, fmt.Errorf("image_size %s is neither a number nor two", data)
	}
	if two[0] != two[1] {
		return 0, fmt.Errorf("%w: pictures of %d x %d pixels, not square", ErrUnsupported, two[0], two[1])
	}
	return two[0], nil
}

func (c openCLIPText) tower(embedding int, quickGELU bool) (tower.Text, error) {
	t := tower.Text{Vocabulary: c.Vocabulary, Context: c.Context, Causal: !c.Bidirectional,
		ClassEmbedding: c.ClassEmbedding, Pad: c.Pad, Projection: embedding, ProjectionBias: c.ProjectionBias}
	var err error
	if t.Transformer, err = c.transformer(c.Heads, quickGELU); err != nil {
		return t, err
	}
	switch c.Pool {
	case "argmax":
		t.Pool = tower.LargestID
	case "eos":
		t.Pool, t.End = tower.EndToken, c.End
	case "first":
		t.Pool = tower.FirstToken
	case "last":
		t.Pool = tower.LastToken
	default:
		return t, fmt.Errorf("%w: pool_type %q", ErrUnsupported, c.Pool)
	}
	switch c.ProjectionType {
	case "linear":
	case "none", "":
		t.Projection, t.ProjectionBias = 0, false
	default:
		return t, fmt.Errorf("%w: proj_type %q", ErrUnsupported, c.ProjectionType)
	}
	return t, nil
}
