package tower_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/kernels"
)

func smallResNet() tower.ResNet {
	return tower.ResNet{Image: 64, Width: 4, Depths: []int{1, 2, 1, 1}, Heads: 2, Projection: 6}
}

func smallConvNeXt() tower.ConvNeXt {
	return tower.ConvNeXt{Image: 70, Widths: []int{4, 6, 8, 10}, Depths: []int{1, 1, 2, 1}, Eps: 1e-6, Head: tower.Head{Projection: 6, Hidden: 12}}
}

func smallEfficientNet() tower.EfficientNet {
	return tower.EfficientNet{Image: 33, Stem: 8, Squeeze: 0.25, Act: kernels.SiLU, Stages: []tower.MBConv{
		{Blocks: 2, Width: 4, Kernel: 3, Stride: 1, Expand: 1}, {Blocks: 2, Width: 6, Kernel: 5, Stride: 2, Expand: 6}}}
}

func smallFastViT() tower.FastViT {
	return tower.FastViT{Image: 64, Final: 64, Squeeze: 4, Head: tower.Head{Projection: 6, Bias: true}, Stages: []tower.FastViTStage{
		{Blocks: 1, Width: 8, Hidden: 16}, {Blocks: 2, Width: 16, Hidden: 32, Squeeze: 4}, {Blocks: 1, Width: 32, Hidden: 64, Attention: true}}}
}

func TestConvolutionalTowersRecord(t *testing.T) {
	normed := smallFastViT()
	normed.Eps = 1e-5
	for name, c := range map[string]struct {
		tower   tower.Image
		tokens  kernels.Shape
		kind    string
		width   int
		layers  int
		outputs int
	}{
		"resnet":            {smallResNet(), kernels.Shape{3, 4, 128}, "resnet", 128, 5, 8},
		"convnext":          {smallConvNeXt(), kernels.Shape{3, 4, 10}, "convnext", 10, 5, 8},
		"efficientnet":      {smallEfficientNet(), kernels.Shape{3, 64, 6}, "efficientnet", 6, 4, 7},
		"fastvit":           {smallFastViT(), kernels.Shape{3, 16, 64}, "fastvit", 32, 4, 7},
		"fastvit layernorm": {normed, kernels.Shape{3, 16, 64}, "fastvit", 32, 4, 7},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, c.tower.Check())
			got := shapes(record(t, c.tower.Params(), func(g *kernels.Graph, w tower.Weights) []tower.Output { return c.tower.Record(g, w, 3, true) }))
			require.Equal(t, kernels.Shape{3, c.tower.Embedding()}, got["features"])
			require.Equal(t, got["features"], got["embeds"])
			require.Equal(t, c.tokens, got["tokens"])
			require.Len(t, got, c.outputs)
			s := c.tower.Summary()
			require.Equal(t, c.kind, s.Kind)
			require.Equal(t, []int{c.width, c.layers, len(s.Widths)}, []int{s.Width, s.Layers, len(s.Depths)})
		})
	}
}

func TestConvolutionalTowersRefuseNonsense(t *testing.T) {
	for want, change := range map[string]func(r *tower.ResNet){
		"number of stages is 3":             func(r *tower.ResNet) { r.Depths = r.Depths[:3] },
		"number of blocks of stage 1 is -1": func(r *tower.ResNet) { r.Depths = []int{1, -1, 1, 1} },
		"width is 5, want an even":          func(r *tower.ResNet) { r.Width = 5 },
		"width is 100000":                   func(r *tower.ResNet) { r.Width = 100000 },
		"image size is 65, want a multiple": func(r *tower.ResNet) { r.Image = 65 },
		"not a multiple of 3 heads":         func(r *tower.ResNet) { r.Heads = 3 },
	} {
		r := smallResNet()
		change(&r)
		require.ErrorContains(t, r.Check(), want)
	}
	for want, change := range map[string]func(c *tower.ConvNeXt){
		"3 widths for 4 stages": func(c *tower.ConvNeXt) { c.Widths = c.Widths[:3] },
		"width of stage 2 is 0": func(c *tower.ConvNeXt) { c.Widths = []int{1, 1, 0, 1} },
		"image size is 31":      func(c *tower.ConvNeXt) { c.Image = 31 },
		"epsilon is NaN":        func(c *tower.ConvNeXt) { c.Eps = float32(math.NaN()) },
		"projection is 0":       func(c *tower.ConvNeXt) { c.Head.Projection = 0 },
	} {
		c := smallConvNeXt()
		change(&c)
		require.ErrorContains(t, c.Check(), want)
	}
	for want, change := range map[string]func(f *tower.FastViT){
		"number of stages is 0":                       func(f *tower.FastViT) { f.Stages = nil },
		"width of stage 1 is 12, not a multiple":      func(f *tower.FastViT) { f.Stages[1].Width = 12 },
		"width of stage 2 is 48, not a multiple of a": func(f *tower.FastViT) { f.Stages[2].Width = 48 },
		"last feature map has 40 channels":            func(f *tower.FastViT) { f.Final = 40 },
		"squeeze of stage 1 is -1":                    func(f *tower.FastViT) { f.Stages[1].Squeeze = -1 },
		"epsilon is 2":                                func(f *tower.FastViT) { f.Eps = 2 },
	} {
		f := smallFastViT()
		change(&f)
		require.ErrorContains(t, f.Check(), want)
	}
	e := smallEfficientNet()
	e.Stages = nil
	require.ErrorContains(t, e.Check(), "number of stages is 0")
}
