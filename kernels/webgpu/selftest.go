package webgpu

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/goclip/goclip/kernels"
)

// selfTestTolerance is the largest deviation from the known answers, as a share of the largest one.
const selfTestTolerance = 1e-5

// selfTest computes small programs and gives the largest deviation from what should come out. GPU drivers do miscompile: it is
// better to learn that before a picture of a cat is called a car. dev must compute in the precision whose answers are compared.
func selfTest(dev kernels.Device) (float64, error) {
	var largest float64
	for _, check := range []struct {
		what string
		run  func(kernels.Device) ([]float32, error)
		want []float32
	}{
		{"a product", testedProduct, knownProducts[dev.Precision()]},
		{"a small tower", testedTower, knownTowers[dev.Precision()]},
		{"attention", testedAttention, knownAttention},
		{"attention to extreme scores", testedExtremes, knownExtremes},
		{"activations of extreme numbers", testedActivations, knownActivations},
	} {
		have, err := check.run(dev)
		if err != nil {
			return 0, err
		}
		off, err := deviation(check.what, have, check.want)
		if err != nil {
			return 0, err
		}
		largest = max(largest, off)
	}
	return largest, testedNonsense(dev)
}

// testedTower has what the other checks leave out: a convolution, LayerNorm, products of as many rows as several pictures have,
// in widths that are read in fours, and rows of unit length.
func testedTower(dev kernels.Device) ([]float32, error) {
	const items, side, channels, width = 3, 9, 4, 72
	var loaded []kernels.Weight
	defer func() {
		for _, w := range loaded {
			dev.Unload(w)
		}
	}()
	load := func(role kernels.Role, seed int, shape ...int) (kernels.Weight, error) {
		spec := kernels.WeightSpec{Name: "self-test", Role: role, Shape: shape, Values: pattern(kernels.Shape(shape).Elements(), seed), Bias: pattern(shape[0], 1)}
		w, err := dev.Load(spec)
		if err == nil {
			loaded = append(loaded, w)
		}
		return w, err
	}
	filter, err1 := load(kernels.Filter, 3, width, 3, 3, channels)
	gain, err2 := load(kernels.Vector, 2, width)
	matrix, err3 := load(kernels.Matrix, 5, width, width)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	out, err := once(dev, func(g *kernels.Graph) kernels.Tensor {
		x := g.Tokens(g.Conv2D(g.Floats(items, side, side, channels), filter, 1, 1, kernels.Same(1)))
		return g.Normalize(g.Add(g.Act(g.Linear(g.LayerNorm(x, gain, 1e-5), matrix), kernels.QuickGELU), x))
	}, pattern(items*side*side*channels, 2))
	var some []float32
	for i := 0; i < len(out); i += 601 {
		some = append(some, out[i])
	}
	return some, err
}

// testedNonsense makes sure that what is no number stays so, and does not come out as a vector like any other.
func testedNonsense(dev kernels.Device) error {
	const depth = 70
	w, err := dev.Load(kernels.WeightSpec{Name: "self-test", Role: kernels.Matrix, Shape: kernels.Shape{3, depth}, Values: pattern(3*depth, 3)})
	if err != nil {
		return err
	}
	defer dev.Unload(w)
	x := pattern(2*depth, 1)
	x[1] = float32(math.NaN())
	out, err := once(dev, func(g *kernels.Graph) kernels.Tensor { return g.Linear(g.Floats(1, 2, depth), w) }, x)
	if err != nil {
		return err
	}
	for i, v := range out {
		if number := v-v == 0; number != (i >= 3) {
			return fmt.Errorf("webgpu: %w: value %d of a product with a row of no numbers is %v", ErrSelfTest, i, v)
		}
	}
	return nil
}

// testedProduct has more rows and outputs than a small tile, and a row of zeros.
func testedProduct(dev kernels.Device) ([]float32, error) {
	const rows, depth, width = 3, 70, 37
	x, values := pattern(rows*depth, 5), pattern(width*depth, 3)
	clear(x[depth : 2*depth])
	// Times these, no number of the patterns is one of float16 or bfloat16.
	for i := range x {
		x[i] *= 1.0123
	}
	for i := range values {
		values[i] *= 0.7654
	}
	w, err := dev.Load(kernels.WeightSpec{Name: "self-test", Role: kernels.Matrix, Shape: kernels.Shape{width, depth},
		Values: values, Bias: pattern(width, 1)})
	if err != nil {
		return nil, err
	}
	defer dev.Unload(w)
	out, err := once(dev, func(g *kernels.Graph) kernels.Tensor {
		return g.Act(g.Linear(g.Floats(1, rows, depth), w), kernels.GELU)
	}, x)
	// Every fifth one is enough to know them all by.
	var some []float32
	for i := 0; i < len(out); i += 5 {
		some = append(some, out[i])
	}
	return some, err
}

func testedAttention(dev kernels.Device) ([]float32, error) {
	return once(dev, func(g *kernels.Graph) kernels.Tensor {
		parts := g.Split(g.Floats(1, 5, 24), 3)
		return g.Attention(parts[0], parts[1], parts[2], 2, true)
	}, pattern(5*24, 2))
}

// testedExtremes has scores of several thousands, whose exponentials no float32 holds.
func testedExtremes(dev kernels.Device) ([]float32, error) {
	x := pattern(4*12, 7)
	for i := range x {
		if i%12 < 8 { // queries and keys
			x[i] *= 100
		}
	}
	return once(dev, func(g *kernels.Graph) kernels.Tensor {
		parts := g.Split(g.Floats(1, 4, 12), 3)
		return g.Attention(parts[0], parts[1], parts[2], 1, false)
	}, x)
}

// testedActivations are of numbers up to where e^-x is infinite.
func testedActivations(dev kernels.Device) ([]float32, error) {
	var all []float32
	for _, act := range kernels.Acts()[1:] {
		out, err := once(dev, func(g *kernels.Graph) kernels.Tensor { return g.Act(g.Floats(1, 6), act) }, []float32{-3e4, -90, -3, -1, 1, 3})
		if err != nil {
			return nil, err
		}
		all = append(all, out...)
	}
	return all, nil
}

// once compiles a program of one input and output and runs it.
func once(dev kernels.Device, record func(*kernels.Graph) kernels.Tensor, in []float32) ([]float32, error) {
	g := kernels.NewGraph()
	y := record(g)
	p, err := kernels.Compile(dev, g, y)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	out := [][]float32{make([]float32, y.Shape.Elements())}
	return out[0], p.Run(context.Background(), kernels.Inputs{Floats: [][]float32{in}}, out)
}

// pattern is n numbers between -1.4 and 1.4 that float32 holds exactly.
func pattern(n, seed int) []float32 {
	values := make([]float32, n)
	for i := range values {
		values[i] = float32((i*i*7+i*seed)%23-11) / 8
	}
	return values
}

// deviation compares with known answers; what is no number deviates too far.
func deviation(what string, have, want []float32) (float64, error) {
	var largest, worst float64
	at := 0
	for i, v := range want {
		largest = max(largest, math.Abs(float64(v)))
		if d := math.Abs(float64(have[i]) - float64(v)); d > worst || math.IsNaN(d) {
			worst, at = d, i
		}
		if math.IsNaN(worst) {
			break
		}
	}
	if !(worst <= selfTestTolerance*largest) { // false for NaN
		return 0, fmt.Errorf("webgpu: %w: value %d of %s is %v, want %v", ErrSelfTest, at, what, have[at], want[at])
	}
	return worst / largest, nil
}

// fallbacks are the precisions that are tried when a GPU fails in one: ever more exact ones.
func fallbacks(p kernels.Precision) []kernels.Precision {
	if p == kernels.Int8 {
		return []kernels.Precision{kernels.Int8, kernels.F16, kernels.F32}
	}
	return slices.Compact([]kernels.Precision{p, kernels.F32})
}
