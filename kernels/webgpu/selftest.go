package webgpu

import (
	"context"
	"fmt"
	"math"

	"github.com/goclip/goclip/kernels"
)

// selfTestTolerance is the largest deviation from the known answers, as a share of the largest one.
const selfTestTolerance = 1e-5

// known answers to the programs of selfTest, computed by the reference device.
var (
	knownProduct = []float32{
		7.015625, 1.749145, 5.703125, -0.10822648, -5.399049e-13, -1.2392748e-07, 10.421875, 2.1394434, 3.5618458, -0.00035137095,
		-8.059767e-06, -0.15865526, 5.9375, 2.8691921, 1.1882381, 8.0625, -1.3843884e-11, -0.07720924, 11.234375, 1.1530572,
		-2.6563355e-05, 10.9375, -5.6951592e-08, -0.09427692, 10.90625, 0, -0.008907864, 7.109375, -0.0002328706, -0.033491034,
	}
	knownAttention = []float32{
		-0.5, -0.125, -0.875, 0.125, 0, -1.25, -0.75, -1.375, -0.405356, -0.31428802,
		-0.62261593, 0.09345199, -0.94544697, -0.8718212, -1.2227235, -0.52409774, -0.45918998, -0.3036174, -0.40243325, -0.17959537,
		-0.7262015, -1.1705915, -0.6785406, -0.4979306, -0.43098575, -0.22211571, -0.6156349, -0.12718949, -0.9658708, -0.75590634,
		-0.54091924, -0.9487838, -0.3240491, -0.45664343, -0.44061464, -0.3723634, -0.5623956, -0.66165966, -0.95392495, -0.78666,
	}
)

// selfTest multiplies a matrix and looks at some keys, and gives the largest deviation from what should come out. GPU
// drivers do miscompile: it is better to learn that before a picture of a cat is called a car.
func selfTest(dev kernels.Device) (float64, error) {
	w, err := dev.Load(kernels.WeightSpec{
		Name: "self-test", Role: kernels.Matrix, Shape: kernels.Shape{5, 37}, Values: pattern(5*37, 3), Bias: pattern(5, 1),
	})
	if err != nil {
		return 0, err
	}
	defer dev.Unload(w)
	g := kernels.NewGraph()
	product := g.Act(g.Linear(g.Floats(2, 3, 37), w), kernels.GELU)
	parts := g.Split(g.Floats(1, 5, 24), 3)
	attention := g.Attention(parts[0], parts[1], parts[2], 2, true)
	p, err := kernels.Compile(dev, g, product, attention)
	if err != nil {
		return 0, err
	}
	defer p.Close()
	out := [][]float32{make([]float32, len(knownProduct)), make([]float32, len(knownAttention))}
	in := kernels.Inputs{Floats: [][]float32{pattern(2*3*37, 5), pattern(5*24, 2)}}
	if err := p.Run(context.Background(), in, out); err != nil {
		return 0, err
	}
	product1, err := deviation("a product", out[0], knownProduct)
	if err != nil {
		return 0, err
	}
	attention1, err := deviation("attention", out[1], knownAttention)
	return max(product1, attention1), err
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
