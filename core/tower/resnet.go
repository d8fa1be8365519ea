package tower

import (
	"fmt"

	"github.com/goclip/goclip/kernels"
)

// ResNet is the image tower of OpenAI's RN models (Radford et al. 2021, clip/model.py's ModifiedResNet): a ResNet with a
// stem of three convolutions, average pooling wherever a stride would be, and attention pooling at the end. Every
// convolution has a BatchNorm behind it in the checkpoint, which is part of the weights here.
type ResNet struct {
	Image      int   // side of the square picture
	Width      int   // channels of the first stage's inner convolutions; the last feature map has 32 times as many
	Depths     []int // blocks of the four stages
	Heads      int   // of the attention pooling
	Projection int   // width of the embedding
}

// resNetExpansion is how much wider a block's result is than its inner convolutions.
const resNetExpansion = 4

// inner is the width of a stage's inner convolutions.
func (r ResNet) inner(stage int) int { return r.Width << stage }

// channels is the width of the last feature map.
func (r ResNet) channels() int { return resNetExpansion * r.inner(3) }

// tokens is the number of pixels of the last feature map.
func (r ResNet) tokens() int { return (r.Image / shrinking) * (r.Image / shrinking) }

// Picture is the shape of one input.
func (r ResNet) Picture() kernels.Shape { return kernels.Shape{r.Image, r.Image, 3} }

// Embedding is the width of the result.
func (r ResNet) Embedding() int { return r.Projection }

// Summary describes the tower.
func (r ResNet) Summary() Summary {
	s := Summary{Kind: "resnet", Heads: r.Heads, Activation: kernels.ReLU.String(), ImageSize: r.Image}
	var widths []int
	for stage := range r.Depths {
		widths = append(widths, resNetExpansion*r.inner(stage))
	}
	return s.staged(widths, r.Depths)
}

// Check tells what is wrong with the configuration.
func (r ResNet) Check() error {
	err := first(
		between("the number of stages", len(r.Depths), 4, 4),
		between("the width", r.Width, 2, maxWidth/shrinking),
		between("the image size", r.Image, shrinking, maxPicture),
		between("the number of heads", r.Heads, 1, maxWidth),
		between("the projection", r.Projection, 1, maxWidth),
		checkDepths(r.Depths),
	)
	if err == nil && r.Width%2 != 0 {
		err = fmt.Errorf("tower: the width is %d, want an even number", r.Width)
	}
	if err == nil && r.Image%shrinking != 0 {
		err = fmt.Errorf("tower: the image size is %d, want a multiple of %d", r.Image, shrinking)
	}
	if err == nil && r.channels()%r.Heads != 0 {
		err = fmt.Errorf("tower: %d channels are not a multiple of %d heads", r.channels(), r.Heads)
	}
	return err
}

// Params lists the weights.
func (r ResNet) Params() []Param {
	var list []Param
	add := func(name string, role kernels.Role, shape ...int) {
		list = append(list, Param{name, role, shape, true})
	}
	add("stem.1", kernels.Filter, r.Width/2, 3, 3, 3)
	add("stem.2", kernels.Filter, r.Width/2, 3, 3, r.Width/2)
	add("stem.3", kernels.Filter, r.Width, 3, 3, r.Width/2)
	in := r.Width
	for stage, depth := range r.Depths {
		inner := r.inner(stage)
		out := resNetExpansion * inner
		for i := range depth {
			block := fmt.Sprintf("stage.%d.%d.", stage, i)
			add(block+"reduce", kernels.Matrix, inner, in)
			add(block+"conv", kernels.Filter, inner, 3, 3, inner)
			add(block+"expand", kernels.Matrix, out, inner)
			if i == 0 {
				add(block+"shortcut", kernels.Matrix, out, in)
			}
			in = out
		}
	}
	list = append(list, Param{"position", kernels.Vector, kernels.Shape{r.tokens() + 1, in}, false})
	add("pool.q", kernels.Matrix, in, in)
	add("pool.kv", kernels.Matrix, 2*in, in)
	add("projection", kernels.Matrix, r.Projection, in)
	return list
}

// Record writes one forward pass over pictures [items, image, image, 3], normalised, as the graph's only input. Hidden
// states, if asked for: "block_I" after every block, and "tokens", the last of them, before the pooling.
func (r ResNet) Record(g *kernels.Graph, w Weights, items int, hidden bool) []Output {
	relu := func(x kernels.Tensor) kernels.Tensor { return g.Act(x, kernels.ReLU) }
	x := g.Floats(items, r.Image, r.Image, 3)
	x = relu(g.Conv2D(x, w.at("stem.1"), 2, 1, kernels.Same(1)))
	x = relu(g.Conv2D(x, w.at("stem.2"), 1, 1, kernels.Same(1)))
	x = relu(g.Conv2D(x, w.at("stem.3"), 1, 1, kernels.Same(1)))
	x = g.Pool(x, 2, 2)
	var blocks []kernels.Tensor
	for stage, depth := range r.Depths {
		for i := range depth {
			at := func(name string) kernels.Weight { return w.at(fmt.Sprintf("stage.%d.%d.%s", stage, i, name)) }
			// The first block of a later stage halves the map, in the branch behind its second convolution.
			halved := func(x kernels.Tensor) kernels.Tensor {
				if stage > 0 && i == 0 {
					return g.Pool(x, 2, 2)
				}
				return x
			}
			y := relu(g.Linear(x, at("reduce")))
			y = relu(g.Conv2D(y, at("conv"), 1, 1, kernels.Same(1)))
			y = g.Linear(halved(y), at("expand"))
			if i == 0 {
				x = g.Linear(halved(x), at("shortcut"))
			}
			x = relu(g.Add(y, x))
			blocks = append(blocks, g.Tokens(x))
		}
	}
	tokens := g.Tokens(x)
	outputs := project(g, w, r.Projection, r.pool(g, w, tokens))
	if hidden {
		outputs = append(withBlocks(outputs, blocks), Output{"tokens", tokens})
	}
	return outputs
}

// pool lets the mean of the map look at all of its pixels and at itself.
func (r ResNet) pool(g *kernels.Graph, w Weights, x kernels.Tensor) kernels.Tensor {
	x = g.Concat(g.Sequence(g.Mean(x)), x)
	x = g.Add(x, g.Constant(w.at("position"), x.Shape.Items()))
	kv := g.Split(g.Linear(x, w.at("pool.kv")), 2)
	q := g.Linear(g.Rows(x, 0, 1), w.at("pool.q"))
	return g.Token(g.Attention(q, kv[0], kv[1], r.Heads, false), 0)
}
