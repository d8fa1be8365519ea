package simd

import "unsafe"

// weight is a loaded tensor: packed panels for products, in one precision or the other, and plain values otherwise.
type weight struct {
	values []float32
	half   []uint16  // panels in float16, instead of values
	bias   []float32 // padded to whole panels for products
}

// largestHalf is the largest number that rounds to a float16 below infinity.
const largestHalf = 65519

func fitsHalf(values []float32) bool {
	for _, v := range values {
		if !(v <= largestHalf && v >= -largestHalf) {
			return false
		}
	}
	return true
}

// packHalf is packColumns in float16. One panel at a time exists in float32.
func (l *level) packHalf(values []float32, out, in int) []uint16 {
	columns, padded := l.columns, roundUp(in, depth)
	n := roundUp(out, columns) * padded
	packed := unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(aligned(ceilDiv(n, 2))))), n)
	panel := aligned(columns * padded)
	for first := 0; first < out; first += columns {
		rows := min(columns, out-first)
		if rows < columns {
			clear(panel)
		}
		l.packPanel(panel, values[first*in:], in, rows, in)
		l.narrow(&packed[first*padded], &panel[0], columns*padded/8)
	}
	return packed
}
