package wasmsimd

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/kernels"
)

// Activations stay within 3e-7 of the larger of 1 and the result, in float32 of a single rounding or of two.
func testActivations(t *testing.T, d *Device) {
	const n = 1 << 16
	in := make([]float32, n)
	for i := range in {
		x := (float64(i)/(n-1) - 0.5) * 2
		in[i] = float32(40 * x)
		if i%8 == 7 {
			in[i] = float32(math.Copysign(math.Exp(80*math.Abs(x)-60), x))
		}
	}
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	for act, f := range map[kernels.Act]func(x float64) float64{
		kernels.ReLU:      func(x float64) float64 { return max(x, 0) },
		kernels.GELU:      func(x float64) float64 { return x / 2 * math.Erfc(-x/math.Sqrt2) },
		kernels.GELUTanh:  func(x float64) float64 { return x * sigmoid(2*math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)) },
		kernels.QuickGELU: func(x float64) float64 { return x * sigmoid(1.702*x) },
		kernels.SiLU:      func(x float64) float64 { return x * sigmoid(x) },
		kernels.Sigmoid:   sigmoid,
	} {
		g := kernels.NewGraph()
		p, err := kernels.Compile(d, g, g.Act(g.Floats(1, n), act))
		require.NoError(t, err)
		out := make([]float32, n)
		require.NoError(t, p.Run(t.Context(), kernels.Inputs{Floats: [][]float32{in}}, [][]float32{out}))
		worst, at := 0.0, 0
		for i, v := range in {
			want := f(float64(v))
			if e := math.Abs(float64(out[i])-want) / max(1, math.Abs(want)); !(e <= worst) {
				worst, at = e, i
			}
		}
		t.Logf("%s: %.2g at %g", act, worst, in[at])
		require.LessOrEqual(t, worst, 3e-7, "%s of %g is %g", act, in[at], out[at])
		require.NoError(t, p.Close())
	}
}
