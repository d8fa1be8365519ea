// Package speed compares devices by how long they take for a piece of a tower, so that programs can choose one unasked.
package speed

import (
	"context"
	"errors"
	"time"

	"github.com/goclip/goclip/kernels"
)

// Worthwhile is how much faster than the CPU a GPU must be to be taken unasked: its start takes longer.
const Worthwhile = 1.5

// measured is how long a measurement goes on: browsers make their clocks coarse.
const measured = 50 * time.Millisecond

// Block is the time of a transformer block of ViT-B/32 for so many pictures.
func Block(ctx context.Context, dev kernels.Device, items int) (time.Duration, error) {
	const tokens, width, heads = 50, 768, 12
	state := uint32(1)
	var failed error
	var loaded []kernels.Weight
	defer func() {
		for _, w := range loaded {
			dev.Unload(w)
		}
	}()
	load := func(role kernels.Role, shape ...int) kernels.Weight {
		values := make([]float32, kernels.Shape(shape).Elements())
		for i := range values {
			state = state*1664525 + 1013904223 // Numerical Recipes: good enough for numbers that nobody looks at
			values[i] = float32(int32(state)) / (1 << 35)
		}
		w, err := dev.Load(kernels.WeightSpec{Name: "speed", Role: role, Shape: shape, Values: values, Bias: make([]float32, shape[0])})
		if failed = errors.Join(failed, err); err == nil {
			loaded = append(loaded, w)
		}
		return w
	}
	g := kernels.NewGraph()
	x := g.Floats(items, tokens, width)
	parts := g.Split(g.Linear(g.LayerNorm(x, load(kernels.Vector, width), 1e-5), load(kernels.Matrix, 3*width, width)), 3)
	x = g.Add(x, g.Linear(g.Attention(parts[0], parts[1], parts[2], heads, false), load(kernels.Matrix, width, width)))
	h := g.Act(g.Linear(g.LayerNorm(x, load(kernels.Vector, width), 1e-5), load(kernels.Matrix, 4*width, width)), kernels.QuickGELU)
	x = g.Token(g.Add(x, g.Linear(h, load(kernels.Matrix, width, 4*width))), 0)
	if failed != nil {
		return 0, failed
	}
	p, err := kernels.Compile(dev, g, x)
	if err != nil {
		return 0, err
	}
	defer p.Close()
	in, out := kernels.Inputs{Floats: [][]float32{make([]float32, items*tokens*width)}}, [][]float32{make([]float32, items*width)}
	if err := p.Run(ctx, in, out); err != nil { // the first one compiles and warms up
		return 0, err
	}
	start := time.Now()
	for runs := 1; ; runs++ {
		if err := p.Run(ctx, in, out); err != nil {
			return 0, err
		}
		if took := time.Since(start); took >= measured {
			return took / time.Duration(runs), nil
		}
	}
}
