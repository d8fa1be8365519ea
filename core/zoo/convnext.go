package zoo

import (
	"fmt"

	"github.com/goclip/goclip/core/tower"
)

// convNeXts are timm's ConvNeXts by name. The tensors of a checkpoint may have other sizes, but no tensor tells epsilon.
var convNeXts = map[string]tower.ConvNeXt{
	"convnext_tiny":    {Depths: []int{3, 3, 9, 3}, Widths: []int{96, 192, 384, 768}, Eps: timmEps},
	"convnext_small":   {Depths: []int{3, 3, 27, 3}, Widths: []int{96, 192, 384, 768}, Eps: timmEps},
	"convnext_base":    {Depths: []int{3, 3, 27, 3}, Widths: []int{128, 256, 512, 1024}, Eps: timmEps},
	"convnext_large":   {Depths: []int{3, 3, 27, 3}, Widths: []int{192, 384, 768, 1536}, Eps: timmEps},
	"convnext_xlarge":  {Depths: []int{3, 3, 27, 3}, Widths: []int{256, 512, 1024, 2048}, Eps: timmEps},
	"convnext_xxlarge": {Depths: []int{3, 4, 30, 3}, Widths: []int{384, 768, 1536, 3072}, Eps: 1e-5},
}

// convNeXt is timm's ConvNeXt.
func (m *openCLIPModel) convNeXt() (imageBuild, error) {
	released, ok := convNeXts[m.Vision.TimmName]
	if !ok {
		return nil, m.Vision.unknownTimm()
	}
	err := m.Vision.meanPool()
	if err != nil {
		return nil, err
	}
	if released.Image, err = squareSize(m.Vision.Image); err != nil {
		return nil, err
	}
	if released.Head, err = m.timmHead(); err != nil {
		return nil, err
	}
	return func(t tensors) (tower.Image, names, error) {
		c := released
		c.Widths, c.Depths = nil, nil
		for stage, width := range released.Widths {
			blocks := fmt.Sprintf("%sstages.%d.blocks.", timmPrefix, stage)
			c.Widths = append(c.Widths, t.dim(blocks+"0.conv_dw.weight", 0, width))
			c.Depths = append(c.Depths, t.count(blocks, released.Depths[stage]))
		}
		rules := with(convNeXtRules(c), m.timmHeadRules("head.fc"))
		return c, names{timmPrefix, rules}, nil
	}, nil
}

// convNeXtRules are the names of timm's ConvNeXt, below "visual.trunk.".
func convNeXtRules(c tower.ConvNeXt) map[string]rule {
	rules := map[string]rule{"stem": filter("stem.0"), "stem_norm": layer("stem.1"), "norm_after": layer("head.norm")}
	for stage, depth := range c.Depths {
		from, to := fmt.Sprintf("stages.%d.", stage), fmt.Sprintf("stage.%d.", stage)
		rules[to+"norm"] = layer(from + "downsample.0")
		rules[to+"downsample"] = filter(from + "downsample.1")
		for i := range depth {
			from, to := fmt.Sprintf("%sblocks.%d.", from, i), fmt.Sprintf("%s%d.", to, i)
			rules[to+"conv"] = filter(from + "conv_dw")
			rules[to+"norm"] = layer(from + "norm")
			rules[to+"up"] = layer(from + "mlp.fc1")
			rules[to+"down"] = scaled(layer(from+"mlp.fc2"), from+"gamma")
		}
	}
	return rules
}
