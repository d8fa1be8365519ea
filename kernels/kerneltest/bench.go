package kerneltest

import (
	"math/rand/v2"
	"testing"

	"github.com/goclip/goclip/kernels"
)

// bench is what a case builds on: a graph, a device, and random numbers that are the same for every device.
type bench struct {
	*kernels.Graph
	t       *testing.T
	dev     kernels.Device
	rng     *rand.Rand
	inputs  kernels.Inputs
	weights []kernels.Weight
}

// The seed is fixed, so that a failure can be seen again.
func newBench(t *testing.T, dev kernels.Device) *bench {
	return &bench{Graph: kernels.NewGraph(), t: t, dev: dev, rng: rand.New(rand.NewPCG(20, 26))}
}

func (b *bench) close() {
	for _, w := range b.weights {
		b.dev.Unload(w)
	}
}

func (b *bench) normal(n int, scale float64) []float32 {
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(b.rng.NormFloat64() * scale)
	}
	return values
}

func (b *bench) load(spec kernels.WeightSpec) kernels.Weight {
	b.t.Helper()
	w, err := b.dev.Load(spec)
	if err != nil {
		b.t.Fatalf("Load: %v", err)
	}
	b.weights = append(b.weights, w)
	return w
}

// weight loads random numbers, with a bias if asked.
func (b *bench) weight(role kernels.Role, bias bool, shape ...int) kernels.Weight {
	b.t.Helper()
	spec := kernels.WeightSpec{Name: "random", Role: role, Shape: shape, Values: b.normal(kernels.Shape(shape).Elements(), 0.3)}
	if bias {
		spec.Bias = b.normal(shape[0], 0.5)
	}
	return b.load(spec)
}

func (b *bench) matrix(out, in int) kernels.Weight { return b.weight(kernels.Matrix, true, out, in) }
func (b *bench) vector(shape ...int) kernels.Weight {
	return b.weight(kernels.Vector, false, shape...)
}
func (b *bench) norm(width int) kernels.Weight { return b.weight(kernels.Vector, true, width) }

// value declares a random float input.
func (b *bench) value(shape ...int) kernels.Tensor { return b.scaled(1, shape...) }

func (b *bench) scaled(scale float64, shape ...int) kernels.Tensor {
	b.inputs.Floats = append(b.inputs.Floats, b.normal(kernels.Shape(shape).Elements(), scale))
	return b.Floats(shape...)
}

// numbers declares an integer input with these values.
func (b *bench) numbers(shape []int, values ...int32) kernels.Ints {
	b.inputs.Ints = append(b.inputs.Ints, values)
	return b.Ints(shape...)
}

func (b *bench) compile(outputs []kernels.Tensor) (kernels.Program, [][]float32) {
	b.t.Helper()
	program, err := kernels.Compile(b.dev, b.Graph, outputs...)
	if err != nil {
		b.t.Fatalf("Compile: %v", err)
	}
	room := make([][]float32, len(outputs))
	for i, t := range outputs {
		room[i] = make([]float32, t.Shape.Elements())
	}
	return program, room
}
