package generic

import (
	"math"
	"unsafe"

	"github.com/goclip/goclip/kernels"
)

// laneDepth is how many lanes of 32 bits of a row lie side by side in a panel of rows, where a lane holds several values.
const laneDepth = 4

// Bytes is the matrix kernel for tiles of so many rows of signed bytes, four in a lane:
// sums[row*Columns+column] = start[column] + Σ a[(block*rows+row)*laneDepth+k] · b[(block*laneDepth+k)*Columns+column].
func Bytes(rows int) func(a, b, sums, start, next *float32, blocks int) {
	return func(a, b, sums, start, _ *float32, blocks int) {
		const group = 4 * laneDepth
		left, right := (*int8)(unsafe.Pointer(a)), (*int8)(unsafe.Pointer(b))
		out, first := unsafe.Slice((*int32)(unsafe.Pointer(sums)), rows*Columns), unsafe.Slice((*int32)(unsafe.Pointer(start)), Columns)
		for r := range rows {
			s0, s1 := first[0], first[1]
			for block := range blocks {
				x := (*[group]int8)(unsafe.Add(unsafe.Pointer(left), (block*rows+r)*group))
				w := (*[Columns * group]int8)(unsafe.Add(unsafe.Pointer(right), block*Columns*group))
				for k := 0; k < group; k += 4 {
					for i := range 4 {
						v := int32(x[k+i])
						s0 += v * int32(w[2*k+i])
						s1 += v * int32(w[2*k+4+i])
					}
				}
			}
			out[r*Columns], out[r*Columns+1] = s0, s1
		}
	}
}

// QuantizeBytes is kernels.QuantizeRow with bytes in blocks of 16 that are stride lanes apart, zeros behind the last one, and in
// all lanes the bits changed that flip has.
func QuantizeBytes(dst, scale, src *float32, stride, n int, flip uint32) {
	from := slice(src, n)
	var largest float32
	for _, v := range from {
		largest = max(largest, v, -v)
	}
	inverse := 127 / largest
	*scale = largest / 127
	if !(inverse <= math.MaxFloat32) {
		inverse = 0
	}
	const group = 4 * laneDepth
	for at := 0; at < n; at += group {
		to := (*[group]byte)(unsafe.Add(unsafe.Pointer(dst), at/group*stride*4))
		rest := from[at:min(n, at+group)]
		for i := range to {
			q := byte(0)
			if i < len(rest) {
				q = byte(int32(math.RoundToEven(float64(rest[i] * inverse))))
			}
			to[i] = q ^ byte(flip)
		}
	}
}

// Settle finishes the sums of a tile of bytes, n columns of each row; residual may be nil:
// dst[row*ldd+column] = float32(sums[row*Columns+column]) * (scales[row] * ends[column]) + ends[Columns+column] + residual[row*ldr+column].
func Settle(dst, sums, scales, ends, residual *float32, ldd, ldr, rows, n int) {
	whole, end := unsafe.Slice((*int32)(unsafe.Pointer(sums)), rows*Columns), slice(ends, 2*Columns)
	for r, scale := range slice(scales, rows) {
		to := slice(dst, r*ldd+n)[r*ldd:]
		for i := range to {
			v := float32(whole[r*Columns+i])*(scale*end[i]) + end[Columns+i]
			if residual != nil {
				v += slice(residual, r*ldr+n)[r*ldr+i]
			}
			to[i] = v
		}
	}
}

// NarrowFloat16 rounds 8*blocks values to float16.
func NarrowFloat16(dst *uint16, src *float32, blocks int) {
	to := unsafe.Slice(dst, 8*blocks)
	for i, v := range slice(src, 8*blocks) {
		to[i] = kernels.Float16(v)
	}
}

// WidenFloat16 turns n float16 values into float32.
func WidenFloat16(dst *float32, src *uint16, n int) {
	to := slice(dst, n)
	for i, h := range unsafe.Slice(src, n) {
		to[i] = kernels.FromFloat16(h)
	}
}

// NarrowBFloat16 rounds 8*blocks values to bfloat16.
func NarrowBFloat16(dst *uint16, src *float32, blocks int) {
	to := unsafe.Slice(dst, 8*blocks)
	for i, v := range slice(src, 8*blocks) {
		to[i] = kernels.BFloat16(v)
	}
}

// WidenBFloat16 turns n bfloat16 values into float32.
func WidenBFloat16(dst *float32, src *uint16, n int) {
	to := slice(dst, n)
	for i, b := range unsafe.Slice(src, n) {
		to[i] = kernels.FromBFloat16(b)
	}
}

// PackBFloat16 is PackRow with every value rounded to bfloat16.
func PackBFloat16(dst, src *float32, stride, n int) {
	from := slice(src, n)
	for at := 0; at < n; at += depth {
		to := slice(dst, at/depth*stride+depth)[at/depth*stride:]
		clear(to)
		for i, v := range from[at:min(n, at+depth)] {
			to[i] = kernels.FromBFloat16(kernels.BFloat16(v))
		}
	}
}
