package conformance_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

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

// products is the number of floating-point operations of a transformer's products: projections and MLP, and what its
// attention multiplies.
func products(t tower.Transformer, items, tokens int) float64 {
	rows := float64(items * tokens)
	return float64(t.Layers) * rows * (2*float64(t.Width*(4*t.Width+2*t.Hidden)) + 4*float64(tokens*t.Width))
}

// BenchmarkTowers reports, beside the time, the share of the level's own ceiling, on one thread. The share is of the
// processor's time, which other programs do not count in, and the median of pairs measured next to each other, since
// the clock of the processor changes.
func BenchmarkTowers(b *testing.B) {
	for _, level := range simd.Levels() {
		dev := simd.New(simd.Options{Level: level, Threads: 1})
		defer dev.Close()
		for _, items := range []int{1, 8} {
			b.Run(fmt.Sprintf("%s/image/%d", level, items), func(b *testing.B) {
				weights := randomWeights(b, dev, imageB32.Params())
				g := kernels.NewGraph()
				out := imageB32.Record(g, weights, items, false)[1].Tensor
				in := kernels.Inputs{Floats: [][]float32{make([]float32, items*imageB32.Picture().Elements())}}
				patches := 2 * float64(items*49*3*32*32*imageB32.Width)
				share(b, dev, g, out, in, patches+products(imageB32.Transformer, items, 50))
			})
		}
		b.Run(level+"/text/1", func(b *testing.B) {
			weights := randomWeights(b, dev, textB32.Params())
			g := kernels.NewGraph()
			out := textB32.Record(g, weights, 1, textB32.Context, false)[1].Tensor
			in := kernels.Inputs{Ints: [][]int32{make([]int32, textB32.Context), {5}}}
			share(b, dev, g, out, in, products(textB32.Transformer, 1, textB32.Context))
		})
	}
}

func share(b *testing.B, dev *simd.Device, g *kernels.Graph, out kernels.Tensor, in kernels.Inputs, operations float64) {
	p, err := kernels.Compile(dev, g, out)
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	room := [][]float32{make([]float32, out.Shape.Elements())}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var shares []float64
	for b.Loop() {
		start := processorTime()
		if err := p.Run(context.Background(), in, room); err != nil {
			b.Fatal(err)
		}
		took := processorTime() - start
		start = processorTime()
		most := dev.Exercise(2 * time.Millisecond)
		shares = append(shares, operations/took.Seconds()/(most/(processorTime()-start).Seconds()))
	}
	slices.Sort(shares)
	b.ReportMetric(100*shares[len(shares)/2], "%ceiling")
}

// BenchmarkPrecisions reports how many times as fast as in float32 a picture's tower is in the other precisions, all in turns, as
// medians of the processor's time on one thread, and its share of what the level does in that precision at best.
func BenchmarkPrecisions(b *testing.B) {
	for _, level := range simd.Levels()[1:] {
		for _, items := range []int{1, 8} {
			b.Run(fmt.Sprintf("%s/image/%d", level, items), func(b *testing.B) { precisions(b, level, items) })
		}
	}
}

func precisions(b *testing.B, level string, items int) {
	picture := make([]float32, items*imageB32.Picture().Elements())
	for i := range picture {
		picture[i] = float32(i%97)/50 - 1
	}
	in := kernels.Inputs{Floats: [][]float32{picture}}
	operations := 2*float64(items*49*3*32*32*imageB32.Width) + products(imageB32.Transformer, items, 50)
	var programs []kernels.Program
	var devices []*simd.Device
	var room [][]float32
	for _, p := range kernels.Precisions() {
		dev := simd.New(simd.Options{Level: level, Threads: 1, Precision: p})
		defer dev.Close()
		g := kernels.NewGraph()
		out := imageB32.Record(g, randomWeights(b, dev, imageB32.Params()), items, false)[1].Tensor
		program, err := kernels.Compile(dev, g, out)
		if err != nil {
			b.Fatal(err)
		}
		defer program.Close()
		programs, devices = append(programs, program), append(devices, dev)
		room = [][]float32{make([]float32, out.Shape.Elements())}
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	times, shares := make([][]float64, len(programs)), make([][]float64, len(programs))
	for b.Loop() {
		for i, program := range programs {
			start := processorTime()
			if err := program.Run(context.Background(), in, room); err != nil {
				b.Fatal(err)
			}
			took := (processorTime() - start).Seconds()
			start = processorTime()
			most := devices[i].Exercise(2 * time.Millisecond)
			times[i] = append(times[i], took)
			shares[i] = append(shares[i], operations/took/(most/(processorTime()-start).Seconds()))
		}
	}
	median := func(list []float64) float64 {
		slices.Sort(list)
		return list[len(list)/2]
	}
	for i, p := range kernels.Precisions() {
		b.ReportMetric(1e3*median(times[i]), p.String()+"-ms")
		b.ReportMetric(median(times[0])/median(times[i]), p.String()+"-x")
		b.ReportMetric(100*median(shares[i]), p.String()+"-%ceiling")
	}
}
