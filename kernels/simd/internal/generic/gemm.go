// Package generic has the kernels of package simd in portable Go: what runs where there is no assembly, and what the
// assembly of every other level is held against. Functions and arguments are the same in each level's package.
package generic

import "unsafe"

// Rows and Columns are the tile of Gemm: as many sums as stay in the registers that the compiler hands out.
const (
	Rows    = 4
	Columns = 2
)

// depth is how many values of a row lie side by side in a panel of rows.
const depth = 8

func slice(p *float32, n int) []float32 { return unsafe.Slice(p, n) }

// Gemm is the matrix kernel for tiles of so many rows, which lie one below the other in c.
func Gemm(rows int) func(a, b, c, bias, residual, next *float32, blocks, lda, ldc, ldr, n, accumulate, tiles, asking int) {
	return func(a, b, c, bias, residual, _ *float32, blocks, lda, ldc, ldr, n, accumulate, tiles, _ int) {
		for t := range tiles {
			left, out, beside := below(a, t*lda), below(c, t*rows*ldc), below(residual, t*rows*ldr)
			tile(rows, left, b, out, bias, beside, blocks, ldc, ldr, n, accumulate)
		}
	}
}

// below is n values behind a pointer, or nil.
func below(p *float32, n int) *float32 {
	if p == nil {
		return nil
	}
	return &slice(p, n+1)[n]
}

func tile(rows int, a, b, c, bias, residual *float32, blocks, ldc, ldr, n, accumulate int) {
	left, right := slice(a, blocks*depth*rows), slice(b, blocks*depth*Columns)
	var sums [Rows * Columns]float32
	if rows == Rows {
		multiply(left, right, &sums)
	} else {
		for r := range rows {
			sums[r*Columns], sums[r*Columns+1] = multiplyRow(left[r*depth:], right, rows*depth)
		}
	}
	for r := range rows {
		out := slice(c, r*ldc+n)[r*ldc:]
		for j := range out {
			v := sums[r*Columns+j]
			if accumulate != 0 {
				v += out[j]
			}
			if bias != nil {
				v += slice(bias, n)[j]
			}
			if residual != nil {
				v += slice(residual, r*ldr+n)[r*ldr+j]
			}
			out[j] = v
		}
	}
}

// multiply computes a whole tile.
func multiply(left, right []float32, sums *[Rows * Columns]float32) {
	var s00, s01, s10, s11, s20, s21, s30, s31 float32
	for len(left) >= depth*Rows && len(right) >= depth*Columns {
		a, b := (*[depth * Rows]float32)(left), (*[depth * Columns]float32)(right)
		for k := range depth {
			b0, b1 := b[k*Columns], b[k*Columns+1]
			v := a[k]
			s00 += v * b0
			s01 += v * b1
			v = a[depth+k]
			s10 += v * b0
			s11 += v * b1
			v = a[2*depth+k]
			s20 += v * b0
			s21 += v * b1
			v = a[3*depth+k]
			s30 += v * b0
			s31 += v * b1
		}
		left, right = left[depth*Rows:], right[depth*Columns:]
	}
	*sums = [Rows * Columns]float32{s00, s01, s10, s11, s20, s21, s30, s31}
}

// multiplyRow computes one row of a tile whose blocks are stride values apart.
func multiplyRow(left, right []float32, stride int) (s0, s1 float32) {
	for len(right) >= depth*Columns {
		a, b := (*[depth]float32)(left), (*[depth * Columns]float32)(right)
		for k, v := range a {
			s0 += v * b[k*Columns]
			s1 += v * b[k*Columns+1]
		}
		left, right = left[min(stride, len(left)):], right[depth*Columns:]
	}
	return s0, s1
}
