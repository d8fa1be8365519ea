package generic

import "math"

// activation applies f, in float64, to n values of every row.
func activation(f func(x float64) float64) func(dst *float32, ldd int, src *float32, lds, rows, n int) {
	return func(dst *float32, ldd int, src *float32, lds, rows, n int) {
		for r := range rows {
			to := slice(dst, r*ldd+n)[r*ldd:]
			for i, v := range slice(src, r*lds+n)[r*lds:] {
				to[i] = float32(f(float64(v)))
			}
		}
	}
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// Activations over rows of values with strides: dst[row*ldd+i] = f(src[row*lds+i]).
var (
	Copy      = activation(func(x float64) float64 { return x })
	ReLU      = activation(func(x float64) float64 { return max(x, 0) })
	GELU      = activation(func(x float64) float64 { return x / 2 * (1 + math.Erf(x/math.Sqrt2)) })
	GELUTanh  = activation(func(x float64) float64 { return x * sigmoid(2*math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)) })
	QuickGELU = activation(func(x float64) float64 { return x * sigmoid(1.702*x) })
	SiLU      = activation(func(x float64) float64 { return x * sigmoid(x) })
	Sigmoid   = activation(sigmoid)
)
