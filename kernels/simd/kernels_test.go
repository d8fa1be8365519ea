package simd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/goclip/goclip/kernels"
)

// levels are those of this machine, well or not: a test must see what the self-test would hide.
func levels() []*level { return append([]*level{&portable}, assembled()...) }

// exact is an activation in float64.
func exact(a kernels.Act, x float64) float64 {
	switch a {
	case kernels.ReLU:
		return max(x, 0)
	case kernels.GELU:
		return x * math.Erfc(-x/math.Sqrt2) / 2
	case kernels.GELUTanh:
		return x / (1 + math.Exp(-2*math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
	case kernels.QuickGELU:
		return x / (1 + math.Exp(-1.702*x))
	case kernels.SiLU:
		return x / (1 + math.Exp(-x))
	case kernels.Sigmoid:
		return 1 / (1 + math.Exp(-x))
	}
	return x
}

// The bound that README.md states: 3e-7 of the larger of 1 and the result, for x above -1e30.
const activationBound = 3e-7

func TestActivations(t *testing.T) {
	var xs []float32
	for x := -30.0; x < 30; x += 1.0 / 1024 {
		xs = append(xs, float32(x))
	}
	for e := -149; e < 100; e++ {
		v := float32(math.Ldexp(1, e))
		xs = append(xs, v, -v)
	}
	xs = append(xs, 0, math.MaxFloat32)
	out := make([]float32, len(xs))
	for _, l := range levels() {
		for _, act := range kernels.Acts() {
			l.activations[act](&out[0], len(xs), &xs[0], len(xs), 1, len(xs))
			worst, at := 0.0, 0
			for i, x := range xs {
				want := exact(act, float64(x))
				if d := math.Abs(float64(out[i])-want) / max(1, math.Abs(want)); !(d <= worst) {
					worst, at = d, i
				}
			}
			t.Logf("%s %v: %.1e at %v", l.name, act, worst, xs[at])
			if !(worst <= activationBound) {
				t.Errorf("%s %v: off by %.2e at %v, allowed %.0e", l.name, act, worst, xs[at], activationBound)
			}
		}
	}
}

// NaN stays NaN in every activation, and infinities give what they tend to.
func TestActivationsOfNoNumbers(t *testing.T) {
	inf := float32(math.Inf(1))
	xs := []float32{float32(math.NaN()), inf, -inf}
	for _, l := range levels() {
		for _, act := range kernels.Acts() {
			out := make([]float32, 3)
			l.activations[act](&out[0], 3, &xs[0], 3, 1, 3)
			if out[0] == out[0] {
				t.Errorf("%s: %v of NaN is %v", l.name, act, out[0])
			}
			if want := exact(act, math.Inf(1)); !(math.Abs(float64(out[1])-want) <= activationBound) && float64(out[1]) != want {
				t.Errorf("%s: %v of +Inf is %v", l.name, act, out[1])
			}
		}
	}
}

// Denormal numbers take x86 processors 200 times as long: products take them as zeros, and leave the thread's state as it
// was. Others need no such help.
func TestProductsFlushDenormals(t *testing.T) {
	for _, l := range assembled() {
		if l.name == "neon" {
			continue
		}
		for _, factors := range [][2]float32{{1e-40, 1}, {1, 1e-40}, {1e-20, 1e-20}} {
			a, b, c := aligned(8), aligned(8*l.columns), aligned(l.columns)
			for i := range a {
				a[i] = factors[0]
			}
			for i := range b {
				b[i] = factors[1]
			}
			l.gemm[1](&a[0], &b[0], &c[0], nil, nil, &b[0], 1, 0, l.columns, 0, l.columns, 0, 1, 1)
			if c[0] != 0 {
				t.Errorf("%s: a sum of %g·%g is %g", l.name, factors[0], factors[1], c[0])
			}
			if a[0]*b[0] == 0 {
				t.Errorf("%s: after a product Go takes %g·%g as zero", l.name, factors[0], factors[1])
			}
		}
	}
}

// So does what brings the sums of bytes to their place: scales of small rows and small weights multiply to denormal numbers.
func TestSettleFlushesDenormals(t *testing.T) {
	for _, l := range assembled() {
		f := &l.forms[kernels.Int8]
		if l.name == "neon" {
			continue
		}
		sums, ends, dst := aligned(f.columns), aligned(2*f.columns), aligned(f.columns)
		for i := range f.columns {
			*(*int32)(unsafe.Pointer(&sums[i])) = 100
			ends[i] = 1e-20
		}
		scale := float32(1e-20)
		f.settle(&dst[0], &sums[0], &scale, &ends[0], nil, f.columns, 0, 1, f.columns)
		if dst[0] != 0 {
			t.Errorf("%s: 100·%g·%g is %g", l.name, scale, ends[0], dst[0])
		}
		if scale*ends[0] == 0 {
			t.Errorf("%s: after settling Go takes %g·%g as zero", l.name, scale, ends[0])
		}
	}
}

// Rows are rounded to bytes exactly as kernels.QuantizeRow does, however large or small their values are.
func TestQuantize(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, l := range levels() {
		f := &l.forms[kernels.Int8]
		for _, size := range []float64{1, 1e-30, 1e-35, 3e-36, 1e-36, 1e-37, 1e-38, 1e-40, 1e30, 3e38} {
			for _, n := range []int{1, 15, 16, 17, 33, 65, 100} {
				row := make([]float32, n)
				for i := range row {
					row[i] = float32(size * (rng.Float64()*2 - 1))
					if i%5 == 2 {
						row[i] = float32(rng.Float64() * 1e-38) // many of them denormal
					}
				}
				want := make([]int8, n)
				scale := kernels.QuantizeRow(want, row)
				got, out := float32(7), aligned(f.lanes(n))
				f.row(&out[0], &got, &row[0], f.depth, n)
				if got != scale {
					t.Fatalf("%s: %d values of %g: multiples of %g, want %g", l.name, n, size, got, scale)
				}
				for i, q := range want {
					at := unsafe.Add(unsafe.Pointer(&out[0]), 4/f.values*i)
					v := int16(*(*int8)(at))
					if f.values == 2 {
						v = *(*int16)(at)
					}
					if v != int16(q) {
						t.Fatalf("%s: value %d of %d, %g, is %d times %g, want %d times", l.name, i, n, row[i], v, got, q)
					}
				}
			}
		}
	}
}

// Every row of a softmax sums to 1 and equals the float64 one, whatever its length and however far its scores lie apart.
func TestSoftmax(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, l := range levels() {
		for _, n := range []int{1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 50, 77, 197, 577} {
			for _, spread := range []float64{0, 1, 30, 1e4} {
				scores := make([]float32, n)
				top := math.Inf(-1)
				for i := range scores {
					scores[i] = float32(rng.NormFloat64() * spread)
					top = max(top, float64(scores[i]))
				}
				const scale = 0.125
				want, total := make([]float64, n), 0.0
				for i, s := range scores {
					want[i] = math.Exp(scale * (float64(s) - top))
					total += want[i]
				}
				blocks := ceilDiv(n, depth) + 1
				out := make([]float32, blocks*3*depth)
				for i := range out {
					out[i] = 7
				}
				l.softmax(&out[0], &scores[0], 3*depth, n, blocks, scale)
				for i := range blocks * 3 * depth {
					at, share := i/(3*depth)*depth+i%(3*depth), 7.0
					if i%(3*depth) < depth {
						if share = 0; at < n {
							share = want[at] / total
						}
					}
					if d := math.Abs(float64(out[i]) - share); !(d <= 3e-6*share+1e-26) {
						t.Fatalf("%s: share %d of %d, spread %g, is %v, want %v", l.name, i, n, spread, out[i], share)
					}
				}
			}
		}
	}
}

// Kernels over rows must not touch what lies beside their values.
func TestRowsStayInside(t *testing.T) {
	const room = 8
	for _, l := range levels() {
		for n := 1; n < 70; n++ {
			x, y := waves(n, 1), waves(n, 2)
			for name, run := range map[string]func(out *float32){
				"copy":      func(out *float32) { l.activations[0](out, n, &x[0], n, 1, n) },
				"gelu":      func(out *float32) { l.activations[kernels.GELU](out, n, &x[0], n, 1, n) },
				"add":       func(out *float32) { l.add(out, &x[0], &y[0], n) },
				"multiply":  func(out *float32) { l.mul(out, &x[0], &y[0], n) },
				"layernorm": func(out *float32) { l.layerNorm(out, &x[0], &y[0], &y[0], n, 1e-5) },
				"normalize": func(out *float32) { l.normalize(out, &x[0], n) },
				"mean":      func(out *float32) { l.mean(out, &x[0], n, 1, n, 1) },
				"depthwise": func(out *float32) { l.depthwise(out, &x[0], &x[0], &y[0], n, 1, 1, n, n, n, n) },
			} {
				out := make([]float32, n+2*room)
				for i := range out {
					out[i] = 7777.5
				}
				run(&out[room])
				for i, v := range out {
					if inside := i >= room && i < room+n; inside == (v == 7777.5) {
						t.Fatalf("%s %s of %d values: place %d holds %v", l.name, name, n, i-room, v)
					}
				}
			}
		}
	}
}

// A machine that computes something else is found out, whichever kernel is wrong.
func TestSelfTest(t *testing.T) {
	for _, l := range assembled() {
		if err := l.selfTest(); err != nil {
			t.Errorf("%s: %v", l.name, err)
		}
		wrong := *l
		wrong.mul = wrong.add
		if wrong.selfTest() == nil {
			t.Errorf("%s: the self-test lets a wrong product pass", l.name)
		}
		wrong = *l
		wrong.gemm = append(wrong.gemm[:len(wrong.gemm)-1:len(wrong.gemm)-1], wrong.gemm[len(wrong.gemm)-2])
		if wrong.selfTest() == nil {
			t.Errorf("%s: the self-test lets a tile of too few rows pass", l.name)
		}
		wrong = *l
		whole := wrong.forms[kernels.Int8].dot
		wrong.forms[kernels.Int8].dot = append(whole[:len(whole)-1:len(whole)-1], whole[len(whole)-2])
		if wrong.selfTest() == nil {
			t.Errorf("%s: the self-test lets a tile of too few rows of bytes pass", l.name)
		}
	}
}

func TestChoose(t *testing.T) {
	for _, name := range Levels() {
		t.Setenv(levelVariable, name)
		if l, note := choose(""); l.name != name || note != "" {
			t.Errorf("%s=%s gives %s, %q", levelVariable, name, l.name, note)
		}
	}
	t.Setenv(levelVariable, "mmx")
	if _, note := choose(""); note != fmt.Sprintf("no level is called %q, only generic, avx2, vnni, avx512, neon", "mmx") {
		t.Errorf("an unknown level gives the note %q", note)
	}
	t.Setenv(levelVariable, "")
	if l, note := choose("generic"); l != &portable || note != "" {
		t.Errorf("the generic level gives %s, %q", l.name, note)
	}
}

// Every level has a form for every precision, at its place.
func TestForms(t *testing.T) {
	for _, l := range levels() {
		for p, f := range l.forms {
			if f.precision != kernels.Precision(p) {
				t.Errorf("%s has %s in the place of %s", l.name, f.precision, kernels.Precision(p))
			}
		}
	}
}
