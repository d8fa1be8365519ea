package zoo

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/goclip/goclip/core/tower"
)

// alignVision are the fields of transformers' AlignVisionConfig that matter.
type alignVision struct {
	Channels int     `json:"num_channels"`
	Image    int     `json:"image_size"`
	Width    float64 `json:"width_coefficient"`
	Depth    float64 `json:"depth_coefficient"`
	Divisor  int     `json:"depth_divisor"`
	Kernels  []int   `json:"kernel_sizes"`
	Widths   []int   `json:"out_channels"`
	Strides  []int   `json:"strides"`
	Repeats  []int   `json:"num_block_repeats"`
	Expand   []int   `json:"expand_ratios"`
	Padding  []int   `json:"depthwise_padding"`
	Squeeze  float64 `json:"squeeze_expansion_ratio"`
	Act      string  `json:"hidden_act"`
	Pool     string  `json:"pooling_type"`
	Eps      float64 `json:"batch_norm_eps"`
}

// readALIGNVision reads the config.json of AlignVisionModel, ALIGN's image tower alone.
func readALIGNVision(_ hfHeader, data []byte) (*Config, error) {
	image, err := alignImage(data)
	if err != nil {
		return nil, err
	}
	return &Config{Source: HuggingFace, Family: "align", build: func(t tensors) (made towers, err error) {
		made.image, made.imageNames, err = image(t)
		return made, err
	}}, nil
}

// alignImage reads the vision_config of ALIGN.
func alignImage(data []byte) (imageBuild, error) {
	c := defaultALIGNVision()
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, err
	}
	e, err := c.tower()
	if err != nil {
		return nil, err
	}
	if !(c.Eps > 0 && c.Eps < 1) {
		return nil, fmt.Errorf("batch_norm_eps is %g", c.Eps)
	}
	return func(t tensors) (tower.Image, names, error) {
		scheme := names{"vision_model.", alignImageRules(c.Eps)}
		if t.has("embeddings.convolution.weight") { // the tower saved alone
			scheme.prefix = ""
		}
		return e, scheme, nil
	}, nil
}

func (c alignVision) tower() (tower.EfficientNet, error) {
	e := tower.EfficientNet{Image: c.Image, Squeeze: c.Squeeze}
	var err error
	if e.Act, err = hfAct(c.Act); err != nil {
		return e, err
	}
	switch {
	case c.Channels != 3:
		return e, fmt.Errorf("%w: pictures of %d channels", ErrUnsupported, c.Channels)
	case len(c.Padding) > 0:
		return e, fmt.Errorf("%w: depthwise_padding %v", ErrUnsupported, c.Padding)
	case c.Pool != "mean":
		return e, fmt.Errorf("%w: pooling_type %q", ErrUnsupported, c.Pool)
	case !(c.Width > 0 && c.Width < 1000 && c.Depth > 0 && c.Depth < 1000) || c.Divisor < 1 || c.Divisor > 1000:
		return e, fmt.Errorf("width_coefficient %g, depth_coefficient %g or depth_divisor %d is out of range", c.Width, c.Depth, c.Divisor)
	}
	n := len(c.Widths)
	for _, list := range []struct {
		name   string
		values []int
	}{{"kernel_sizes", c.Kernels}, {"strides", c.Strides}, {"num_block_repeats", c.Repeats}, {"expand_ratios", c.Expand}} {
		if len(list.values) != n {
			return e, fmt.Errorf("%s has %d values, out_channels %d", list.name, len(list.values), n)
		}
	}
	e.Stem = c.channels(32)
	for i, width := range c.Widths {
		e.Stages = append(e.Stages, tower.MBConv{
			Blocks: int(math.Ceil(c.Depth * float64(min(c.Repeats[i], math.MaxInt32)))),
			Width:  c.channels(min(width, math.MaxInt32)), Kernel: c.Kernels[i], Stride: c.Strides[i], Expand: c.Expand[i],
		})
	}
	return e, nil
}

// channels scales a number of channels and rounds it to a multiple of the divisor, but not by more than a tenth down.
func (c alignVision) channels(n int) int {
	scaled := float64(n) * c.Width
	rounded := max(c.Divisor, int(scaled+float64(c.Divisor)/2)/c.Divisor*c.Divisor)
	if float64(rounded) < 0.9*scaled {
		rounded += c.Divisor
	}
	return rounded
}

// alignImageRules are the names of AlignVisionModel, below "vision_model.".
func alignImageRules(eps float64) map[string]rule {
	const block = "encoder.blocks.#."
	rules := map[string]rule{
		"stem":              normed("embeddings.convolution", "embeddings.batchnorm", filterOIHW),
		"block.#.expand":    normed(block+"expansion.expand_conv", block+"expansion.expand_bn", asIs),
		"block.#.depthwise": normed(block+"depthwise_conv.depthwise_conv", block+"depthwise_conv.depthwise_norm", filterOIHW),
		"block.#.squeeze":   layer(block + "squeeze_excite.reduce"),
		"block.#.excite":    layer(block + "squeeze_excite.expand"),
		"block.#.project":   normed(block+"projection.project_conv", block+"projection.project_bn", asIs),
	}
	for name, r := range rules {
		r.after.eps = eps
		rules[name] = r
	}
	return rules
}

// alignContext is how many ids ALIGN's processor pads a text to.
const alignContext = 64

// readALIGN reads the config.json of AlignModel (Jia et al. 2021): an EfficientNet and a BERT.
func readALIGN(_ hfHeader, data []byte) (*Config, error) {
	c := struct {
		Projection int             `json:"projection_dim"`
		Text       hfBERT          `json:"text_config"`
		Vision     json.RawMessage `json:"vision_config"`
	}{640, defaultBERT(), json.RawMessage("{}")}
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, err
	}
	image, err := alignImage(c.Vision)
	if err != nil {
		return nil, fmt.Errorf("vision_config: %w", err)
	}
	text, err := c.Text.tower(alignContext)
	if err != nil {
		return nil, fmt.Errorf("text_config: %w", err)
	}
	text.Head = tower.Head{Projection: c.Projection, Bias: true}
	return &Config{Source: HuggingFace, Family: "align", temperature: true, build: func(t tensors) (made towers, err error) {
		made.text, made.textNames = text, names{"text_model.", bertRules(text)}
		made.image, made.imageNames, err = image(t)
		return made, err
	}}, nil
}
