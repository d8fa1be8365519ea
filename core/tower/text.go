package tower

import "github.com/goclip/goclip/kernels"

// TextPool says which position stands for a text.
type TextPool uint8

const (
	// LargestID takes the first position of the largest id: the end token of CLIP's vocabulary has the largest.
	LargestID TextPool = iota
	// EndToken takes the first position that holds the end token's id.
	EndToken
	// FirstToken takes position 0.
	FirstToken
	// LastToken takes the last position of the context, padding or not.
	LastToken
)

// Text is CLIP's text tower (Radford et al. 2021), with the switches that open_clip has for it.
type Text struct {
	Transformer
	Vocabulary, Context int
	Causal              bool
	Pool                TextPool
	End                 int32 // the id that EndToken looks for
	// NormAfterPool normalises the pooled vector only; the same unless hidden states are asked for.
	NormAfterPool bool
	// ClassEmbedding puts a learned token behind the text, which is pooled: CoCa. Padding, Pad, is not seen.
	ClassEmbedding bool
	Pad            int32
	Projection     int // width of the embedding; 0: no projection
	ProjectionBias bool
}

// Length is the number of positions.
func (t Text) Length() int { return t.Context }

// Longest is the number of positions.
func (t Text) Longest() int { return t.Context }

// Masked is false: padding behind the pooled token is not seen if the tower is causal, and seen if it is not.
func (t Text) Masked() bool { return false }

// Entries is the size of the vocabulary.
func (t Text) Entries() int { return t.Vocabulary }

// Embedding is the width of the result.
func (t Text) Embedding() int {
	if t.Projection > 0 {
		return t.Projection
	}
	return t.Width
}

// Check tells what is wrong with the configuration.
func (t Text) Check() error {
	return first(
		t.check(),
		between("the vocabulary", t.Vocabulary, 1, maxEntries),
		between("the context length", t.Context, 1, maxTokens),
		between("the projection", t.Projection, 0, maxWidth),
	)
}

// Params lists the weights.
func (t Text) Params() []Param {
	list := []Param{
		{"token", kernels.Table, kernels.Shape{t.Vocabulary, t.Width}, false},
	}
	positions := t.Context
	if t.ClassEmbedding {
		positions++
		list = append(list, Param{"class", kernels.Vector, kernels.Shape{t.Width}, false})
	}
	list = append(list, Param{"position", kernels.Vector, kernels.Shape{positions, t.Width}, false})
	list = append(list, t.params()...)
	list = append(list, Param{"norm_after", kernels.Vector, kernels.Shape{t.Width}, true})
	if t.Projection > 0 {
		list = append(list, Param{"projection", kernels.Matrix, kernels.Shape{t.Projection, t.Width}, t.ProjectionBias})
	}
	return list
}

// gathers reports whether the pooled position depends on the text.
func (t Text) gathers() bool {
	return !t.ClassEmbedding && (t.Pool == LargestID || t.Pool == EndToken)
}

// Needed counts the positions up to the pooled one where the causal mask keeps the others from being seen.
func (t Text) Needed(text TextIDs) int {
	if t.Causal && t.gathers() {
		return t.position(text.IDs) + 1
	}
	return len(text.IDs)
}

// position is the position that stands for a text, given its ids with padding.
func (t Text) position(ids []int32) int {
	at := 0
	for i, id := range ids {
		if t.Pool == EndToken && id == t.End {
			return i
		}
		if t.Pool == LargestID && id > ids[at] {
			at = i
		}
	}
	// Without an end token position 0, like the reference's argmax over a comparison that is false everywhere.
	return at
}

// Derived is one pooled position a text, or, with a class embedding, the order of its keys and how many each query sees.
func (t Text) Derived(length int) []int {
	switch {
	case t.ClassEmbedding:
		return []int{length + 1, length + 1}
	case t.gathers():
		return []int{1}
	}
	return nil
}

// Derive computes them.
func (t Text) Derive(text TextIDs, out [][]int32) {
	switch {
	case t.ClassEmbedding:
		t.classKeys(text.IDs, out[0], out[1])
	case t.gathers():
		out[0][0] = int32(t.position(text.IDs))
	}
}

// Record writes one forward pass over ids [items, length]. Hidden states, if asked for: "block_I" after every block,
// "hidden_last" (every position after the final LayerNorm), "hidden_penultimate" (the last but one block's output) and
// "hidden_penultimate_normed" (the same after the final LayerNorm).
func (t Text) Record(g *kernels.Graph, w Weights, items, length int, hidden bool) []Output {
	x := g.Embed(w.at("token"), g.Ints(items, length))
	attend := func(q, k, v kernels.Tensor) kernels.Tensor { return g.Attention(q, k, v, t.Heads, t.Causal) }
	if t.ClassEmbedding {
		x = g.Concat(x, g.Constant(w.at("class"), items))
		attend = t.classAttention(g, g.Ints(items, length+1), g.Ints(items, length+1))
	}
	x = g.Add(x, g.Rows(g.Constant(w.at("position"), items), 0, x.Shape.Rows()))
	embedded := x
	blocks := t.record(g, w, x, attend)
	x = blocks[len(blocks)-1]
	norm := func(x kernels.Tensor) kernels.Tensor { return g.LayerNorm(x, w.at("norm_after"), t.Eps) }
	outputs := project(g, w, t.Projection, norm(t.pool(g, x, items)))
	if hidden {
		penultimate := embedded
		if n := len(blocks); n > 1 {
			penultimate = blocks[n-2]
		}
		outputs = append(withBlocks(outputs, blocks), Output{"hidden_last", norm(x)}, Output{"hidden_penultimate", penultimate},
			Output{"hidden_penultimate_normed", norm(penultimate)})
	}
	return outputs
}

func (t Text) pool(g *kernels.Graph, x kernels.Tensor, items int) kernels.Tensor {
	switch {
	case t.ClassEmbedding, t.Pool == LastToken:
		return g.Token(x, x.Shape.Rows()-1)
	case t.Pool == FirstToken:
		return g.Token(x, 0)
	}
	return g.Gather(x, g.Ints(items))
}
