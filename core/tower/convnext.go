package tower

import (
	"fmt"

	"github.com/goclip/goclip/kernels"
)

// ConvNeXt is the image tower of Liu et al. 2022 as timm computes it: depthwise convolutions with an MLP at every pixel,
// LayerNorm over the channels.
type ConvNeXt struct {
	Image  int     // side of the square picture
	Widths []int   // channels of the four stages
	Depths []int   // their blocks
	Eps    float32 // of every LayerNorm
	Head   Head
}

// convNeXtPatch is the side of the stem's filters, convNeXtKernel that of the blocks', and an MLP is convNeXtRatio times
// as wide as its stage.
const (
	convNeXtPatch  = 4
	convNeXtKernel = 7
	convNeXtRatio  = 4
)

// Picture is the shape of one input.
func (c ConvNeXt) Picture() kernels.Shape { return kernels.Shape{c.Image, c.Image, 3} }

// Embedding is the width of the result.
func (c ConvNeXt) Embedding() int { return c.Head.Projection }

// Summary describes the tower.
func (c ConvNeXt) Summary() Summary {
	s := Summary{Kind: "convnext", Activation: kernels.GELU.String(), Epsilon: c.Eps, ImageSize: c.Image, Patch: convNeXtPatch}
	return s.staged(c.Widths, c.Depths)
}

// Check tells what is wrong with the configuration.
func (c ConvNeXt) Check() error {
	err := first(
		between("the number of stages", len(c.Depths), 4, 4),
		checkWidths(c.Widths, 4),
		checkDepths(c.Depths),
		between("the image size", c.Image, shrinking, maxPicture),
		c.Head.check(),
	)
	if err == nil && !(c.Eps > 0 && c.Eps < 1) {
		err = fmt.Errorf("tower: the LayerNorm epsilon is %g, want a small positive number", c.Eps)
	}
	return err
}

// Params lists the weights.
func (c ConvNeXt) Params() []Param {
	var list []Param
	add := func(name string, role kernels.Role, shape ...int) {
		list = append(list, Param{name, role, shape, true})
	}
	add("stem", kernels.Filter, c.Widths[0], convNeXtPatch, convNeXtPatch, 3)
	add("stem_norm", kernels.Vector, c.Widths[0])
	for stage, width := range c.Widths {
		if stage > 0 {
			in := c.Widths[stage-1]
			add(fmt.Sprintf("stage.%d.norm", stage), kernels.Vector, in)
			add(fmt.Sprintf("stage.%d.downsample", stage), kernels.Filter, width, 2, 2, in)
		}
		for i := range c.Depths[stage] {
			block := fmt.Sprintf("stage.%d.%d.", stage, i)
			add(block+"conv", kernels.Filter, width, convNeXtKernel, convNeXtKernel, 1)
			add(block+"norm", kernels.Vector, width)
			add(block+"up", kernels.Matrix, convNeXtRatio*width, width)
			add(block+"down", kernels.Matrix, width, convNeXtRatio*width)
		}
	}
	last := c.Widths[len(c.Widths)-1]
	add("norm_after", kernels.Vector, last)
	return append(list, c.Head.params(last)...)
}

// Record writes one forward pass over pictures [items, image, image, 3], normalised, as the graph's only input. Hidden
// states, if asked for: "block_I" after every block, and "tokens", the last of them, before the head.
func (c ConvNeXt) Record(g *kernels.Graph, w Weights, items int, hidden bool) []Output {
	norm := func(x kernels.Tensor, name string) kernels.Tensor { return g.LayerNorm(x, w.at(name), c.Eps) }
	x := g.Conv2D(g.Floats(items, c.Image, c.Image, 3), w.at("stem"), convNeXtPatch, 1, kernels.Padding{})
	x = norm(x, "stem_norm")
	var blocks []kernels.Tensor
	for stage, width := range c.Widths {
		if stage > 0 {
			x = norm(x, fmt.Sprintf("stage.%d.norm", stage))
			x = g.Conv2D(x, w.at(fmt.Sprintf("stage.%d.downsample", stage)), 2, 1, kernels.Padding{})
		}
		for i := range c.Depths[stage] {
			block := fmt.Sprintf("stage.%d.%d.", stage, i)
			y := g.Conv2D(x, w.at(block+"conv"), 1, width, kernels.Same(convNeXtKernel/2))
			y = g.Act(g.Linear(norm(y, block+"norm"), w.at(block+"up")), kernels.GELU)
			x = g.Add(x, g.Linear(y, w.at(block+"down")))
			blocks = append(blocks, g.Tokens(x))
		}
	}
	tokens := g.Tokens(x)
	outputs := c.Head.record(g, w, norm(g.Mean(tokens), "norm_after"))
	if hidden {
		outputs = append(withBlocks(outputs, blocks), Output{"tokens", tokens})
	}
	return outputs
}
