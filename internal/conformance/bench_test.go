package conformance_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/simd"
)

// The towers of ViT-B/32 at random weights: what the papers call CLIP's smallest model.
var (
	imageB32 = tower.ViT{Transformer: tower.Transformer{Width: 768, Layers: 12, Heads: 12, Hidden: 3072, Act: kernels.QuickGELU, Eps: 1e-5},
		Image: 224, Patch: 32, NormBefore: true, Projection: 512}
	textB32 = tower.Text{Transformer: tower.Transformer{Width: 512, Layers: 12, Heads: 8, Hidden: 2048, Act: kernels.QuickGELU, Eps: 1e-5},
		Vocabulary: 49408, Context: 77, Causal: true, Projection: 512}
)

func randomWeights(b *testing.B, dev kernels.Device, params []tower.Param) tower.Weights {
	b.Helper()
	rng := rand.New(rand.NewPCG(3, 2))
	normal := func(n int) []float32 {
		values := make([]float32, n)
		for i := range values {
			values[i] = float32(rng.NormFloat64()) * 0.02
		}
		return values
	}
	weights := tower.Weights{}
	for _, p := range params {
		spec := kernels.WeightSpec{Name: p.Name, Role: p.Role, Shape: p.Shape, Values: normal(p.Shape.Elements())}
		if p.Bias {
			spec.Bias = normal(p.Shape[0])
		}
		w, err := dev.Load(spec)
		if err != nil {
			b.Fatal(err)
		}
		weights[p.Name] = w
	}
	return weights
}

func BenchmarkImageB32(b *testing.B) {
	dev := simd.New(simd.Options{})
	defer dev.Close()
	weights := randomWeights(b, dev, imageB32.Params())
	g := kernels.NewGraph()
	out := imageB32.Record(g, weights, 1, false)[1].Tensor
	p, err := kernels.Compile(dev, g, out)
	if err != nil {
		b.Fatal(err)
	}
	in := kernels.Inputs{Floats: [][]float32{make([]float32, imageB32.Picture().Elements())}}
	room := [][]float32{make([]float32, 512)}
	for b.Loop() {
		if err := p.Run(context.Background(), in, room); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTextB32(b *testing.B) {
	dev := simd.New(simd.Options{})
	defer dev.Close()
	weights := randomWeights(b, dev, textB32.Params())
	g := kernels.NewGraph()
	out := textB32.Record(g, weights, 1, textB32.Context, false)[1].Tensor
	p, err := kernels.Compile(dev, g, out)
	if err != nil {
		b.Fatal(err)
	}
	in := kernels.Inputs{Ints: [][]int32{make([]int32, textB32.Context), {5}}}
	room := [][]float32{make([]float32, 512)}
	for b.Loop() {
		if err := p.Run(context.Background(), in, room); err != nil {
			b.Fatal(err)
		}
	}
}
