package simd

import "github.com/goclip/goclip/kernels"

// Linear multiplies rows with a matrix.
func (p *program) Linear(dst, x kernels.Ref, w kernels.Weight, e kernels.Epilogue) {
	in := p.rows(x)
	rows := x.Shape.Rows()
	m := p.device.weight(w.ID)
	p.product(p.result(dst, e), m, x.Shape.Width(), w.Shape[0], 0, func(_, row, stride int, to, scale *float32) {
		m.form.pack(to, scale, &in.row(row/rows, row%rows)[0], stride, in.width)
	})
}

// result is where a product goes, and what becomes of its sums on the way.
type result struct {
	dst      view
	rows     int // of an item
	act      kernels.Act
	residual *view
}

func (p *program) result(dst kernels.Ref, e kernels.Epilogue) result {
	r := result{dst: p.rows(dst), rows: dst.Shape.Rows(), act: e.Act}
	if e.Residual != nil {
		residual := p.rows(*e.Residual)
		r.residual = &residual
	}
	return r
}

// packer writes a row of a product's left side, counted over all items, to a panel of rows, and what its values are multiples of
// to scale, if the form wants that. It may use the end of the worker's scratch memory, as many values as a padded row has.
type packer func(worker, row, stride int, to, scale *float32)

// A product is cut into blocks of rows and groups of panels. What a worker reads again and again while it computes one
// should fit its own second cache: blockRows rows of blockDepth values are 344 KB, that part of a panel is 98 KB at most.
// blockDepth is a multiple of depth.
const (
	blockRows  = 112
	blockDepth = 768
	// widened is how many parts of panels are widened at a time, for several blocks of rows one after the other.
	widened = 4
	// mostShared is how many packed values may wait between two steps.
	mostShared = 8 << 20
)

// product computes columns at … at+outputs-1 of dst = epilogue(left · weightᵀ), where pack gives the rows of the left side,
// length values each.
func (p *program) product(to result, w *weight, length, outputs, at int, pack packer) {
	f := w.form
	total := to.dst.ref.Shape.Items() * to.rows
	padded := f.lanes(length)
	blocks := ceilDiv(total, f.blockRows())
	block := func(i int) (first, count int) {
		first = total * i / blocks
		return first, total*(i+1)/blocks - first
	}
	m := p.multiply(multiplication{program: p, result: to, weight: w, padded: padded, outputs: outputs, at: at})
	panels := ceilDiv(outputs, f.columns)
	work := total * length * outputs
	room := f.room(padded)
	if threads := p.device.threads; blocks >= 8*threads || total*padded > mostShared {
		// Enough blocks for everybody: each worker packs its own.
		most := ceilDiv(total, blocks)
		largest := roundUp(most*padded, lineBytes/4)
		scales := roundUp(most, lineBytes/4)
		p.needScratch(largest + scales + room + padded)
		p.add(blocks, work, func(worker, unit int) {
			first, count := block(unit)
			memory := p.scratch[worker]
			b := packed{memory[:count*padded], memory[largest:][:count]}
			tiles := f.split(count)
			for t := range tiles.tiles {
				row, rows := tiles.tile(t)
				for r := range rows {
					pack(worker, first+row+r, rows*f.depth, &b.rows[row*padded+r*f.depth], &b.scales[row+r])
				}
			}
			m.compute(b, memory[largest+scales:], first, 0, panels, wanted{m, 0})
		})
		return
	}
	p.needShared(total*padded + total)
	p.needScratch(room + padded)
	// The rows are packed once, then blocks and groups of panels are drawn by whoever is free.
	heights := make([]struct{ first, row, rows int }, 0, ceilDiv(total, f.rows())+blocks)
	for b := range blocks {
		first, count := block(b)
		tiles := f.split(count)
		for t := range tiles.tiles {
			row, rows := tiles.tile(t)
			heights = append(heights, struct{ first, row, rows int }{first, row, rows})
		}
	}
	p.add(len(heights), total*length, func(worker, unit int) {
		h := heights[unit]
		row := h.first + h.row
		for r := range h.rows {
			pack(worker, row+r, h.rows*f.depth, &p.shared[row*padded+r*f.depth], &p.shared[total*padded+row+r])
		}
	})
	group := min(8, max(1, panels*blocks/(f.units()*p.device.threads)))
	m.blocks, m.group, m.units = blocks, group, ceilDiv(panels, group)*blocks
	p.add(m.units, work, func(worker, unit int) {
		first, count := block(unit % blocks)
		panel := unit / blocks * group
		b := packed{p.shared[first*padded:][:count*padded], p.shared[total*padded+first:][:count]}
		m.compute(b, p.scratch[worker], first, panel, min(panels, panel+group), m.next(unit+p.device.threads))
	})
}

// blockRows is how many rows make a block. Where panels are widened, it is several bands as high as others' blocks, so that fewer
// blocks do it again.
func (f *form) blockRows() int {
	if f.widen != nil {
		return 4 * blockRows
	}
	return blockRows
}

// units is how many units a product has for each thread, at least. Fewer are larger, so that the same rows serve several widened panels.
func (f *form) units() int {
	if f.widen != nil {
		return 4
	}
	return 16
}

// packed is a block of rows, ready to be the left side of a product, with what the values of each row are multiples of.
type packed struct{ rows, scales []float32 }

// multiplication is a product with all that its tiles need.
type multiplication struct {
	*program
	result
	*weight
	padded, outputs, at int

	// How it is cut, if workers share the rows: a unit is a block of them and a group of panels.
	blocks, group, units int
	following            *multiplication // of the program
}

// multiply begins a product, and tells the one before which it is.
func (p *program) multiply(m multiplication) *multiplication {
	if p.last != nil {
		p.last.following = &m
	}
	p.last = &m
	return &m
}

// wanted is a part of a product's weight that is needed soon: where it begins, in rows of panels.
type wanted struct {
	*multiplication
	row int
}

// next is what a worker wants first of a unit, which may be one of the following product.
func (m *multiplication) next(unit int) wanted {
	if unit < m.units {
		return wanted{m, unit / m.blocks * m.group * m.padded}
	}
	if f := m.following; f != nil && f.units > 0 {
		return wanted{f, (unit - m.units) / f.blocks * f.group * f.padded}
	}
	return wanted{m, 0}
}

// room is the memory that a worker needs for parts of panels and tiles of sums, in float32.
func (f *form) room(padded int) int {
	room := 0
	if f.widen != nil {
		room = widened * f.columns * f.deep(padded)
	}
	if f.dot != nil {
		room += f.columns * f.rows()
	}
	return room
}

// compute finishes a block of rows for some panels, and asks for what is wanted next. room is the worker's memory.
func (m *multiplication) compute(b packed, room []float32, first, panel, end int, next wanted) {
	f := m.form
	tiles := f.split(len(b.scales))
	bands := ceilDiv(len(b.scales), blockRows)
	step := f.deep(m.padded)
	together, sums := end-panel, room
	if f.widen != nil {
		together, sums = min(together, widened), room[widened*f.columns*step:]
	}
	for k := 0; k < m.padded; k += step {
		deep := min(step, m.padded-k)
		for from := panel; from < end; from += together {
			to := min(end, from+together)
			if f.widen != nil {
				m.widen(from, to, k, deep, room)
			}
			for i := range bands {
				for j := from; j < to; j++ {
					p := part{j, k, deep, m.right(j, from, k, deep, room), m.after(j, k, deep, panel, end, next)}
					m.band(b, tiles, tiles.tiles*i/bands, tiles.tiles*(i+1)/bands, first, p, sums)
				}
			}
		}
	}
}

// part is deep lanes of a panel from k on: where the matrix kernel reads them, and what is wanted next.
type part struct {
	panel, k, deep int
	right          *float32
	after          wanted
}

// band computes the tiles from one on up to another with a part of a panel.
func (m *multiplication) band(b packed, tiles split, from, to, first int, p part, sums []float32) {
	for t, count := from, 1; t < to; t += count {
		row, rows := tiles.tile(t)
		left, ahead := &b.rows[row*m.padded+p.k*rows], p.after.ahead(t-from, p.deep)
		if m.form.dot != nil {
			m.sums(left, p.right, ahead, &sums[0], &b.scales[row], first+row, rows, p.panel)
			continue
		}
		count = tiles.alike(t, to)
		m.tiles(left, p.right, ahead, first+row, rows, count, m.form.asking()-(t-from), p)
	}
}

// widen fills room with the parts of some panels that have deep lanes from k on.
func (m *multiplication) widen(panel, end, k, deep int, room []float32) {
	n := deep * m.form.columns
	for j := panel; j < end; j++ {
		m.form.widen(&room[(j-panel)*n], (*uint16)(m.stored((j*m.padded+k)*m.form.columns)), n)
	}
}

// right is the part of a panel that has deep lanes from k on, as the matrix kernel reads it. widened is the first one in room.
func (m *multiplication) right(panel, widened, k, deep int, room []float32) *float32 {
	if m.form.widen == nil {
		return &m.values[(panel*m.padded+k)*m.form.columns]
	}
	return &room[(panel-widened)*deep*m.form.columns]
}

// after is what is wanted after panel j's part from k on, or takes its place in room.
func (m *multiplication) after(j, k, deep, panel, end int, next wanted) wanted {
	together := 1
	if m.form.widen != nil {
		together = min(widened, end-panel)
	}
	switch left := j + together - end; {
	case left < 0:
		return wanted{m, (j+together)*m.padded + k}
	case k+deep < m.padded:
		return wanted{m, (panel+left)*m.padded + k + deep}
	default:
		return wanted{next.multiplication, next.row + left*next.padded}
	}
}

// asking is how many tiles together ask for all of a part of a panel.
func (f *form) asking() int { return ceilDiv(f.columns*f.stored*f.depth, max(1, f.ask)) }

// ahead is what tile t asks for of deep rows of a panel, so that a few tiles together ask for all of it.
func (w wanted) ahead(t, deep int) *float32 {
	f := w.form
	at := w.row*f.columns*f.stored/4 + t*(deep/f.depth)*f.ask/4%(deep*f.columns*f.stored/4)
	return &w.values[min(at, len(w.values)-1)]
}

// tiles computes some products of count tiles of float32, of which the first ask for what is ahead, and with the last products all
// that follows.
func (m *multiplication) tiles(left, right, ahead *float32, row, rows, count, asking int, p part) {
	f := m.form
	n, width, out := m.place(row, p.panel)
	accumulate := 0
	if p.k > 0 {
		accumulate = 1
	}
	blocks, next := p.deep/depth, rows*m.padded
	if p.k+p.deep < m.padded {
		f.gemm[rows](left, right, out, nil, nil, ahead, blocks, next, width, 0, n, accumulate, count, asking)
		return
	}
	residual, stride := m.beside(row, p.panel)
	f.gemm[rows](left, right, out, &m.bias[p.panel*f.columns], residual, ahead, blocks, next, width, stride, n, accumulate, count, asking)
	if residual == nil {
		m.finish(m.level, row, rows*count, m.at+p.panel*f.columns, n)
	}
}

// sums computes a tile of lanes, with all that follows.
func (m *multiplication) sums(left, right, ahead, sums, scales *float32, row, rows, panel int) {
	f := m.form
	n, width, out := m.place(row, panel)
	residual, stride := m.beside(row, panel)
	if f.prefetch != nil {
		f.prefetch(out, width, rows)
		if residual != nil {
			f.prefetch(residual, stride, rows)
		}
	}
	ends := m.bias[3*panel*f.columns:]
	f.dot[rows](left, right, sums, &ends[0], ahead, m.padded/f.depth)
	f.settle(out, sums, scales, &ends[f.columns], residual, width, stride, rows, n)
	if residual == nil {
		m.finish(m.level, row, rows, m.at+panel*f.columns, n)
	}
}

// place is where a tile goes: how many columns it has there, how far its rows are apart, and its first value.
func (m *multiplication) place(row, panel int) (n, width int, out *float32) {
	column := panel * m.form.columns
	width = m.dst.width
	return min(m.form.columns, m.outputs-column), width, &m.dst.memory[m.dst.ref.Offset+row*width+m.at+column]
}

// beside is the residual that can be added to a tile's sums at once, and how far its rows are apart; nil if none can.
func (m *multiplication) beside(row, panel int) (*float32, int) {
	if m.residual == nil || m.act != kernels.Identity || !m.residual.even() {
		return nil, 0
	}
	stride := m.residual.ref.Row
	return &m.residual.memory[m.residual.ref.Offset+row*stride+m.at+panel*m.form.columns], stride
}

// finish applies the activation and adds the residual to n columns of some rows while they are in the first cache.
func (r *result) finish(l *level, row, rows, column, n int) {
	width := r.dst.width
	out := r.dst.memory[r.dst.ref.Offset+row*width+column:]
	if r.act != kernels.Identity {
		l.activations[r.act](&out[0], width, &out[0], width, rows, n)
	}
	if r.residual != nil {
		for i := range rows {
			l.add(&out[i*width], &out[i*width], &r.residual.row((row+i)/r.rows, (row+i)%r.rows)[column], n)
		}
	}
}
