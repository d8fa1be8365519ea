package preprocess

import (
	"encoding/binary"
	"fmt"
)

// window is a part of a resized picture: columns left to right-1, rows top to bottom-1.
type window struct{ left, top, right, bottom int }

func (w window) width() int  { return w.right - w.left }
func (w window) height() int { return w.bottom - w.top }

// source gives the rows of the picture that is resized, converted as the pipeline wants it.
type source struct {
	mode          Mode
	width, height int
	// row is asked for rows from above to below, some of them not at all. A row is valid until the call after the next
	// one, and always where stored is set.
	row    func(y int) []byte
	stored bool
	want   func(left, top, right, bottom int) // is told the part that will be used, unless nil
}

// resizer resizes pictures and keeps its memory between them.
type resizer struct {
	across, down axis
	scratch      []byte    // what lies between the passes
	rows         [][]byte  // those that a row of the result is made of
	sums         []int32   // of a row
	floatSums    []float64 // the same of 16-bit pixels
	lines        [2][]byte // rows of the source, premultiplied
	packed       packed
}

// resize writes the window of the picture resized to width x height to out, as Pillow 13's Image.resize does (Resample.c,
// Geometry.c).
func (r *resizer) resize(out []byte, s source, width, height int, filter Filter, w window) error {
	n := s.mode.bytes()
	switch {
	case s.width == width && s.height == height:
		for y := w.top; y < w.bottom; y++ {
			copy(out[(y-w.top)*w.width()*n:], s.row(y)[w.left*n:w.right*n])
		}
		return nil
	case s.mode == Bilevel || s.mode == Indexed || filter == Nearest:
		nearest(out, s, width, height, w)
		return nil
	case s.mode == GrayAlpha || s.mode == RGBA:
		if err := r.passes(out, r.premultiplied(s), width, height, filter, w); err != nil {
			return err
		}
		unmultiply(out, n)
		return nil
	}
	return r.passes(out, s, width, height, filter, w)
}

// nearest steps its position by addition, so that its rounding error grows along a row, as in Pillow.
func nearest(out []byte, s source, width, height int, w window) {
	columns := nearestPlaces(s.width, width, w.left, w.right)
	n := s.mode.bytes()
	last, row := -1, []byte(nil)
	for i, y := range nearestPlaces(s.height, height, w.top, w.bottom) {
		if y != last {
			last, row = y, s.row(y)
		}
		to := out[i*w.width()*n:][:w.width()*n]
		for k, x := range columns {
			copy(to[k*n:k*n+n], row[x*n:])
		}
	}
}

func nearestPlaces(in, out, low, high int) []int {
	step := float64(in) / float64(out)
	places := make([]int, 0, high-low)
	at := step * 0.5
	for i := range high {
		if i >= low {
			places = append(places, min(in-1, int(at)))
		}
		at += step
	}
	return places
}

// premultiplied returns the source with its colours multiplied by alpha.
func (r *resizer) premultiplied(s source) source {
	row, n := s.row, s.mode.bytes()
	s.stored = false
	s.row = func(y int) []byte {
		in := row(y)
		r.lines[0], r.lines[1] = r.lines[1], grow(r.lines[0], len(in))
		line := r.lines[1]
		for i := 0; i < len(in); i += n {
			alpha := in[i+n-1]
			for k := range n - 1 {
				line[i+k] = multiply(in[i+k], alpha)
			}
			line[i+n-1] = alpha
		}
		return line
	}
	return s
}

// unmultiply divides colours by alpha.
func unmultiply(pixels []byte, n int) {
	for i := 0; i < len(pixels); i += n {
		alpha := int(pixels[i+n-1])
		if alpha == 0 || alpha == 255 {
			continue
		}
		for k := range n - 1 {
			pixels[i+k] = byte(min(255, 255*int(pixels[i+k])/alpha))
		}
	}
}

// passes resamples across and down, rounding to whole pixel values in between. A side that keeps its size is left out.
func (r *resizer) passes(out []byte, s source, width, height int, filter Filter, w window) error {
	wide := s.mode == Gray16
	if width != s.width {
		if err := r.across.fill(s.width, width, w.left, w.right, filter, wide); err != nil {
			return err
		}
	}
	if height != s.height {
		if err := r.down.fill(s.height, height, w.top, w.bottom, filter, wide); err != nil {
			return err
		}
	}
	if s.want != nil {
		left, right, top, bottom := w.left, w.right, w.top, w.bottom
		if width != s.width {
			left, right = r.across.inputs()
		}
		if height != s.height {
			top, bottom = r.down.inputs()
		}
		s.want(left, top, right, bottom)
	}
	// Pillow 13: down first if that loses more than twice as many pixels as going across does. 12 does so only for pictures
	// a hundred times taller than wide, 11 never.
	lostDown, lostAcross := s.height-height, s.width-width
	if lostDown > 0 && lostDown > 2*lostAcross {
		r.downFirst(out, s, width, height, w)
		return nil
	}
	if s.height > maxMemory/4/(w.width()*s.mode.bytes()) {
		return fmt.Errorf("%w: resizing %d x %d pixels to %d x %d", ErrTooLarge, s.width, s.height, width, height)
	}
	r.acrossFirst(out, s, width, height, w)
	return nil
}

func (r *resizer) acrossFirst(out []byte, s source, width, height int, w window) {
	n := s.mode.bytes()
	stride := w.width() * n
	from, to := w.top, w.bottom
	between := out
	if height != s.height {
		from, to = r.down.inputs()
		r.scratch = grow(r.scratch, (to-from)*stride)
		between = r.scratch
	}
	line := func(y int) []byte { return between[(y-from)*stride:][:stride] }
	r.packed.packAcross(&r.across, n)
	for y := from; y < to; y++ {
		switch {
		case width == s.width:
			copy(line(y), s.row(y)[w.left*n:w.right*n])
		case y+1 < to:
			r.acrossRows(line(y), line(y+1), s.row(y), s.row(y+1), s.mode)
			y++
		default:
			row := s.row(y)
			r.acrossRows(line(y), line(y), row, row, s.mode)
		}
	}
	if height == s.height {
		return
	}
	r.packed.packDown(&r.down)
	for i, first := range r.down.first {
		r.rows = r.rows[:0]
		for k := range r.down.taps(i) {
			r.rows = append(r.rows, line(first+k))
		}
		r.downRow(out[i*stride:][:stride], i, s.mode)
	}
}

func (r *resizer) downFirst(out []byte, s source, width, height int, w window) {
	n := s.mode.bytes()
	stride := w.width() * n
	from, to := w.left, w.right
	if width != s.width {
		from, to = r.across.inputs()
	}
	kept := r.keep(s, from*n, to*n)
	r.scratch = grow(r.scratch, 2*s.width*n)
	lines := [2][]byte{r.scratch[:s.width*n], r.scratch[s.width*n:]}
	r.packed.packAcross(&r.across, n)
	r.packed.packDown(&r.down)
	resample := func(i, turn int) []byte {
		kept(i)
		r.downRow(lines[turn][from*n:to*n], i, s.mode)
		return lines[turn]
	}
	for i := 0; i < w.height(); i++ {
		line, row := out[i*stride:][:stride], resample(i, 0)
		switch {
		case width == s.width:
			copy(line, row[from*n:to*n])
		case i+1 < w.height():
			i++
			r.acrossRows(line, out[i*stride:][:stride], row, resample(i, 1), s.mode)
		default:
			r.acrossRows(line, line, row, row, s.mode)
		}
	}
}

// keep returns what puts the rows of the source that the i-th row of the result is made of, bytes from to to-1 of each,
// into r.rows. Rows that do not stay by themselves are copied and kept as long as they are needed.
func (r *resizer) keep(s source, from, to int) func(i int) {
	most := 0
	for i := range r.down.first {
		most = max(most, r.down.taps(i))
	}
	next := 0
	var ring []byte
	if !s.stored {
		ring = make([]byte, most*(to-from))
	}
	return func(i int) {
		first := r.down.first[i]
		r.rows = r.rows[:0]
		for y := first; y < first+r.down.taps(i); y++ {
			if s.stored {
				r.rows = append(r.rows, s.row(y)[from:to])
				continue
			}
			slot := ring[y%most*(to-from):][:to-from]
			if y >= next {
				copy(slot, s.row(y)[from:to])
				next = y + 1
			}
			r.rows = append(r.rows, slot)
		}
	}
}

const weightHalf = 1 << (weightBits - 1)

// acrossRows resamples two rows.
func (r *resizer) acrossRows(out0, out1, row0, row1 []byte, mode Mode) {
	if mode == Gray16 {
		r.acrossRow16(out0, row0)
		r.acrossRow16(out1, row1)
		return
	}
	if !r.packed.across(out0, out1, row0, row1, mode) {
		r.acrossRow(out0, row0, mode)
		r.acrossRow(out1, row1, mode)
	}
}

func (r *resizer) acrossRow(out, row []byte, mode Mode) {
	n := mode.bytes()
	a := &r.across
	for i, first := range a.first {
		weights := a.fixed[a.start[i]:a.start[i+1]]
		in := row[first*n:][:len(weights)*n]
		switch n {
		case 1:
			sum := int32(weightHalf)
			for k, w := range weights {
				sum += w * int32(in[k])
			}
			out[i] = rounded(sum)
		case 3:
			s0, s1, s2 := int32(weightHalf), int32(weightHalf), int32(weightHalf)
			for _, w := range weights {
				pixel := (*[3]byte)(in)
				s0 += w * int32(pixel[0])
				s1 += w * int32(pixel[1])
				s2 += w * int32(pixel[2])
				in = in[3:]
			}
			out[3*i], out[3*i+1], out[3*i+2] = rounded(s0), rounded(s1), rounded(s2)
		default:
			for c := range n {
				sum := int32(weightHalf)
				for k, w := range weights {
					sum += w * int32(in[k*n+c])
				}
				out[n*i+c] = rounded(sum)
			}
		}
	}
}

// downRow resamples the i-th row of the window from r.rows.
func (r *resizer) downRow(out []byte, i int, mode Mode) {
	if mode == Gray16 {
		r.downRow16(out, i)
		return
	}
	if r.packed.down(out, i, r.rows) {
		return
	}
	r.sums = grow(r.sums, len(out))
	sums := r.sums
	for x := range sums {
		sums[x] = weightHalf
	}
	a := &r.down
	for k, w := range a.fixed[a.start[i]:a.start[i+1]] {
		in := r.rows[k][:len(sums)]
		for x, v := range in {
			sums[x] += w * int32(v)
		}
	}
	for x, sum := range sums {
		out[x] = rounded(sum)
	}
}

// rounded brings a fixed-point sum, to which a half was added, to a byte.
func rounded(sum int32) byte {
	sum >>= weightBits
	if uint32(sum) > 255 {
		return byte(^sum >> 31)
	}
	return byte(sum)
}

func (r *resizer) acrossRow16(out, row []byte) {
	a := &r.across
	for i, first := range a.first {
		sum := 0.0
		for k, w := range a.floats[a.start[i]:a.start[i+1]] {
			sum += float64(float64(binary.LittleEndian.Uint16(row[2*(first+k):])) * w)
		}
		binary.LittleEndian.PutUint16(out[2*i:], rounded16(sum))
	}
}

func (r *resizer) downRow16(out []byte, i int) {
	r.floatSums = grow(r.floatSums, len(out)/2)
	clear(r.floatSums)
	a := &r.down
	for k, w := range a.floats[a.start[i]:a.start[i+1]] {
		in := r.rows[k]
		for x := range r.floatSums {
			r.floatSums[x] += float64(float64(binary.LittleEndian.Uint16(in[2*x:])) * w)
		}
	}
	for x, sum := range r.floatSums {
		binary.LittleEndian.PutUint16(out[2*x:], rounded16(sum))
	}
}

// rounded16 rounds half away from zero and clips to 16 bits.
func rounded16(sum float64) uint16 {
	return uint16(max(0, min(65535, int(sum+0.5)))) // sums below zero are clipped however they round
}

// grow returns a slice of n elements, the old one if it is large enough.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
