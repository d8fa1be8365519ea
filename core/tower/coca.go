package tower

import "github.com/goclip/goclip/kernels"

// CoCa (Yu et al. 2022) gives the text a class token of its own and pools the picture by attention. As open_clip
// computes both towers.

// classAttention is causal attention in which the class token, the last position, sees only some keys: rows lists them
// first, and lengths says how many they are. No other position sees the class token, for it comes after them.
func (t Text) classAttention(g *kernels.Graph, rows, lengths kernels.Ints) attention {
	return func(q, k, v kernels.Tensor) kernels.Tensor {
		last := q.Shape.Rows() - 1
		words := g.Attention(g.Rows(q, 0, last), g.Rows(k, 0, last), g.Rows(v, 0, last), t.Heads, t.Causal)
		class := g.AttentionWithin(g.Rows(q, last, last+1), g.Gather(k, rows), g.Gather(v, rows), t.Heads, false, lengths)
		return g.Concat(words, class)
	}
}

// classKeys writes the positions that the class token sees, then the others, and returns how many it sees. open_clip's
// build_cls_mask shifts the mask of the ids by one: position 0 is always seen, position j if id j-1 is no padding. An
// id that equals the padding's inside a text ("!" is 0) counts as padding there, and so it does here.
func (t Text) classKeys(ids []int32, rows []int32) int32 {
	seen := func(j int) bool { return j == 0 || ids[j-1] != t.Pad }
	n := 0
	for _, wanted := range []bool{true, false} {
		for j := range len(ids) + 1 {
			if seen(j) == wanted {
				rows[n] = int32(j)
				n++
			}
		}
	}
	count := int32(0)
	for j := range len(ids) + 1 {
		if seen(j) {
			count++
		}
	}
	return count
}

// AttentionPooler pools a picture's tokens with learned queries, of which the first one's result is the picture's.
type AttentionPooler struct {
	Queries, Heads int
}

func (a AttentionPooler) check(width int) error {
	return first(
		between("the number of pooling queries", a.Queries, 1, maxTokens),
		between("the number of pooling heads", a.Heads, 1, width),
	)
}

// params lists the weights; in is the tower's width, out the embedding's.
func (a AttentionPooler) params(in, out int) []Param {
	return []Param{
		{"pool.query", kernels.Vector, kernels.Shape{a.Queries, out}, false},
		{"pool.norm_q", kernels.Vector, kernels.Shape{out}, true},
		{"pool.norm_k", kernels.Vector, kernels.Shape{in}, true},
		{"pool.q", kernels.Matrix, kernels.Shape{out, out}, true},
		{"pool.k", kernels.Matrix, kernels.Shape{out, in}, true},
		{"pool.v", kernels.Matrix, kernels.Shape{out, in}, true},
		{"pool.out", kernels.Matrix, kernels.Shape{out, out}, true},
	}
}

// record gives the first query's result, [items, out].
func (a AttentionPooler) record(g *kernels.Graph, w Weights, x kernels.Tensor, eps float32) kernels.Tensor {
	query := g.Rows(g.Constant(w.at("pool.query"), x.Shape.Items()), 0, 1)
	q := g.Linear(g.LayerNorm(query, w.at("pool.norm_q"), eps), w.at("pool.q"))
	x = g.LayerNorm(x, w.at("pool.norm_k"), eps)
	y := g.Attention(q, g.Linear(x, w.at("pool.k")), g.Linear(x, w.at("pool.v")), a.Heads, false)
	return g.Token(g.Linear(y, w.at("pool.out")), 0)
}
