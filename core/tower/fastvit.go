package tower

import (
	"fmt"

	"github.com/goclip/goclip/kernels"
)

// FastViT is the image tower of MobileCLIP (Vasu et al. 2023; fastvit_mci in timm) in its form for inference: the
// branches that a unit has in training are one convolution each, and a BatchNorm is part of the product beside it.
type FastViT struct {
	Image  int // side of the square picture
	Stages []FastViTStage
	// Eps is the epsilon of the LayerNorm before attention; 0: a BatchNorm was there, which is part of the weights.
	Eps   float32
	Final int // channels of the last feature map
	// Squeeze is the width of the last convolution's squeeze-and-excite.
	Squeeze int
	Head    Head
}

// FastViTStage is a stage of blocks that mix tokens by a small convolution, or by attention behind a convolution that
// gives positions.
type FastViTStage struct {
	Blocks, Width int
	Hidden        int // width of the MLPs between their products
	Attention     bool
	Squeeze       int // width of the squeeze-and-excite on the way into the stage; 0: none
}

// The sides of a FastViT's filters, and the width of an attention head.
const (
	fastViTStem      = 3
	fastViTMixer     = 3
	fastViTLarge     = 7 // between stages, in MLPs and for positions
	fastViTHeadWidth = 32
)

// Picture is the shape of one input.
func (f FastViT) Picture() kernels.Shape { return kernels.Shape{f.Image, f.Image, 3} }

// Embedding is the width of the result.
func (f FastViT) Embedding() int { return f.Head.Projection }

// Summary describes the tower.
func (f FastViT) Summary() Summary {
	s := Summary{Kind: "fastvit", Activation: kernels.GELU.String(), Epsilon: f.Eps, ImageSize: f.Image}
	var widths, depths []int
	for _, stage := range f.Stages {
		widths, depths = append(widths, stage.Width), append(depths, stage.Blocks)
		if stage.Attention {
			s.Heads = stage.Width / fastViTHeadWidth
		}
	}
	return s.staged(widths, depths)
}

// Check tells what is wrong with the configuration.
func (f FastViT) Check() error {
	err := first(
		between("the image size", f.Image, 1, maxPicture),
		between("the number of stages", len(f.Stages), 1, 8),
		between("the width of the last feature map", f.Final, 1, maxWidth),
		between("the last squeeze", f.Squeeze, 1, maxWidth),
		f.Head.check(),
	)
	if err == nil && !(f.Eps >= 0 && f.Eps < 1) {
		err = fmt.Errorf("tower: the LayerNorm epsilon is %g, want a small positive number", f.Eps)
	}
	for i, s := range f.Stages {
		err = first(err,
			between(fmt.Sprintf("the number of blocks of stage %d", i), s.Blocks, 1, maxLayers),
			between(fmt.Sprintf("the width of stage %d", i), s.Width, 1, maxWidth),
			between(fmt.Sprintf("the MLP's width of stage %d", i), s.Hidden, 1, maxHidden),
			between(fmt.Sprintf("the squeeze of stage %d", i), s.Squeeze, 0, maxWidth),
		)
		if err == nil && i > 0 && s.Width%f.Stages[i-1].Width != 0 {
			err = fmt.Errorf("tower: the width of stage %d is %d, not a multiple of the one before it, %d", i, s.Width, f.Stages[i-1].Width)
		}
		if err == nil && s.Attention && s.Width%fastViTHeadWidth != 0 {
			err = fmt.Errorf("tower: the width of stage %d is %d, not a multiple of a head's, %d", i, s.Width, fastViTHeadWidth)
		}
	}
	if err == nil && f.Final%f.last() != 0 {
		err = fmt.Errorf("tower: the last feature map has %d channels, not a multiple of %d", f.Final, f.last())
	}
	return err
}

// last is the width of the last stage.
func (f FastViT) last() int { return f.Stages[len(f.Stages)-1].Width }

// Params lists the weights.
func (f FastViT) Params() []Param {
	var list []Param
	add := func(name string, role kernels.Role, shape ...int) {
		list = append(list, Param{name, role, shape, true})
	}
	depthwise := func(name string, channels, side int) { add(name, kernels.Filter, channels, side, side, 1) }

	in := f.Stages[0].Width
	add("stem.0", kernels.Filter, in, fastViTStem, fastViTStem, 3)
	depthwise("stem.1", in, fastViTStem)
	add("stem.2", kernels.Matrix, in, in)
	for i, s := range f.Stages {
		stage := fmt.Sprintf("stage.%d.", i)
		if i > 0 {
			depthwise(stage+"large", s.Width, fastViTLarge)
			if s.Squeeze > 0 {
				add(stage+"squeeze", kernels.Matrix, s.Squeeze, s.Width)
				add(stage+"excite", kernels.Matrix, s.Width, s.Squeeze)
			}
			add(stage+"point", kernels.Matrix, s.Width, s.Width)
		}
		if s.Attention {
			depthwise(stage+"position", s.Width, fastViTLarge)
		}
		for j := range s.Blocks {
			block := fmt.Sprintf("%s%d.", stage, j)
			if s.Attention {
				if f.Eps > 0 {
					add(block+"norm", kernels.Vector, s.Width)
				}
				list = append(list, Param{block + "qkv", kernels.Matrix, kernels.Shape{3 * s.Width, s.Width}, f.Eps == 0})
				add(block+"out", kernels.Matrix, s.Width, s.Width)
			} else {
				depthwise(block+"mixer", s.Width, fastViTMixer)
			}
			depthwise(block+"conv", s.Width, fastViTLarge)
			add(block+"up", kernels.Matrix, s.Hidden, s.Width)
			add(block+"down", kernels.Matrix, s.Width, s.Hidden)
		}
	}
	depthwise("final", f.Final, fastViTMixer)
	add("squeeze", kernels.Matrix, f.Squeeze, f.Final)
	add("excite", kernels.Matrix, f.Final, f.Squeeze)
	return append(list, f.Head.params(f.Final)...)
}

// Record writes one forward pass over pictures [items, image, image, 3], normalised, as the graph's only input. Hidden
// states, if asked for: "block_I" after every block, and "tokens", the last feature map.
func (f FastViT) Record(g *kernels.Graph, w Weights, items int, hidden bool) []Output {
	gelu := func(x kernels.Tensor) kernels.Tensor { return g.Act(x, kernels.GELU) }
	depthwise := func(x kernels.Tensor, name string, stride int) kernels.Tensor {
		weight := w.at(name)
		return g.Conv2D(x, weight, stride, x.Shape.Width(), kernels.Same(weight.Shape[1]/2))
	}
	x := g.Floats(items, f.Image, f.Image, 3)
	x = gelu(g.Conv2D(x, w.at("stem.0"), 2, 1, kernels.Same(fastViTStem/2)))
	x = gelu(depthwise(x, "stem.1", 2))
	x = gelu(g.Linear(x, w.at("stem.2")))
	var blocks []kernels.Tensor
	for i, s := range f.Stages {
		stage := fmt.Sprintf("stage.%d.", i)
		if i > 0 {
			x = depthwise(x, stage+"large", 2)
			if s.Squeeze > 0 {
				x = squeezeAndExcite(g, x, w.at(stage+"squeeze"), w.at(stage+"excite"), kernels.ReLU)
			}
			x = gelu(g.Linear(gelu(x), w.at(stage+"point")))
		}
		if s.Attention {
			x = depthwise(x, stage+"position", 1)
		}
		for j := range s.Blocks {
			block := fmt.Sprintf("%s%d.", stage, j)
			if s.Attention {
				x = f.attend(g, w, x, block)
			} else {
				x = depthwise(x, block+"mixer", 1)
			}
			y := gelu(g.Linear(depthwise(x, block+"conv", 1), w.at(block+"up")))
			x = g.Add(x, g.Linear(y, w.at(block+"down")))
			blocks = append(blocks, g.Tokens(x))
		}
	}
	x = depthwise(x, "final", 1)
	x = gelu(squeezeAndExcite(g, x, w.at("squeeze"), w.at("excite"), kernels.ReLU))
	outputs := f.Head.record(g, w, g.Mean(x))
	if hidden {
		outputs = append(withBlocks(outputs, blocks), Output{"tokens", g.Tokens(x)})
	}
	return outputs
}

// attend lets the pixels of a feature map look at each other.
func (f FastViT) attend(g *kernels.Graph, w Weights, x kernels.Tensor, block string) kernels.Tensor {
	y := g.Tokens(x)
	if f.Eps > 0 {
		y = g.LayerNorm(y, w.at(block+"norm"), f.Eps)
	}
	qkv := g.Split(g.Linear(y, w.at(block+"qkv")), 3)
	y = g.Attention(qkv[0], qkv[1], qkv[2], x.Shape.Width()/fastViTHeadWidth, false)
	return g.Add(x, g.Grid(g.Linear(y, w.at(block+"out")), x.Shape[1], x.Shape[2]))
}
