package zoo

import (
	"encoding/json"
	"fmt"

	"github.com/goclip/goclip/core/tower"
)

// hfConfig is transformers' CLIPConfig, or the config of one tower alone, whose fields then stand at the top.
type hfConfig struct {
	ProjectionDim  *int            `json:"projection_dim"`
	TextConfig     json.RawMessage `json:"text_config"`
	VisionConfig   json.RawMessage `json:"vision_config"`
	TextOverride   json.RawMessage `json:"text_config_dict"` // old files: its values win
	VisionOverride json.RawMessage `json:"vision_config_dict"`
}

// hfText are the fields of CLIPTextConfig that matter, with the class's defaults.
type hfText struct {
	Vocabulary int     `json:"vocab_size"`
	Width      int     `json:"hidden_size"`
	Hidden     int     `json:"intermediate_size"`
	Projection int     `json:"projection_dim"`
	Layers     int     `json:"num_hidden_layers"`
	Heads      int     `json:"num_attention_heads"`
	Context    int     `json:"max_position_embeddings"`
	Act        string  `json:"hidden_act"`
	Eps        float32 `json:"layer_norm_eps"`
	End        *int32  `json:"eos_token_id"`
}

// hfVision are the fields of CLIPVisionConfig that matter, with the class's defaults.
type hfVision struct {
	Width      int     `json:"hidden_size"`
	Hidden     int     `json:"intermediate_size"`
	Projection int     `json:"projection_dim"`
	Layers     int     `json:"num_hidden_layers"`
	Heads      int     `json:"num_attention_heads"`
	Channels   int     `json:"num_channels"`
	Image      int     `json:"image_size"`
	Patch      int     `json:"patch_size"`
	Act        string  `json:"hidden_act"`
	Eps        float32 `json:"layer_norm_eps"`
}

// readCLIP reads the config.json of CLIPModel, or of one of its towers alone.
func readCLIP(h hfHeader, data []byte) (*Config, error) {
	var c hfConfig
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, err
	}
	text, vision := defaultText(), defaultVision()
	var textOnly, visionOnly bool
	switch h.ModelType {
	case "clip":
		textOnly, visionOnly = h.has("CLIPTextModel"), h.has("CLIPVisionModel")
		// transformers fills an override up with the class's defaults, so nothing of the other one is left.
		textJSON, visionJSON := c.TextConfig, c.VisionConfig
		if given(c.TextOverride) {
			textJSON = c.TextOverride
		}
		if given(c.VisionOverride) {
			visionJSON = c.VisionOverride
		}
		if given(textJSON) {
			if err := json.Unmarshal(textJSON, &text); err != nil {
				return nil, fmt.Errorf("text_config: %w", err)
			}
		}
		if given(visionJSON) {
			if err := json.Unmarshal(visionJSON, &vision); err != nil {
				return nil, fmt.Errorf("vision_config: %w", err)
			}
		}
		if !textOnly && !visionOnly {
			// CLIPModel takes the projection's width from the top, whatever its parts say.
			text.Projection, vision.Projection = 512, 512
			if c.ProjectionDim != nil {
				text.Projection, vision.Projection = *c.ProjectionDim, *c.ProjectionDim
			}
		}
	case "clip_text_model":
		textOnly = true
		if err := json.Unmarshal(data, &text); err != nil {
			return nil, err
		}
	case "clip_vision_model":
		visionOnly = true
		if err := json.Unmarshal(data, &vision); err != nil {
			return nil, err
		}
	}

	config := &Config{Source: HuggingFace, Family: "clip"}
	var image tower.ViT
	var language tower.Text
	var err error
	if !textOnly {
		if image, err = vision.tower(); err != nil {
			return nil, err
		}
	}
	if !visionOnly {
		if language, err = text.tower(); err != nil {
			return nil, err
		}
	}
	projected := h.has("CLIPTextModelWithProjection") || h.has("CLIPVisionModelWithProjection")
	config.build = func(t tensors) (towers, error) {
		var made towers
		// CLIPTextModel and CLIPVisionModel have no projection, whatever projection_dim says and the file holds. Only
		// where no architecture is named the file decides.
		keeps := func(weight string) bool {
			return !textOnly && !visionOnly || projected || len(h.Architectures) == 0 && t.has(weight)
		}
		if !textOnly {
			v := image
			if !keeps("visual_projection.weight") {
				v.Projection = 0
			}
			made.image, made.imageNames = v, names{"vision_model.", huggingFaceImage}
			if t.has("embeddings.class_embedding") { // transformers 5 saves a tower alone without a prefix
				made.imageNames.prefix = ""
			}
		}
		if !visionOnly {
			l := language
			if !keeps("text_projection.weight") {
				l.Projection = 0
			}
			made.text, made.textNames = l, names{"text_model.", huggingFaceText}
			if t.has("embeddings.token_embedding.weight") {
				made.textNames.prefix = ""
			}
		}
		return made, nil
	}
	return config, nil
}

func (c hfVision) tower() (tower.ViT, error) {
	act, err := hfAct(c.Act)
	if err == nil && c.Channels != 3 {
		err = fmt.Errorf("%w: pictures of %d channels", ErrUnsupported, c.Channels)
	}
	return tower.ViT{
		Transformer: tower.Transformer{Width: c.Width, Layers: c.Layers, Heads: c.Heads, Hidden: c.Hidden, Act: act, Eps: c.Eps},
		Image:       c.Image, Patch: c.Patch, NormBefore: true, Projection: c.Projection,
	}, err
}

// tower gives the text tower. Configurations from before transformers 4.31 say eos_token_id 2, which is wrong for CLIP's
// vocabulary: transformers then takes the largest id, and so do we.
func (c hfText) tower() (tower.Text, error) {
	act, err := hfAct(c.Act)
	t := tower.Text{
		Transformer: tower.Transformer{Width: c.Width, Layers: c.Layers, Heads: c.Heads, Hidden: c.Hidden, Act: act, Eps: c.Eps},
		Vocabulary:  c.Vocabulary, Context: c.Context, Causal: true, Pool: tower.EndToken, End: 49407, Projection: c.Projection,
	}
	if c.End != nil {
		t.End = *c.End
	}
	if t.End == 2 {
		t.Pool = tower.LargestID
	}
	return t, err
}
