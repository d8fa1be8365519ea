package tower

import (
	"fmt"

	"github.com/goclip/goclip/kernels"
)

// Transformer is the stack of pre-norm residual attention blocks that image and text towers share: Vaswani et al. 2017
// with the normalisation before each branch, as in GPT-2 and ViT.
type Transformer struct {
	Width, Layers, Heads int
	Hidden               int // width of the MLP between its two products
	Act                  kernels.Act
	Eps                  float32 // of every LayerNorm in the tower

	// PostNorm normalises what a branch adds, not what goes into it: EVA02-E.
	PostNorm bool
	// Gated makes the MLP fc2(norm(act(gate(x)) · fc1(x))), and puts a LayerNorm between attention and its product: EVA02's
	// SwiGLU blocks with sub-LayerNorm (Fang et al. 2023).
	Gated bool
}

func (t Transformer) check() error {
	err := first(
		between("width", t.Width, 1, maxWidth),
		between("the number of layers", t.Layers, 1, maxLayers),
		between("the number of heads", t.Heads, 1, maxWidth),
		between("the MLP's width", t.Hidden, 1, maxHidden),
	)
	if err == nil && t.Width%t.Heads != 0 {
		err = fmt.Errorf("tower: width %d is not a multiple of %d heads", t.Width, t.Heads)
	}
	if err == nil && !(t.Eps > 0 && t.Eps < 1) {
		err = fmt.Errorf("tower: the LayerNorm epsilon is %g, want a small positive number", t.Eps)
	}
	return err
}

func (t Transformer) params() []Param {
	var list []Param
	for i := range t.Layers {
		add := func(name string, role kernels.Role, shape ...int) {
			list = append(list, Param{fmt.Sprintf("block.%d.%s", i, name), role, shape, true})
		}
		add("norm1", kernels.Vector, t.Width)
		add("qkv", kernels.Matrix, 3*t.Width, t.Width)
		add("out", kernels.Matrix, t.Width, t.Width)
		add("norm2", kernels.Vector, t.Width)
		if t.Gated {
			add("norm_heads", kernels.Vector, t.Width)
			add("gate", kernels.Matrix, t.Hidden, t.Width)
			add("norm_gated", kernels.Vector, t.Hidden)
		}
		add("up", kernels.Matrix, t.Hidden, t.Width)
		add("down", kernels.Matrix, t.Width, t.Hidden)
	}
	return list
}

// attention joins queries, keys and values, all [items, tokens, width].
type attention func(q, k, v kernels.Tensor) kernels.Tensor

// record writes all blocks and returns each one's output.
func (t Transformer) record(g *kernels.Graph, w Weights, x kernels.Tensor, attend attention) []kernels.Tensor {
	blocks := make([]kernels.Tensor, t.Layers)
	for i := range blocks {
		at := func(name string) kernels.Weight { return w.at(fmt.Sprintf("block.%d.%s", i, name)) }
		norm := func(x kernels.Tensor, name string) kernels.Tensor { return g.LayerNorm(x, at(name), t.Eps) }
		// branch is x + f(norm(x)), or x + norm(f(x)).
		branch := func(name string, f func(x kernels.Tensor) kernels.Tensor) {
			if t.PostNorm {
				x = g.Add(x, norm(f(x), name))
			} else {
				x = g.Add(x, f(norm(x, name)))
			}
		}

		// x += out_proj(attention(ln_1(x)))
		branch("norm1", func(x kernels.Tensor) kernels.Tensor {
			qkv := g.Split(g.Linear(x, at("qkv")), 3)
			x = attend(qkv[0], qkv[1], qkv[2])
			if t.Gated {
				x = norm(x, "norm_heads")
			}
			return g.Linear(x, at("out"))
		})
		// x += c_proj(act(c_fc(ln_2(x))))
		branch("norm2", func(x kernels.Tensor) kernels.Tensor {
			hidden := g.Linear(x, at("up"))
			if t.Gated {
				gate := g.Act(g.Linear(x, at("gate")), t.Act)
				return g.Linear(norm(g.Mul(gate, hidden), "norm_gated"), at("down"))
			}
			return g.Linear(g.Act(hidden, t.Act), at("down"))
		})
		blocks[i] = x
	}
	return blocks
}

// withBlocks appends the blocks' outputs.
func withBlocks(outputs []Output, blocks []kernels.Tensor) []Output {
	for i, b := range blocks {
		outputs = append(outputs, Output{fmt.Sprintf("block_%d", i), b})
	}
	return outputs
}

// project multiplies pooled features with the projection, if the tower has one, and names both results.
func project(g *kernels.Graph, w Weights, width int, x kernels.Tensor) []Output {
	if width > 0 {
		x = g.Linear(x, w.at("projection"))
	}
	return []Output{{"features", x}, {"embeds", g.Normalize(x)}}
}
