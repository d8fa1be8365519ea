//go:build arm64 && !purego

package neon

import (
	"math"
	"unsafe"
)

// Rows and Columns are the tile of Gemm.
const (
	Rows    = 8
	Columns = 8
)

// depth is how many values of a row lie side by side in a panel of rows.
const depth = 8

var whole = [Rows + 1]func(a, b, c, bias, residual *float32, blocks, ldc, ldr, accumulate int){
	nil, gemm1, gemm2, gemm3, gemm4, gemm5, gemm6, gemm7, gemm8}

// Gemm is generic.Gemm. The assembly writes whole tiles; a tile with fewer columns goes through one.
func Gemm(rows int) func(a, b, c, bias, residual, next *float32, blocks, ldc, ldr, n, accumulate int) {
	gemm := whole[rows]
	return func(a, b, c, bias, residual, _ *float32, blocks, ldc, ldr, n, accumulate int) {
		if n == Columns {
			gemm(a, b, c, bias, residual, blocks, ldc, ldr, accumulate)
			return
		}
		part(rows, a, b, c, bias, residual, blocks, ldc, ldr, n, accumulate)
	}
}

// part computes n columns of a tile.
func part(rows int, a, b, c, bias, residual *float32, blocks, ldc, ldr, n, accumulate int) {
	var tile [Rows * Columns]float32
	multiply(rows, a, b, &tile, blocks)
	for r := range rows {
		out := unsafe.Slice(c, r*ldc+n)[r*ldc:]
		for j := range out {
			v := tile[r*Columns+j]
			if accumulate != 0 {
				v += out[j]
			}
			if bias != nil {
				v += unsafe.Slice(bias, n)[j]
			}
			if residual != nil {
				v += unsafe.Slice(residual, r*ldr+n)[r*ldr+j]
			}
			out[j] = v
		}
	}
}

// multiply calls the kernel for a number of rows by its name: through a variable the tile would escape to the heap.
func multiply(rows int, a, b *float32, tile *[Rows * Columns]float32, blocks int) {
	c := &tile[0]
	switch rows {
	case 1:
		gemm1(a, b, c, nil, nil, blocks, Columns, 0, 0)
	case 2:
		gemm2(a, b, c, nil, nil, blocks, Columns, 0, 0)
	case 3:
		gemm3(a, b, c, nil, nil, blocks, Columns, 0, 0)
	case 4:
		gemm4(a, b, c, nil, nil, blocks, Columns, 0, 0)
	case 5:
		gemm5(a, b, c, nil, nil, blocks, Columns, 0, 0)
	case 6:
		gemm6(a, b, c, nil, nil, blocks, Columns, 0, 0)
	case 7:
		gemm7(a, b, c, nil, nil, blocks, Columns, 0, 0)
	case 8:
		gemm8(a, b, c, nil, nil, blocks, Columns, 0, 0)
	}
}

// Softmax is generic.Softmax.
func Softmax(dst, scores *float32, stride, n, blocks int, scale float32) {
	list := unsafe.Slice(scores, n)
	by := [2]float32{float32(math.Inf(-1)), scale * math.Log2E}
	for _, s := range list {
		by[0] = max(by[0], s)
	}
	exponentials(scores, &by[0], n)
	var total float32
	for _, e := range list {
		total += e
	}
	share := 1 / total
	for block := range blocks {
		to := unsafe.Slice(dst, block*stride+depth)[block*stride:]
		clear(to)
		for i, e := range list[min(n, block*depth):min(n, (block+1)*depth)] {
			to[i] = e * share
		}
	}
}
