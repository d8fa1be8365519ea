package tower

import (
	"fmt"

	"github.com/goclip/goclip/kernels"
)

// LatentPooler pools tokens with one learned query and an MLP behind it: the MAP head of big_vision's ViT (Zhai et al.
// 2022), timm's AttentionPoolLatent. The query itself is neither normalised nor added to the result.
type LatentPooler struct {
	Heads, Hidden int // of the attention; the MLP's width
	Act           kernels.Act
	Eps           float32
}

func (l LatentPooler) check(width int) error {
	err := first(
		between("the number of pooling heads", l.Heads, 1, maxWidth),
		between("the pooling MLP's width", l.Hidden, 1, maxHidden),
	)
	if err == nil && width%l.Heads != 0 {
		err = fmt.Errorf("tower: width %d is not a multiple of %d pooling heads", width, l.Heads)
	}
	return err
}

func (l LatentPooler) params(width int) []Param {
	return []Param{
		{"pool.query", kernels.Vector, kernels.Shape{1, width}, false},
		{"pool.q", kernels.Matrix, kernels.Shape{width, width}, true},
		{"pool.kv", kernels.Matrix, kernels.Shape{2 * width, width}, true},
		{"pool.out", kernels.Matrix, kernels.Shape{width, width}, true},
		{"pool.norm", kernels.Vector, kernels.Shape{width}, true},
		{"pool.up", kernels.Matrix, kernels.Shape{l.Hidden, width}, true},
		{"pool.down", kernels.Matrix, kernels.Shape{width, l.Hidden}, true},
	}
}

// record gives [items, width].
func (l LatentPooler) record(g *kernels.Graph, w Weights, x kernels.Tensor) kernels.Tensor {
	return l.pool(g, w, x, func(q, k, v kernels.Tensor) kernels.Tensor { return g.Attention(q, k, v, l.Heads, false) })
}

// within is record over the first seen tokens only.
func (l LatentPooler) within(g *kernels.Graph, w Weights, x kernels.Tensor, seen kernels.Ints) kernels.Tensor {
	return l.pool(g, w, x, func(q, k, v kernels.Tensor) kernels.Tensor { return g.AttentionWithin(q, k, v, l.Heads, false, seen) })
}

func (l LatentPooler) pool(g *kernels.Graph, w Weights, x kernels.Tensor, attend attention) kernels.Tensor {
	q := g.Linear(g.Constant(w.at("pool.query"), x.Shape.Items()), w.at("pool.q"))
	kv := g.Split(g.Linear(x, w.at("pool.kv")), 2)
	y := g.Linear(attend(q, kv[0], kv[1]), w.at("pool.out"))

	// y += fc2(act(fc1(norm(y))))
	hidden := g.Act(g.Linear(g.LayerNorm(y, w.at("pool.norm"), l.Eps), w.at("pool.up")), l.Act)
	return g.Token(g.Add(y, g.Linear(hidden, w.at("pool.down"))), 0)
}
