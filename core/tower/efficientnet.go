package tower

import (
	"fmt"

	"github.com/goclip/goclip/kernels"
)

// EfficientNet is the image tower of ALIGN (Jia et al. 2021): Tan and Le's EfficientNet without its last convolution, as
// transformers' AlignVisionModel computes it. Its embedding is the mean of the last feature map. Every convolution has a
// BatchNorm behind it in the checkpoint, which is part of the weights here.
type EfficientNet struct {
	Image   int // side of the square picture
	Stem    int // channels behind the first convolution
	Stages  []MBConv
	Squeeze float64 // width of the squeeze-and-excite bottleneck as a share of the block's input
	Act     kernels.Act
}

// MBConv is a stage of inverted bottlenecks: a product that widens, a depthwise convolution, squeeze-and-excite, and a
// product that narrows.
type MBConv struct {
	Blocks int
	Width  int // channels of the result
	Kernel int // side of the depthwise filters
	Stride int // of the first block
	Expand int // how much wider the inside is than the input; 1: no widening product
}

// efficientNetStem is the side of the stem's filters.
const efficientNetStem = 3

// bottleneck is one block, with the width that comes in.
type bottleneck struct {
	MBConv
	in    int
	first bool // of its stage: the only one that strides, and the only one without a residual
}

func (b bottleneck) inside() int { return b.in * b.Expand }

func (e EfficientNet) bottlenecks() []bottleneck {
	var list []bottleneck
	in := e.Stem
	for _, s := range e.Stages {
		for i := range s.Blocks {
			list = append(list, bottleneck{s, in, i == 0})
			in = s.Width
		}
	}
	return list
}

func (e EfficientNet) squeeze(b bottleneck) int { return max(1, int(float64(b.in)*e.Squeeze)) }

// Picture is the shape of one input.
func (e EfficientNet) Picture() kernels.Shape { return kernels.Shape{e.Image, e.Image, 3} }

// Embedding is the width of the result.
func (e EfficientNet) Embedding() int { return e.Stages[len(e.Stages)-1].Width }

// Summary describes the tower.
func (e EfficientNet) Summary() Summary {
	s := Summary{Kind: "efficientnet", Activation: e.Act.String(), ImageSize: e.Image}
	var widths, depths []int
	for _, stage := range e.Stages {
		widths, depths = append(widths, stage.Width), append(depths, stage.Blocks)
	}
	return s.staged(widths, depths)
}

// Check tells what is wrong with the configuration.
func (e EfficientNet) Check() error {
	err := first(
		between("the image size", e.Image, 1, maxPicture),
		between("the stem's width", e.Stem, 1, maxWidth),
		between("the number of stages", len(e.Stages), 1, 16),
	)
	if err == nil && !(e.Squeeze > 0 && e.Squeeze <= 1) {
		err = fmt.Errorf("tower: the share of squeeze-and-excite is %g, want more than 0 and at most 1", e.Squeeze)
	}
	for i, s := range e.Stages {
		err = first(err,
			between(fmt.Sprintf("the number of blocks of stage %d", i), s.Blocks, 1, maxLayers),
			between(fmt.Sprintf("the width of stage %d", i), s.Width, 1, maxWidth),
			between(fmt.Sprintf("the kernel of stage %d", i), s.Kernel, 1, 31),
			between(fmt.Sprintf("the stride of stage %d", i), s.Stride, 1, 2),
			between(fmt.Sprintf("the expansion of stage %d", i), s.Expand, 1, 64),
		)
		if err == nil && s.Kernel%2 == 0 {
			err = fmt.Errorf("tower: the kernel of stage %d is %d, want an odd number", i, s.Kernel)
		}
	}
	return err
}

// Params lists the weights.
func (e EfficientNet) Params() []Param {
	list := []Param{{"stem", kernels.Filter, kernels.Shape{e.Stem, efficientNetStem, efficientNetStem, 3}, true}}
	for i, b := range e.bottlenecks() {
		add := func(name string, role kernels.Role, shape ...int) {
			list = append(list, Param{fmt.Sprintf("block.%d.%s", i, name), role, shape, true})
		}
		if b.Expand > 1 {
			add("expand", kernels.Matrix, b.inside(), b.in)
		}
		add("depthwise", kernels.Filter, b.inside(), b.Kernel, b.Kernel, 1)
		add("squeeze", kernels.Matrix, e.squeeze(b), b.inside())
		add("excite", kernels.Matrix, b.inside(), e.squeeze(b))
		add("project", kernels.Matrix, b.Width, b.inside())
	}
	return list
}

// Record writes one forward pass over pictures [items, image, image, 3], normalised, as the graph's only input. Hidden
// states, if asked for: "block_I" after every block, and "tokens", the last of them.
func (e EfficientNet) Record(g *kernels.Graph, w Weights, items int, hidden bool) []Output {
	act := func(x kernels.Tensor) kernels.Tensor { return g.Act(x, e.Act) }
	x := g.Floats(items, e.Image, e.Image, 3)
	x = act(g.Conv2D(x, w.at("stem"), 2, 1, halving(efficientNetStem)))
	var blocks []kernels.Tensor
	for i, b := range e.bottlenecks() {
		at := func(name string) kernels.Weight { return w.at(fmt.Sprintf("block.%d.%s", i, name)) }
		y := x
		if b.Expand > 1 {
			y = act(g.Linear(y, at("expand")))
		}
		stride, pad := 1, kernels.Same(b.Kernel/2)
		if b.first && b.Stride == 2 {
			stride, pad = 2, halving(b.Kernel)
		}
		y = act(g.Conv2D(y, at("depthwise"), stride, b.inside(), pad))
		y = squeezeAndExcite(g, y, at("squeeze"), at("excite"), e.Act)
		y = g.Linear(y, at("project"))
		if !b.first {
			y = g.Add(y, x)
		}
		x = y
		blocks = append(blocks, g.Tokens(x))
	}
	outputs := project(g, w, 0, g.Mean(x))
	if hidden {
		outputs = append(withBlocks(outputs, blocks), Output{"tokens", g.Tokens(x)})
	}
	return outputs
}

// halving is TensorFlow's padding for odd kernels at stride 2 on even sizes, which ALIGN has on all sizes.
func halving(kernel int) kernels.Padding {
	before, behind := kernel/2-1, kernel/2
	return kernels.Padding{Top: before, Bottom: behind, Left: before, Right: behind}
}

// squeezeAndExcite scales every channel of a feature map by a gate that it computes from the channels' means (Hu et al.
// 2018).
func squeezeAndExcite(g *kernels.Graph, x kernels.Tensor, squeeze, excite kernels.Weight, act kernels.Act) kernels.Tensor {
	gate := g.Act(g.Linear(g.Mean(x), squeeze), act)
	gate = g.Act(g.Linear(gate, excite), kernels.Sigmoid)
	return g.Mul(x, g.Broadcast(gate, x))
}
