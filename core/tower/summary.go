package tower

// Summary describes a tower for people. Fields that a kind of tower does not have are zero.
type Summary struct {
	Kind string `json:"kind"` // "vit", "resnet", "transformer" …
	// Width is the length of a token, or the number of channels of the last feature map; Layers counts blocks, those of
	// all stages together.
	Width      int     `json:"width"`
	Layers     int     `json:"layers"`
	Heads      int     `json:"heads"`
	MLP        int     `json:"mlp"`
	Activation string  `json:"activation"`
	Epsilon    float32 `json:"layer_norm_epsilon"`
	// Widths and Depths are the channels and the blocks of each stage of a convolutional tower.
	Widths     []int `json:"widths,omitempty"`
	Depths     []int `json:"depths,omitempty"`
	ImageSize  int   `json:"image_size,omitempty"`
	Patch      int   `json:"patch,omitempty"`
	Context    int   `json:"context,omitempty"`
	Vocabulary int   `json:"vocabulary,omitempty"`
}

func (t Transformer) summary(kind string) Summary {
	return Summary{Kind: kind, Width: t.Width, Layers: t.Layers, Heads: t.Heads, MLP: t.Hidden, Activation: t.Act.String(), Epsilon: t.Eps}
}

// Summary describes the tower.
func (v ViT) Summary() Summary {
	s := v.summary("vit")
	s.ImageSize, s.Patch = v.Image, v.Patch
	return s
}

// Summary describes the tower.
func (t Text) Summary() Summary {
	s := t.summary("transformer")
	s.Context, s.Vocabulary = t.Length(), t.Entries()
	return s
}
