package tower

import (
	"fmt"

	"github.com/goclip/goclip/kernels"
)

// BERT is a text tower of bidirectional attention blocks with the normalisation behind each branch (Devlin et al. 2018),
// as ALIGN, Chinese-CLIP and open_clip's RoBERTa and XLM-R models have it. Padding is not seen.
type BERT struct {
	Width, Layers, Heads int
	Hidden               int // width of the MLP between its two products
	Act                  kernels.Act
	Eps                  float32 // of every LayerNorm

	Vocabulary int
	Positions  int // rows of the position table
	Types      int // rows of the token type table, of which only the first is used
	Context    int // positions that texts are padded to
	Pad        int32
	// Counted: positions count the ids that are no padding, from Pad+1, and padding has position Pad: RoBERTa (Liu et al.
	// 2019). Otherwise they count all ids from 0.
	Counted bool
	// Mean pools the mean of the ids that are seen; otherwise the first one stands for the text.
	Mean bool
	Head Head
}

// Length is the number of positions that texts are padded to.
func (b BERT) Length() int { return b.Context }

// Longest is the number of positions that the table has.
func (b BERT) Longest() int {
	if b.Counted {
		return b.Positions - int(b.Pad) - 1
	}
	return b.Positions
}

// Entries is the size of the vocabulary.
func (b BERT) Entries() int { return b.Vocabulary }

// Embedding is the width of the result.
func (b BERT) Embedding() int { return b.Head.Projection }

// Masked is true: padding is not seen.
func (b BERT) Masked() bool { return true }

// Summary describes the tower.
func (b BERT) Summary() Summary {
	return Summary{Kind: "bert", Width: b.Width, Layers: b.Layers, Heads: b.Heads, MLP: b.Hidden, Activation: b.Act.String(),
		Epsilon: b.Eps, Context: b.Context, Vocabulary: b.Vocabulary}
}

// Check tells what is wrong with the configuration.
func (b BERT) Check() error {
	err := first(
		Transformer{Width: b.Width, Layers: b.Layers, Heads: b.Heads, Hidden: b.Hidden, Act: b.Act, Eps: b.Eps}.check(),
		b.Head.check(),
		between("the vocabulary", b.Vocabulary, 1, maxEntries),
		between("the padding's id", int(b.Pad), 0, b.Vocabulary-1),
		between("the number of token types", b.Types, 1, maxEntries),
		between("the number of positions", b.Positions, 1, maxTokens),
	)
	if err == nil {
		err = between("the context length", b.Context, 1, b.Longest())
	}
	return err
}

// Params lists the weights.
func (b BERT) Params() []Param {
	position := kernels.Vector
	if b.Counted {
		position = kernels.Table
	}
	list := []Param{
		{"token", kernels.Table, kernels.Shape{b.Vocabulary, b.Width}, false},
		{"position", position, kernels.Shape{b.Positions, b.Width}, false},
		{"type", kernels.Vector, kernels.Shape{1, b.Width}, false},
		{"norm_before", kernels.Vector, kernels.Shape{b.Width}, true},
	}
	for i := range b.Layers {
		add := func(name string, role kernels.Role, shape ...int) {
			list = append(list, Param{fmt.Sprintf("block.%d.%s", i, name), role, shape, true})
		}
		add("qkv", kernels.Matrix, 3*b.Width, b.Width)
		add("out", kernels.Matrix, b.Width, b.Width)
		add("norm1", kernels.Vector, b.Width)
		add("up", kernels.Matrix, b.Hidden, b.Width)
		add("down", kernels.Matrix, b.Width, b.Hidden)
		add("norm2", kernels.Vector, b.Width)
	}
	return append(list, b.Head.params(b.Width)...)
}

// seen is how many ids of a text the tower looks at. A text of nothing but padding has one.
func (b BERT) seen(text TextIDs) int {
	if text.Seen > 0 {
		return text.Seen
	}
	for i := len(text.IDs); i > 1; i-- {
		if text.IDs[i-1] != b.Pad {
			return i
		}
	}
	return 1
}

// Needed is the number of ids that are seen.
func (b BERT) Needed(text TextIDs) int { return b.seen(text) }

// Derived is the number of ids that are seen, and every id's position if these are counted.
func (b BERT) Derived(length int) []int {
	if b.Counted {
		return []int{1, length}
	}
	return []int{1}
}

// Derive computes them.
func (b BERT) Derive(text TextIDs, out [][]int32) {
	out[0][0] = int32(b.seen(text))
	if !b.Counted {
		return
	}
	at := b.Pad
	for i := range out[1] {
		out[1][i] = b.Pad
		if text.IDs[i] != b.Pad {
			at++
			out[1][i] = at
		}
	}
}

// Record writes one forward pass over ids [items, length]. Hidden states, if asked for: "block_I" after every block,
// "hidden_last", the last one, and "hidden_penultimate", the last but one.
func (b BERT) Record(g *kernels.Graph, w Weights, items, length int, hidden bool) []Output {
	ids, seen := g.Ints(items, length), g.Ints(items)
	x := g.Embed(w.at("token"), ids)
	if b.Counted {
		x = g.Add(x, g.Embed(w.at("position"), g.Ints(items, length)))
	} else {
		x = g.Add(x, g.Rows(g.Constant(w.at("position"), items), 0, length))
	}
	x = g.Add(x, g.Broadcast(g.Constant(w.at("type"), items), x))
	x = g.LayerNorm(x, w.at("norm_before"), b.Eps)

	embedded := x
	blocks := make([]kernels.Tensor, b.Layers)
	for i := range blocks {
		at := func(name string) kernels.Weight { return w.at(fmt.Sprintf("block.%d.%s", i, name)) }

		// x = LayerNorm(x + dense(attention(x)))
		qkv := g.Split(g.Linear(x, at("qkv")), 3)
		attended := g.AttentionWithin(qkv[0], qkv[1], qkv[2], b.Heads, false, seen)
		x = g.LayerNorm(g.Add(x, g.Linear(attended, at("out"))), at("norm1"), b.Eps)

		// x = LayerNorm(x + output(act(intermediate(x))))
		inner := g.Act(g.Linear(x, at("up")), b.Act)
		x = g.LayerNorm(g.Add(x, g.Linear(inner, at("down"))), at("norm2"), b.Eps)
		blocks[i] = x
	}
	pooled := g.Token(x, 0)
	if b.Mean {
		pooled = g.MeanWithin(x, seen)
	}
	outputs := b.Head.record(g, w, pooled)
	if hidden {
		penultimate := embedded
		if n := len(blocks); n > 1 {
			penultimate = blocks[n-2]
		}
		outputs = append(withBlocks(outputs, blocks), Output{"hidden_last", x}, Output{"hidden_penultimate", penultimate})
	}
	return outputs
}
