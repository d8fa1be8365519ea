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
func Gemm(rows int) func(a, b, c, bias, residual, next *float32, blocks, lda, ldc, ldr, n, accumulate, tiles, asking int) {
	gemm := whole[rows]
	return func(a, b, c, bias, residual, _ *float32, blocks, lda, ldc, ldr, n, accumulate, tiles, _ int) {
		for t := range tiles {
			left, out, beside := below(a, t*lda), below(c, t*rows*ldc), below(residual, t*rows*ldr)
			if n == Columns {
				gemm(left, b, out, bias, beside, blocks, ldc, ldr, accumulate)
				continue
			}
			part(rows, left, b, out, bias, beside, blocks, ldc, ldr, n, accumulate)
		}
	}
}

// below is n values behind a pointer, or nil.
func below(p *float32, n int) *float32 {
	if p == nil {
		return nil
	}
	return &unsafe.Slice(p, n+1)[n]
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

// Settle is generic.Settle. The assembly writes whole rows of tiles; narrower ones go through a tile.
func Settle(dst, sums, scales, ends, residual *float32, ldd, ldr, rows, n int) {
	if n == Columns {
		settle(dst, sums, scales, ends, residual, ldd, ldr, rows)
		return
	}
	var tile [Rows * Columns]float32
	settle(&tile[0], sums, scales, ends, nil, Columns, 0, rows)
	for r := range rows {
		out := unsafe.Slice(dst, r*ldd+n)[r*ldd:]
		for j := range out {
			out[j] = tile[r*Columns+j]
			if residual != nil {
				out[j] += unsafe.Slice(residual, r*ldr+n)[r*ldr+j]
			}
		}
	}
}

// QuantizeBytes is generic.QuantizeBytes without flip: the machine multiplies signed bytes.
func QuantizeBytes(dst, scale, src *float32, stride, n int) {
	const group = 16
	blocks := n / group
	rest := n % group
	var last [group]float32
	copy(last[:], unsafe.Slice(src, n)[n-rest:])
	var largest, more float32
	magnitude(&largest, &last[0], group/4)
	if blocks > 0 {
		magnitude(&more, src, blocks*group/4)
		largest = max(largest, more)
	}
	inverse := 127 / largest
	*scale = largest / 127
	if !(inverse <= math.MaxFloat32) {
		inverse = 0
	}
	if blocks > 0 {
		quantize(dst, src, &inverse, stride, blocks)
	}
	if rest > 0 {
		quantize((*float32)(unsafe.Add(unsafe.Pointer(dst), 4*stride*blocks)), &last[0], &inverse, stride, 1)
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
