package tower

import (
	"math"

	"github.com/goclip/goclip/kernels"
)

// M2M100 is the encoder of a translation model as a text tower (Fan et al. 2020; NLLB Team 2022): bidirectional blocks over
// scaled word vectors and sinusoids, of which the first token, the language, stands for the text. Padding is not seen.
// open_clip's NLLB-CLIP has it.
type M2M100 struct {
	Transformer
	Vocabulary, Context int
	Pad                 int32
	Head                Head
}

// Length is the number of positions that texts are padded to; sinusoids have no end, so that Longest is the same.
func (m M2M100) Length() int { return m.Context }

// Longest is the number of positions.
func (m M2M100) Longest() int { return m.Context }

// Entries is the size of the vocabulary.
func (m M2M100) Entries() int { return m.Vocabulary }

// Embedding is the width of the result.
func (m M2M100) Embedding() int { return m.Head.Projection }

// Masked is true: padding is not seen.
func (m M2M100) Masked() bool { return true }

// Summary describes the tower.
func (m M2M100) Summary() Summary {
	s := m.summary("m2m_100")
	s.Context, s.Vocabulary = m.Context, m.Vocabulary
	return s
}

// Check tells what is wrong with the configuration.
func (m M2M100) Check() error {
	return first(
		m.check(),
		m.Head.check(),
		between("the width", m.Width, 4, maxWidth), // two sinusoids at least
		between("the vocabulary", m.Vocabulary, 1, maxEntries),
		between("the padding's id", int(m.Pad), 0, m.Vocabulary-1),
		between("the context length", m.Context, 1, maxTokens-int(m.Pad)-1),
	)
}

// positions is the number of rows of the table of sinusoids: padding has row Pad, and ids have those behind it.
func (m M2M100) positions() int { return int(m.Pad) + 1 + m.Context }

// Params lists the weights. "scale" and "position" follow from the configuration: see Scale and Sinusoids.
func (m M2M100) Params() []Param {
	list := []Param{
		{"token", kernels.Table, kernels.Shape{m.Vocabulary, m.Width}, false},
		{"scale", kernels.Vector, kernels.Shape{1, m.Width}, false},
		{"position", kernels.Table, kernels.Shape{m.positions(), m.Width}, false},
	}
	list = append(list, m.params()...)
	list = append(list, Param{"norm_after", kernels.Vector, kernels.Shape{m.Width}, true})
	return append(list, m.Head.params(m.Width)...)
}

// Scale is the factor of word vectors, the root of the width.
func (m M2M100) Scale() []float32 {
	values := make([]float32, m.Width)
	for i := range values {
		values[i] = float32(math.Sqrt(float64(m.Width)))
	}
	return values
}

// Sinusoids is the table of positions, in float32 as transformers computes it (M2M100SinusoidalPositionalEmbedding): the
// sines of all frequencies, then their cosines. Padding's row is zero.
func (m M2M100) Sinusoids() []float32 {
	half := m.Width / 2
	step := float32(math.Log(10000) / float64(half-1))
	table := make([]float32, m.positions()*m.Width)
	for p := range m.positions() {
		row := table[p*m.Width : (p+1)*m.Width]
		if p == int(m.Pad) {
			continue
		}
		for i := range half {
			angle := float32(p) * float32(math.Exp(float64(-step*float32(i))))
			row[i], row[half+i] = float32(math.Sin(float64(angle))), float32(math.Cos(float64(angle)))
		}
	}
	return table
}

// seen is how many ids of a text the tower looks at. A text of nothing but padding has one.
func (m M2M100) seen(text TextIDs) int { return BERT{Pad: m.Pad}.seen(text) }

// Needed is the number of ids that are seen.
func (m M2M100) Needed(text TextIDs) int { return m.seen(text) }

// Derived is the number of ids that are seen, and every id's position.
func (m M2M100) Derived(length int) []int { return []int{1, length} }

// Derive computes them.
func (m M2M100) Derive(text TextIDs, out [][]int32) {
	BERT{Pad: m.Pad, Counted: true}.Derive(text, out)
}

// Record writes one forward pass over ids [items, length]. Hidden states are those of [Text.Record].
func (m M2M100) Record(g *kernels.Graph, w Weights, items, length int, hidden bool) []Output {
	ids, seen, places := g.Ints(items, length), g.Ints(items), g.Ints(items, length)
	x := g.Embed(w.at("token"), ids)
	x = g.Mul(x, g.Broadcast(g.Constant(w.at("scale"), items), x))
	x = g.Add(x, g.Embed(w.at("position"), places))

	embedded := x
	blocks := m.record(g, w, x, func(q, k, v kernels.Tensor) kernels.Tensor { return g.AttentionWithin(q, k, v, m.Heads, false, seen) })
	x = blocks[len(blocks)-1]
	norm := func(x kernels.Tensor) kernels.Tensor { return g.LayerNorm(x, w.at("norm_after"), m.Eps) }
	outputs := m.Head.record(g, w, norm(g.Token(x, 0)))
	if hidden {
		penultimate := embedded
		if n := len(blocks); n > 1 {
			penultimate = blocks[n-2]
		}
		outputs = append(withBlocks(outputs, blocks), Output{"hidden_last", norm(x)}, Output{"hidden_penultimate", penultimate})
	}
	return outputs
}
