package simd

import (
	"unsafe"

	"github.com/goclip/goclip/kernels"
)

// Linear multiplies rows with a matrix.
func (p *program) Linear(dst, x kernels.Ref, w kernels.Weight, e kernels.Epilogue) {
	in := p.rows(x)
	rows := x.Shape.Rows()
	m := p.device.weight(w.ID)
	p.product(p.result(dst, e), m, x.Shape.Width(), w.Shape[0], 0, func(_, row, stride int, to *float32) {
		p.level.packRow(to, &in.row(row/rows, row%rows)[0], stride, in.width)
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

// packer writes a row of a product's left side, counted over all items, to a panel of rows. It may use the
// end of the worker's scratch memory, as many values as a padded row has.
type packer func(worker, row, stride int, to *float32)

// A product is cut into blocks of rows and groups of panels. What a worker reads again and again while it computes one
// should fit its own second cache: blockRows rows of blockDepth values are 344 KB, that part of a panel is 98 KB at most.
// blockDepth is a multiple of depth.
const (
	blockRows  = 112
	blockDepth = 768
	// mostShared is how many packed values may wait between two steps.
	mostShared = 8 << 20
)

// product computes columns at … at+outputs-1 of dst = epilogue(left · weightᵀ), where pack gives the rows of the left side,
// length values each.
func (p *program) product(to result, w *weight, length, outputs, at int, pack packer) {
	l := p.level
	total := to.dst.ref.Shape.Items() * to.rows
	padded := roundUp(length, depth)
	blocks := ceilDiv(total, blockRows)
	block := func(i int) (first, count int) {
		first = total * i / blocks
		return first, total*(i+1)/blocks - first
	}
	m := multiplication{program: p, result: to, weight: w, padded: padded, outputs: outputs, at: at}
	panels := ceilDiv(outputs, l.columns)
	work := total * length * outputs
	room := 0
	if w.half != nil {
		room = blockDepth * l.columns
	}
	if threads := p.device.threads; blocks >= 8*threads || total*padded > mostShared {
		// Enough blocks for everybody: each worker packs its own.
		largest := roundUp(ceilDiv(total, blocks)*padded, lineBytes/4)
		p.needScratch(largest + room + padded)
		p.add(blocks, work, func(worker, unit int) {
			first, count := block(unit)
			packed := p.scratch[worker][:count*padded]
			tiles := l.split(count)
			for t := range tiles.tiles {
				row, rows := tiles.tile(t)
				for r := range rows {
					pack(worker, first+row+r, rows*depth, &packed[row*padded+r*depth])
				}
			}
			m.compute(packed, p.scratch[worker][largest:], first, count, 0, panels)
		})
		return
	}
	p.needShared(total * padded)
	p.needScratch(room + padded)
	// The rows are packed once, then blocks and groups of panels are drawn by whoever is free.
	heights := make([]struct{ first, row, rows int }, 0, ceilDiv(total, l.rows())+blocks)
	for b := range blocks {
		first, count := block(b)
		tiles := l.split(count)
		for t := range tiles.tiles {
			row, rows := tiles.tile(t)
			heights = append(heights, struct{ first, row, rows int }{first, row, rows})
		}
	}
	p.add(len(heights), total*length, func(worker, unit int) {
		h := heights[unit]
		packed := p.shared[(h.first+h.row)*padded:][:h.rows*padded]
		for r := range h.rows {
			pack(worker, h.first+h.row+r, h.rows*depth, &packed[r*depth])
		}
	})
	group := min(8, max(1, panels*blocks/(16*p.device.threads)))
	groups := ceilDiv(panels, group)
	p.add(groups*blocks, work, func(worker, unit int) {
		first, count := block(unit % blocks)
		panel := unit / blocks * group
		m.compute(p.shared[first*padded:][:count*padded], p.scratch[worker], first, count, panel, min(panels, panel+group))
	})
}

// multiplication is a product with all that its tiles need.
type multiplication struct {
	*program
	result
	*weight
	padded, outputs, at int
}

// compute finishes a block of packed rows for some panels. room is the worker's memory for a part of a panel.
func (m *multiplication) compute(packed, room []float32, first, count, panel, end int) {
	l := m.level
	tiles := l.split(count)
	for k := 0; k < m.padded; k += blockDepth {
		deep := min(blockDepth, m.padded-k)
		for j := panel; j < end; j++ {
			right := m.part((j*m.padded+k)*l.columns, deep*l.columns, room)
			after := m.after(j, k, deep, panel, end) * l.columns
			for t := range tiles.tiles {
				row, rows := tiles.tile(t)
				m.tile(&packed[row*m.padded+k*rows], right, m.ahead(after, t, deep), first+row, rows, j, k, deep)
			}
		}
	}
}

// part is n values of the weight, as float32.
func (m *multiplication) part(at, n int, room []float32) *float32 {
	if m.half == nil {
		return &m.values[at]
	}
	m.level.widen(&room[0], &m.half[at], n/32)
	return &room[0]
}

// after is where the part of a panel begins, in rows of panels, that is wanted after panel j's from k on.
func (m *multiplication) after(j, k, deep, panel, end int) int {
	switch {
	case j+1 < end:
		return (j+1)*m.padded + k
	case k+deep < m.padded:
		return panel*m.padded + k + deep
	case end*m.level.columns < m.outputs:
		return end * m.padded
	}
	return 0
}

// ahead is what tile t asks for of the part that is wanted next, so that a few tiles together ask for all of it.
func (m *multiplication) ahead(after, t, deep int) *float32 {
	if m.half != nil {
		at := after + t*(deep/depth)*m.level.ask/2%(deep*m.level.columns)
		return (*float32)(unsafe.Pointer(&m.half[min(at, len(m.half)-1)]))
	}
	at := after + t*(deep/depth)*m.level.ask/4%(deep*m.level.columns)
	return &m.values[min(at, len(m.values)-1)]
}

// tile computes some products of a tile, and with the last ones all that follows.
func (m *multiplication) tile(left, right, ahead *float32, row, rows, panel, k, deep int) {
	l := m.level
	column := panel * l.columns
	n := min(l.columns, m.outputs-column)
	width := m.dst.width
	out := &m.dst.memory[m.dst.ref.Offset+row*width+m.at+column]
	accumulate := 0
	if k > 0 {
		accumulate = 1
	}
	if k+deep < m.padded {
		l.gemm[rows](left, right, out, nil, nil, ahead, deep/depth, width, 0, n, accumulate)
		return
	}
	bias := &m.bias[column]
	if m.residual != nil && m.act == kernels.Identity && m.residual.even() {
		at := m.residual.ref.Offset + row*m.residual.ref.Row + m.at + column
		l.gemm[rows](left, right, out, bias, &m.residual.memory[at], ahead, deep/depth, width, m.residual.ref.Row, n, accumulate)
		return
	}
	l.gemm[rows](left, right, out, bias, nil, ahead, deep/depth, width, 0, n, accumulate)
	m.finish(l, row, rows, m.at+column, n)
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
