package main

import (
	"context"

	"github.com/goclip/goclip/kernels"
)

// flops is a device that computes nothing and counts the floating-point operations of the products that a program asks
// for: two for each multiplication with its addition. Everything else is below a hundredth of them and does not count.
type flops struct{ count float64 }

func (f *flops) Name() string { return "counts" }

// Precision does not matter to counting.
func (f *flops) Precision() kernels.Precision { return kernels.F32 }

func (f *flops) Load(s kernels.WeightSpec) (kernels.Weight, error) {
	return kernels.Weight{ID: 1, Role: s.Role, Shape: s.Shape, Bias: s.Bias != nil}, nil
}

func (f *flops) Unload(kernels.Weight) {}

func (f *flops) Begin(kernels.Plan) (kernels.Encoder, error) { return f, nil }

func (f *flops) Finish(_, _ []kernels.Ref) (kernels.Program, error) { return f, nil }

func (f *flops) Run(context.Context, kernels.Inputs, [][]float32) error { return nil }

func (f *flops) Close() error { return nil }

// Linear multiplies every row with the whole matrix.
func (f *flops) Linear(dst, x kernels.Ref, _ kernels.Weight, _ kernels.Epilogue) {
	f.count += 2 * float64(dst.Shape.Elements()) * float64(x.Shape.Width())
}

// Conv2D multiplies, for every value of the result, the part of the filter that makes its channel.
func (f *flops) Conv2D(dst, _ kernels.Ref, w kernels.Weight, _ kernels.Window, _ kernels.Epilogue) {
	f.count += 2 * float64(dst.Shape.Elements()) * float64(w.Shape.Elements()/w.Shape[0])
}

// Attention is two products of queries and keys; a causal mask saves nothing in this count.
func (f *flops) Attention(_, q, k, _ kernels.Ref, _ kernels.Attend) {
	f.count += 4 * float64(q.Shape.Elements()) * float64(k.Shape.Rows())
}

func (f *flops) Embed(_ kernels.Ref, _ kernels.Weight, _ kernels.IntInput) {}
func (f *flops) LayerNorm(_, _ kernels.Ref, _ kernels.Weight, _ float32)   {}
func (f *flops) Rotate(_, _, _, _ kernels.Ref)                             {}
func (f *flops) Map(_, _ kernels.Ref, _ kernels.Act)                       {}
func (f *flops) Zip(_, _, _ kernels.Ref, _ kernels.Binary)                 {}
func (f *flops) Pool(_, _ kernels.Ref, _ kernels.Window)                   {}
func (f *flops) Mean(_, _ kernels.Ref, _ kernels.IntInput)                 {}
func (f *flops) Concat(_, _, _ kernels.Ref)                                {}
func (f *flops) Gather(_, _ kernels.Ref, _ kernels.IntInput)               {}
func (f *flops) Normalize(_, _ kernels.Ref)                                {}
