package simd

import (
	"fmt"
	"math"

	"github.com/goclip/goclip/kernels"
)

// selfTest holds every kernel of a level against the portable one, at sizes with whole and partial vectors. A processor or
// an emulator that computes something else must not be trusted, whatever it says it has. It takes well below a millisecond.
func (l *level) selfTest() error {
	if l == &portable {
		return nil
	}
	for rows := 1; rows <= l.rows(); rows++ {
		for _, n := range []int{l.columns, l.columns - 3} {
			if err := l.testGemm(rows, n); err != nil {
				return fmt.Errorf("products of %d x %d: %w", rows, n, err)
			}
		}
	}
	if l.narrow != nil {
		if err := l.testHalf(); err != nil {
			return err
		}
	}
	const n = 3*16 + 11
	x, y := waves(2*n, 1), waves(2*n, 2)
	for act := range l.activations {
		if err := same(3e-6, func(k *level, out []float32) {
			k.activations[act](&out[0], n, &x[0], n, 2, n)
		}, l, 2*n); err != nil {
			return fmt.Errorf("%v: %w", kernels.Act(act), err)
		}
	}
	for _, c := range []struct {
		name string
		size int
		run  func(k *level, out []float32)
	}{
		{"add", n, func(k *level, out []float32) { k.add(&out[0], &x[0], &y[0], n) }},
		{"multiply", n, func(k *level, out []float32) { k.mul(&out[0], &x[0], &y[0], n) }},
		{"layernorm", n, func(k *level, out []float32) { k.layerNorm(&out[0], &x[0], &y[0], &x[n], n, 1e-5) }},
		{"normalize", n, func(k *level, out []float32) { k.normalize(&out[0], &x[0], n) }},
		{"mean", n, func(k *level, out []float32) { k.mean(&out[0], &x[0], 17, 3, n, 1./3) }},
		{"rotate", n - 1, func(k *level, out []float32) { k.rotate(&out[0], &x[0], &y[0], &y[n], n-1) }},
		{"softmax", 80, func(k *level, out []float32) {
			scores := append([]float32(nil), x[:n]...)
			k.softmax(&out[0], &scores[0], 10, n, 8, 0.5)
		}},
		{"pack", 80, func(k *level, out []float32) { k.packRow(&out[0], &x[0], 10, n) }},
		{"transpose", 8 * 16, func(k *level, out []float32) { k.transpose8(&out[0], 8, &x[0], 14, 2) }},
		{"depthwise", 11, func(k *level, out []float32) { k.depthwise(&out[0], &y[0], &x[0], &y[11], 11, 2, 2, 40, 13, 22, 11) }},
		{"depthwise", 59, func(k *level, out []float32) { k.depthwise(&out[0], &y[0], &x[0], &y[11], 59, 1, 2, 0, 13, 0, 11) }},
	} {
		if err := same(3e-6, c.run, l, c.size); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

// testGemm computes a tile of n columns with everything that a matrix kernel can add.
func (l *level) testGemm(rows, n int) error {
	const blocks, ldc = 2, 40
	a, b := waves(rows*8*blocks, 1), waves(l.columns*8*blocks, 2)
	bias, residual := waves(l.columns, 3), waves(rows*ldc, 4)
	out, want := waves(rows*ldc, 5), waves(rows*ldc, 5)
	for r := range rows {
		for c := range n {
			sum := float64(want[r*ldc+c]) + float64(bias[c]) + float64(residual[r*ldc+c])
			for k := range 8 * blocks {
				sum += float64(a[(k/8*rows+r)*8+k%8]) * float64(b[k*l.columns+c])
			}
			want[r*ldc+c] = float32(sum)
		}
	}
	l.gemm[rows](&a[0], &b[0], &out[0], &bias[0], &residual[0], &b[0], blocks, ldc, ldc, n, 1)
	return near(1e-5, out, want)
}

// testHalf narrows numbers that float16 holds exactly and one that lies between two of them, and widens them again.
func (l *level) testHalf() error {
	list, half, out := make([]float32, 64), make([]uint16, 64), make([]float32, 64)
	for i := range list {
		list[i] = float32(i-9) / 8
	}
	list[0] = -1.125 - 1./4096 // the float16 above is nearer
	l.narrow(&half[0], &list[0], 8)
	l.widen(&out[0], &half[0], 2)
	list[0] = -1.125
	if err := near(0, out, list); err != nil {
		return fmt.Errorf("float16: %w", err)
	}
	return nil
}

// same compares what a level and the portable one write.
func same(tolerance float64, run func(k *level, out []float32), l *level, n int) error {
	got, want := waves(n+1, 6), waves(n+1, 6)
	run(l, got)
	run(&portable, want)
	return near(tolerance, got, want)
}

func near(tolerance float64, got, want []float32) error {
	for i := range want {
		if d := math.Abs(float64(got[i] - want[i])); !(d <= tolerance*max(1, math.Abs(float64(want[i])))) {
			return fmt.Errorf("value %d is %v, want %v", i, got[i], want[i])
		}
	}
	return nil
}

// waves are n numbers between -4 and 4.
func waves(n int, kind float64) []float32 {
	list := make([]float32, n)
	for i := range list {
		list[i] = float32(4 * math.Sin(kind+float64(i)*(1+kind/7)))
	}
	return list
}
