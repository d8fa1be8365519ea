package tower_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/kernels"
)

func smallViT() tower.ViT {
	return tower.ViT{
		Transformer: tower.Transformer{Width: 8, Layers: 2, Heads: 2, Hidden: 16, Act: kernels.GELU, Eps: 1e-5},
		Image:       9, Patch: 4, NormBefore: true, Projection: 6,
	}
}

func smallText() tower.Text {
	return tower.Text{
		Transformer: tower.Transformer{Width: 8, Layers: 2, Heads: 2, Hidden: 16, Act: kernels.QuickGELU, Eps: 1e-5},
		Vocabulary:  20, Context: 7, Causal: true, Projection: 6,
	}
}

// record plans a tower with weights that only have shapes: every weight that Record reads must be among Params.
func record(t *testing.T, params []tower.Param, f func(g *kernels.Graph, w tower.Weights) []tower.Output) []tower.Output {
	t.Helper()
	weights := tower.Weights{}
	for i, p := range params {
		require.NotContains(t, weights, p.Name)
		weights[p.Name] = kernels.Weight{ID: i + 1, Role: p.Role, Shape: p.Shape, Bias: p.Bias}
	}
	g := kernels.NewGraph()
	outputs := f(g, weights)
	tensors := make([]kernels.Tensor, len(outputs))
	for i, o := range outputs {
		tensors[i] = o.Tensor
	}
	_, err := kernels.Footprint(g, tensors...)
	require.NoError(t, err)
	return outputs
}

func shapes(outputs []tower.Output) map[string]kernels.Shape {
	m := map[string]kernels.Shape{}
	for _, o := range outputs {
		m[o.Name] = o.Tensor.Shape
	}
	return m
}

func TestViTRecordsEveryVariant(t *testing.T) {
	for name, change := range map[string]func(v *tower.ViT){
		"class token":        func(v *tower.ViT) {},
		"patch mean":         func(v *tower.ViT) { v.Pool = tower.PatchMean },
		"norm after":         func(v *tower.ViT) { v.Pool, v.NormAfterPool, v.NormBefore = tower.PatchMean, true, false },
		"no projection":      func(v *tower.ViT) { v.Projection = 0 },
		"convolutional stem": func(v *tower.ViT) { v.Stem, v.PatchPositions, v.NormalTokens = []int{3, 4}, true, true },
		"attention pool": func(v *tower.ViT) {
			v.Pool, v.Pooler = tower.AttentionPool, tower.AttentionPooler{Queries: 3, Heads: 2}
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := smallViT()
			change(&v)
			require.NoError(t, v.Check())
			got := shapes(record(t, v.Params(), func(g *kernels.Graph, w tower.Weights) []tower.Output { return v.Record(g, w, 3, true) }))
			require.Equal(t, map[string]kernels.Shape{"features": {3, v.Embedding()}, "embeds": {3, v.Embedding()},
				"block_0": {3, 5, 8}, "block_1": {3, 5, 8}, "tokens": {3, 5, 8}}, got)
		})
	}
}

func TestTextRecordsEveryVariant(t *testing.T) {
	for name, change := range map[string]func(v *tower.Text){
		"largest id":    func(v *tower.Text) {},
		"end token":     func(v *tower.Text) { v.Pool = tower.EndToken },
		"first token":   func(v *tower.Text) { v.Pool, v.Causal = tower.FirstToken, false },
		"last token":    func(v *tower.Text) { v.Pool = tower.LastToken },
		"biased":        func(v *tower.Text) { v.ProjectionBias = true },
		"no projection": func(v *tower.Text) { v.Projection = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			v := smallText()
			change(&v)
			require.NoError(t, v.Check())
			got := shapes(record(t, v.Params(), func(g *kernels.Graph, w tower.Weights) []tower.Output { return v.Record(g, w, 3, 5, true) }))
			require.Equal(t, map[string]kernels.Shape{"features": {3, v.Embedding()}, "embeds": {3, v.Embedding()},
				"block_0": {3, 5, 8}, "block_1": {3, 5, 8}, "hidden_last": {3, 5, 8}, "hidden_penultimate": {3, 5, 8},
				"hidden_penultimate_normed": {3, 5, 8}}, got)
		})
	}
}

func TestM2M100(t *testing.T) {
	m := tower.M2M100{Transformer: tower.Transformer{Width: 8, Layers: 2, Heads: 2, Hidden: 16, Act: kernels.ReLU, Eps: 1e-5},
		Vocabulary: 20, Context: 7, Pad: 1, Head: tower.Head{Projection: 6}}
	require.NoError(t, m.Check())
	got := shapes(record(t, m.Params(), func(g *kernels.Graph, w tower.Weights) []tower.Output { return m.Record(g, w, 3, 5, true) }))
	require.Equal(t, map[string]kernels.Shape{"features": {3, 6}, "embeds": {3, 6},
		"block_0": {3, 5, 8}, "block_1": {3, 5, 8}, "hidden_last": {3, 5, 8}, "hidden_penultimate": {3, 5, 8}}, got)
	table := m.Sinusoids()
	require.Len(t, table, 9*8)
	require.Equal(t, make([]float32, 8), table[8:16], "padding's row")
	require.InDelta(t, math.Sin(3), table[3*8], 1e-6)
	require.InDelta(t, math.Cos(3e-4), table[3*8+7], 1e-6, "the last frequency is 1/10000")
	m.Width, m.Heads = 2, 1
	require.ErrorContains(t, m.Check(), "width is 2")
}

func TestPooledPosition(t *testing.T) {
	derive := func(v tower.Text, ids ...int32) int32 {
		require.Equal(t, []int{1}, v.Derived(len(ids)))
		out := [][]int32{make([]int32, 1)}
		v.Derive(tower.TextIDs{IDs: ids}, out)
		return out[0][0]
	}
	v := smallText()
	require.EqualValues(t, 2, derive(v, 18, 3, 19, 19, 19), "the first of the largest ids")
	v.Pool, v.End = tower.EndToken, 2
	require.EqualValues(t, 3, derive(v, 18, 3, 19, 2, 2))
	require.EqualValues(t, 0, derive(v, 18, 3, 19, 1, 1), "no end token: position 0, as the reference")
}

func TestShortTextsNeedFewPositions(t *testing.T) {
	ids := []int32{18, 3, 19, 0, 0, 0, 0}
	v := smallText()
	require.Equal(t, 3, v.Needed(tower.TextIDs{IDs: ids}))
	v.Causal = false
	require.Equal(t, 7, v.Needed(tower.TextIDs{IDs: ids}))
	v = smallText()
	v.Pool = tower.LastToken
	require.Equal(t, 7, v.Needed(tower.TextIDs{IDs: ids}))
}

func TestClassTokenSeesNoPadding(t *testing.T) {
	v := smallText()
	v.ClassEmbedding = true
	require.NoError(t, v.Check())
	outputs := record(t, v.Params(), func(g *kernels.Graph, w tower.Weights) []tower.Output { return v.Record(g, w, 3, 5, true) })
	require.Equal(t, kernels.Shape{3, 6, 8}, shapes(outputs)["block_0"])

	// Ids 18 4 0 6 0: the 0 inside counts as padding too. The mask is shifted by one: keys 0, 1, 2 and 4 may be seen.
	require.Equal(t, []int{6, 6}, v.Derived(5))
	out := [][]int32{make([]int32, 6), make([]int32, 6)}
	v.Derive(tower.TextIDs{IDs: []int32{18, 4, 0, 6, 0}}, out)
	require.Equal(t, [][]int32{{0, 1, 2, 4, 3, 5}, {1, 2, 3, 3, 4, 4}}, out)

	v.Causal = false
	v.Derive(tower.TextIDs{IDs: []int32{18, 4, 0, 6, 0}}, out)
	require.Equal(t, []int32{4, 4, 4, 4, 4, 4}, out[1])
}

func TestCheckRefusesNonsense(t *testing.T) {
	for want, change := range map[string]func(v *tower.ViT){
		"width is 0":                  func(v *tower.ViT) { v.Width = 0 },
		"width is 99999":              func(v *tower.ViT) { v.Width = 99999 },
		"number of layers is -1":      func(v *tower.ViT) { v.Layers = -1 },
		"not a multiple of 3 heads":   func(v *tower.ViT) { v.Heads = 3 },
		"number of heads is 0":        func(v *tower.ViT) { v.Heads = 0 },
		"MLP's width is 0":            func(v *tower.ViT) { v.Hidden = 0 },
		"epsilon is 0":                func(v *tower.ViT) { v.Eps = 0 },
		"epsilon is NaN":              func(v *tower.ViT) { v.Eps = float32(math.NaN()) },
		"patch size is 0":             func(v *tower.ViT) { v.Patch = 0 },
		"patches of 10 pixels":        func(v *tower.ViT) { v.Patch = 10 },
		"number of tokens is 1000001": func(v *tower.ViT) { v.Image, v.Patch = 1000, 1 },
		"stem cannot make patches":    func(v *tower.ViT) { v.Stem = []int{3, 3, 3} },
		"stem's convolution 1 is 0":   func(v *tower.ViT) { v.Stem = []int{3, 0} },
		"projection is -1":            func(v *tower.ViT) { v.Projection = -1 },
	} {
		v := smallViT()
		change(&v)
		require.ErrorContains(t, v.Check(), want)
	}
	text := smallText()
	text.Context = 0
	require.ErrorContains(t, text.Check(), "context length is 0")
	text = smallText()
	text.Vocabulary = 1 << 30
	require.ErrorContains(t, text.Check(), "vocabulary")
}

// A ViT-B/32 has as many parameters as the papers count.
func TestParameterCounts(t *testing.T) {
	count := func(params []tower.Param) (n int) {
		for _, p := range params {
			n += p.Elements()
		}
		return n
	}
	image := tower.ViT{Transformer: tower.Transformer{Width: 768, Layers: 12, Heads: 12, Hidden: 3072, Eps: 1e-5}, Image: 224, Patch: 32,
		NormBefore: true, Projection: 512}
	text := tower.Text{Transformer: tower.Transformer{Width: 512, Layers: 12, Heads: 8, Hidden: 2048, Eps: 1e-5}, Vocabulary: 49408,
		Context: 77, Causal: true, Projection: 512}
	require.Equal(t, 151_277_313, count(image.Params())+count(text.Params())+1, "with the logit scale")
}
