package simd

import "unsafe"

// depth is how many values of a row lie side by side in a panel; the sums of a product are padded to whole blocks of it.
const depth = 8

// laneDepth is depth where lanes hold several values.
const laneDepth = 4

func roundUp(n, multiple int) int { return (n + multiple - 1) / multiple * multiple }

func ceilDiv(n, d int) int { return (n + d - 1) / d }

// lineBytes is a cache line, and the largest vector.
const lineBytes = 64

// hugeBytes is a large page. Memory of that size and more asks for them: weights stream by once a Run, and with small pages
// the processor looks up a translation for every 4 KB of them.
const hugeBytes = 2 << 20

// aligned is memory for n values that begins with a cache line, so that no vector of a panel lies across two.
func aligned(n int) []float32 {
	const extra = lineBytes/4 - 1
	list := make([]float32, n+extra)
	if n*4 >= hugeBytes {
		hugePages(list)
	}
	skip := 0
	if at := uintptr(unsafe.Pointer(unsafe.SliceData(list))) % lineBytes; at != 0 {
		skip = int(lineBytes-at) / 4
	}
	return list[skip : skip+n : skip+n]
}

// packPanel turns so many rows of n lanes into the columns of a panel; rows are stride lanes apart.
func (l *level) packPanel(panel []float32, columns int, values []float32, stride, rows, n int) {
	first := 0
	if blocks := n / 8; blocks > 0 && columns%8 == 0 {
		for ; first+8 <= rows; first += 8 {
			l.transpose8(&panel[first], columns, &values[first*stride], stride, blocks)
			transpose(panel, values[first*stride:], columns, stride, first, 8, blocks*8, n)
		}
	}
	transpose(panel, values[min(first*stride, len(values)):], columns, stride, first, rows-first, 0, n)
}

// transpose puts values from … n-1 of some rows into the columns of a panel from column first on.
func transpose(panel, values []float32, columns, stride, first, rows, from, n int) {
	for r := range rows {
		for k := from; k < n; k++ {
			panel[k*columns+first+r] = values[r*stride+k]
		}
	}
}

// unpackColumns gives a packed matrix [out, in] of float32 back.
func (l *level) unpackColumns(packed []float32, out, in int) []float32 {
	columns, padded := l.columns, roundUp(in, depth)
	values := make([]float32, out*in)
	for o := range out {
		panel := packed[o/columns*columns*padded:]
		for k := range in {
			values[o*in+k] = panel[k*columns+o%columns]
		}
	}
	return values
}

// split cuts count rows into tiles of nearly equal height, none higher than a level's: even heights leave no tile so low
// that the processor waits for its own sums.
type split struct{ count, tiles int }

func (l *level) split(count int) split { return split{count, ceilDiv(count, l.rows())} }
func (f *form) split(count int) split  { return split{count, ceilDiv(count, f.rows())} }

// tile is the first row and the height of a tile.
func (s split) tile(i int) (first, rows int) {
	height, higher := s.count/s.tiles, s.count%s.tiles
	if i < higher {
		return i * (height + 1), height + 1
	}
	return i*height + higher, height
}

// alike is how many tiles before end are as high as tile i, from that on.
func (s split) alike(i, end int) int {
	if higher := s.count % s.tiles; i < higher {
		return min(end, higher) - i
	}
	return end - i
}
