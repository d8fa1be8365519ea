package zoo

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/kernels"
)

// hfConfig is transformers' CLIPConfig, or the config of one tower alone, whose fields then stand at the top.
type hfConfig struct {
	ModelType      string          `json:"model_type"`
	Architectures  []string        `json:"architectures"`
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

// hfActs are the activation names of transformers.
var hfActs = map[string]kernels.Act{
	"quick_gelu": kernels.QuickGELU, "gelu": kernels.GELU, "gelu_new": kernels.GELUTanh,
	"gelu_pytorch_tanh": kernels.GELUTanh, "relu": kernels.ReLU, "silu": kernels.SiLU, "swish": kernels.SiLU,
}

func hfAct(name string) (kernels.Act, error) {
	act, ok := hfActs[name]
	if !ok {
		return 0, fmt.Errorf("%w: the activation hidden_act %q is not one that goclip computes", ErrUnsupported, name)
	}
	return act, nil
}

// readHuggingFace reads config.json.
func readHuggingFace(data []byte) (*Config, error) {
	var c hfConfig
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, err
	}
	hasArchitecture := func(beginning string) bool {
		return slices.ContainsFunc(c.Architectures, func(a string) bool { return strings.HasPrefix(a, beginning) })
	}
	text, vision := defaultText(), defaultVision()
	var textOnly, visionOnly bool
	switch c.ModelType {
	case "clip":
		textOnly, visionOnly = hasArchitecture("CLIPTextModel"), hasArchitecture("CLIPVisionModel")
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
	default:
		return nil, fmt.Errorf("%w: model_type %q, architectures %q; goclip opens CLIP models so far", ErrUnsupported, c.ModelType, c.Architectures)
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
	projected := hasArchitecture("CLIPTextModelWithProjection") || hasArchitecture("CLIPVisionModelWithProjection")
	config.build = func(has func(string) bool) towers {
		var t towers
		// CLIPTextModel and CLIPVisionModel have no projection, whatever projection_dim says and the file holds. Only
		// where no architecture is named the file decides.
		keeps := func(weight string) bool {
			return !textOnly && !visionOnly || projected || len(c.Architectures) == 0 && has(weight)
		}
		if !textOnly {
			v := image
			if !keeps("visual_projection.weight") {
				v.Projection = 0
			}
			t.image, t.imageNames = v, names{"vision_model.", huggingFaceImage}
			if has("embeddings.class_embedding") { // transformers 5 saves a tower alone without a prefix
				t.imageNames.prefix = ""
			}
		}
		if !visionOnly {
			l := language
			if !keeps("text_projection.weight") {
				l.Projection = 0
			}
			t.text, t.textNames = l, names{"text_model.", huggingFaceText}
			if has("embeddings.token_embedding.weight") {
				t.textNames.prefix = ""
			}
		}
		return t
	}
	return config, nil
}

// given reports whether a part of a configuration is there and not null.
func given(part json.RawMessage) bool { return len(part) > 0 && string(part) != "null" }

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
