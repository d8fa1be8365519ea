package tower

import "github.com/goclip/goclip/kernels"

// CoCa (Yu et al. 2022) gives the text a class token of its own and pools the picture by attention. As open_clip
// computes both towers.

// classAttention is attention under open_clip's mask for CoCa: causal, and no query sees padding. rows lists the keys
// that may be seen first, lengths says how many of them each query sees.
func (t Text) classAttention(g *kernels.Graph, rows, lengths kernels.Ints) attention {
	return func(q, k, v kernels.Tensor) kernels.Tensor {
		return g.AttentionWithin(q, g.Gather(k, rows), g.Gather(v, rows), t.Heads, false, lengths)
	}
}

// classKeys writes the keys in the order of their use: those that may be seen first; and for every query how many of
// them it sees. The released weights were trained with a mask that is shifted by one, and so it stays: key 0 may always
// be seen, key j if id j-1 is no padding. An id inside the text that equals the padding's ("!" is 0) counts as padding.
func (t Text) classKeys(ids []int32, rows, lengths []int32) {
	may := func(j int) bool { return j == 0 || ids[j-1] != t.Pad }
	n := 0
	for j := range rows {
		if may(j) {
			rows[n] = int32(j)
			n++
		}
		lengths[j] = int32(n) // those up to the query itself
	}
	total := int32(n)
	for j := range rows {
		if !may(j) {
			rows[n] = int32(j)
			n++
		}
		if !t.Causal {
			lengths[j] = total
		}
	}
}

// AttentionPooler pools a picture's tokens with learned queries, of which the first one's result is the picture's.
type AttentionPooler struct {
	Queries, Heads int
	Eps            float32 // of its two LayerNorms, whatever the tower's is
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
func (a AttentionPooler) record(g *kernels.Graph, w Weights, x kernels.Tensor) kernels.Tensor {
	query := g.Rows(g.Constant(w.at("pool.query"), x.Shape.Items()), 0, 1)
	q := g.Linear(g.LayerNorm(query, w.at("pool.norm_q"), a.Eps), w.at("pool.q"))
	x = g.LayerNorm(x, w.at("pool.norm_k"), a.Eps)
	y := g.Attention(q, g.Linear(x, w.at("pool.k")), g.Linear(x, w.at("pool.v")), a.Heads, false)
	return g.Token(g.Linear(y, w.at("pool.out")), 0)
}
