package simd

import (
	"fmt"
	"math"

	"github.com/goclip/goclip/kernels"
)

// selfTest holds every kernel of a level against the portable one, at sizes with whole and partial vectors. A processor or
// an emulator that computes something else must not be trusted, whatever it says it has. It takes a millisecond.
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
	for _, p := range kernels.Precisions()[1:] {
		if err := l.testForm(&l.forms[p]); err != nil {
			return fmt.Errorf("%s: %w", p, err)
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

// testGemm computes two tiles of n columns with everything that a matrix kernel can add.
func (l *level) testGemm(rows, n int) error {
	const blocks, tiles, ldc = 2, 2, 40
	lda := rows*8*blocks + 8
	a, b := waves(tiles*lda, 1), waves(l.columns*8*blocks, 2)
	bias, residual := waves(l.columns, 3), waves(tiles*rows*ldc, 4)
	out, want := waves(tiles*rows*ldc, 5), waves(tiles*rows*ldc, 5)
	for r := range tiles * rows {
		left := a[r/rows*lda+r%rows*8:]
		for c := range n {
			sum := float64(want[r*ldc+c]) + float64(bias[c]) + float64(residual[r*ldc+c])
			for k := range 8 * blocks {
				sum += float64(left[k/8*rows*8+k%8]) * float64(b[k*l.columns+c])
			}
			want[r*ldc+c] = float32(sum)
		}
	}
	l.gemm[rows](&a[0], &b[0], &out[0], &bias[0], &residual[0], &b[0], blocks, lda, ldc, ldc, n, 1, tiles, 1)
	return near(1e-5, out, want)
}

// testForm multiplies with a matrix in a precision, in tiles of every height, of a whole panel and of part of one.
func (l *level) testForm(f *form) error {
	const length = 35 // whole and partial blocks
	outputs := 2*f.columns - 3
	lanes := f.lanes(length)
	x, matrix, bias := waves(f.rows()*length, 1), waves(outputs*length, 2), waves(outputs, 3)
	x[3], matrix[5] = 0.25, -0.375 // multiples of halves of what Int8 rounds to, as little else is here
	w := f.load(l, matrix, bias, outputs, length)
	xs, ws := rounded(f.precision, x, length, f.precision != kernels.F16), rounded(f.precision, matrix, length, true)
	want := make([]float32, f.rows()*outputs)
	for i := range want {
		sum := float64(bias[i%outputs])
		for k, v := range ws[i%outputs*length:][:length] {
			sum += float64(xs[i/outputs*length+k]) * float64(v)
		}
		want[i] = float32(sum)
	}
	got, room := make([]float32, len(want)+1), aligned(f.room(lanes))
	for rows := 1; rows <= f.rows(); rows++ {
		b := packed{aligned(rows * lanes), make([]float32, rows)}
		for r := range rows {
			f.pack(&b.rows[r*f.depth], &b.scales[r], &x[r*length], rows*f.depth, length)
		}
		n := rows * outputs
		got[n] = 7
		dst := view{got, kernels.Ref{Shape: kernels.Shape{1, rows, outputs}, Row: outputs}, outputs}
		m := multiplication{program: &program{level: l}, result: result{dst: dst, rows: rows}, weight: w, padded: lanes, outputs: outputs}
		m.compute(b, room, 0, 0, 2, m.next(0))
		if err := near(1e-4, got[:n], want[:n]); err != nil {
			return fmt.Errorf("%d rows: %w", rows, err)
		}
		if got[n] != 7 {
			return fmt.Errorf("%d rows: something is written behind the last one", rows)
		}
	}
	return nil
}

// rounded are rows as a precision has them, if it rounds them.
func rounded(p kernels.Precision, values []float32, length int, rounds bool) []float32 {
	list := append([]float32(nil), values...)
	if !rounds {
		return list
	}
	whole := make([]int8, length)
	for at := 0; at < len(list); at += length {
		row := list[at:][:length]
		scale := float32(0)
		if p == kernels.Int8 {
			scale = kernels.QuantizeRow(whole, row)
		}
		for i, v := range row {
			switch p {
			case kernels.F16:
				row[i] = kernels.FromFloat16(kernels.Float16(v))
			case kernels.BF16:
				row[i] = kernels.FromBFloat16(kernels.BFloat16(v))
			case kernels.Int8:
				row[i] = float32(whole[i]) * scale
			}
		}
	}
	return list
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
