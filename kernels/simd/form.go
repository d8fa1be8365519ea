package simd

import (
	"unsafe"

	"github.com/goclip/goclip/kernels"
)

// form is how a level lays out the two sides of a product in one precision, and multiplies them. Both lie in lanes of 32 bits: a
// lane holds one float32, or two or four shorter values, whose products one instruction adds up.
type form struct {
	precision kernels.Precision
	columns   int // outputs in a panel of the matrix
	values    int // in a lane
	depth     int // lanes of a row that lie side by side in a panel of rows
	stored    int // bytes that the matrix takes for a lane: fewer than 4 where a part is widened before it is used
	ask       int // bytes of next that a matrix kernel asks for with each block

	// pack rounds a row of the left side and lays it out, n values in blocks that are stride lanes apart; row does so for the
	// matrix. What the rounded values are multiples of goes to scale in Int8.
	pack, row func(dst, scale, src *float32, stride, n int)
	// narrow and widen are between lanes and what is stored of a matrix; nil where that is the same.
	narrow func(dst *uint16, src *float32, blocks int)
	widen  func(dst *float32, src *uint16, n int)

	// gemm holds the matrix kernel for each number of rows, none for 0. It computes blockDepth lanes of a sum at a time, and
	// finishes the last.
	gemm []matrixKernel
	// dot is there instead where lanes hold several values: the whole sums of a tile, that begin with start. settle brings them to
	// their place.
	dot    []func(a, b, sums, start, next *float32, blocks int)
	settle func(dst, sums, scales, ends, residual *float32, ldd, ldr, rows, n int)
	// prefetch asks for the memory where a tile goes while its sums are computed; nil where nobody knows whether that pays.
	prefetch func(rows *float32, stride, count int)
	// offset is what pack adds to every value, since the machine multiplies bytes without a sign: it is taken off at the start.
	offset int32

	ceiling    func(rounds int)
	operations int // of a round of ceiling
}

// rows is the height of a whole tile.
func (f *form) rows() int { return max(len(f.gemm), len(f.dot)) - 1 }

// lanes is the length of a row in whole blocks of lanes.
func (f *form) lanes(length int) int { return roundUp(ceilDiv(length, f.values), f.depth) }

// deep is how many lanes of a sum are computed at once.
func (f *form) deep(lanes int) int {
	if f.dot != nil {
		return lanes
	}
	return min(lanes, blockDepth)
}

// floats is the form of float32.
func (l *level) floats() form {
	return form{precision: kernels.F32, columns: l.columns, values: 1, depth: depth, stored: 4, ask: l.ask, gemm: l.gemm,
		pack:    func(dst, _, src *float32, stride, n int) { l.packRow(dst, src, stride, n) },
		ceiling: l.ceiling, operations: l.operations}
}

// halves is a form of matrices in 16 bits that are widened to float32.
func (l *level) halves(p kernels.Precision, narrow func(dst *uint16, src *float32, blocks int), widen func(dst *float32, src *uint16, n int)) form {
	f := l.floats()
	f.precision, f.stored, f.narrow, f.widen = p, 2, narrow, widen
	return f
}

// rounding is a form that rounds rows of the left side while it packs them.
func (f form) rounding(pack func(dst, src *float32, stride, n int)) form {
	f.pack = func(dst, _, src *float32, stride, n int) { pack(dst, src, stride, n) }
	return f
}

// signed and unsigned round rows to bytes: as they are, or with 128 added, as machines want the left side that multiply bytes
// without a sign with such that have one.
func signed(quantize func(dst, scale, src *float32, stride, n int, flip uint32)) func(dst, scale, src *float32, stride, n int) {
	return func(dst, scale, src *float32, stride, n int) { quantize(dst, scale, src, stride, n, 0) }
}

func unsigned(quantize func(dst, scale, src *float32, stride, n int, flip uint32)) func(dst, scale, src *float32, stride, n int) {
	return func(dst, scale, src *float32, stride, n int) { quantize(dst, scale, src, stride, n, 0x80808080) }
}

// load lays a matrix [out, in] out in panels of columns outputs, the lanes of one input side by side: panel[k*columns+c]. Missing
// outputs and inputs are zeros. ends has, for each panel, what its sums begin with, what they are multiplied with, and its biases.
func (f *form) load(l *level, values, bias []float32, out, in int) *weight {
	lanes := f.lanes(in)
	panel := f.columns * lanes
	panels := ceilDiv(out, f.columns)
	w := &weight{form: f, values: aligned(ceilDiv(panels*panel*f.stored, 4))}
	if f.dot == nil {
		w.bias = aligned(panels * f.columns)
		copy(w.bias, bias)
	} else {
		w.bias = aligned(3 * panels * f.columns)
	}
	var rows, wide []float32
	if f.row != nil {
		rows = aligned(panel)
	}
	if f.narrow != nil {
		wide = aligned(panel)
	}
	for i := range panels {
		first := i * f.columns
		count := min(f.columns, out-first)
		to := wide
		if f.narrow == nil {
			to = w.values[i*panel:][:panel]
		} else if count < f.columns {
			clear(to)
		}
		from, length := values[first*in:], in
		if f.row != nil {
			ends := w.bias[3*first:][:3*f.columns]
			for r := range count {
				f.row(&rows[r*lanes], &ends[f.columns+r], &from[r*in], f.depth, in)
				f.begin(&ends[r], rows[r*lanes:][:lanes])
			}
			if bias != nil {
				copy(ends[2*f.columns:], bias[first:][:count])
			}
			from, length = rows, lanes
		}
		l.packPanel(to, f.columns, from, length, count, length)
		if f.narrow != nil {
			f.narrow((*uint16)(w.stored(i*panel)), &to[0], panel/8)
		}
	}
	return w
}

// begin is what the sums of an output begin with, given its row of the matrix: it takes off what offset adds.
func (f *form) begin(start *float32, row []float32) {
	if f.offset == 0 {
		return
	}
	var sum int32
	for _, v := range unsafe.Slice((*int8)(unsafe.Pointer(unsafe.SliceData(row))), 4*len(row)) {
		sum += int32(v)
	}
	*(*int32)(unsafe.Pointer(start)) = -f.offset * sum
}

// narrowPairs turns integers of 16 bits that are no larger than a byte into bytes.
func narrowPairs(dst *uint16, src *float32, blocks int) {
	to := unsafe.Slice((*int8)(unsafe.Pointer(dst)), 16*blocks)
	for i, v := range unsafe.Slice((*int16)(unsafe.Pointer(src)), 16*blocks) {
		to[i] = int8(v)
	}
}
