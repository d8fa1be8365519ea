package simd

import (
	"math"

	"github.com/goclip/goclip/kernels"
)

// head is the size of one head's attention and of the panels that it is computed with.
type head struct {
	queries, keys, width int
	deep                 int // width, padded: the length of the sums of scores
	panels               int // of keys
	seen                 int // keys, padded: the length of the sums of values
	outs                 int // panels of the width
	tile                 int // the height of a whole tile
	columns              int
}

func (l *level) head(queries, keys, width int) head {
	return head{queries: queries, keys: keys, width: width, deep: roundUp(width, depth), panels: ceilDiv(keys, l.columns),
		seen: roundUp(keys, depth), outs: ceilDiv(width, l.columns), tile: l.rows(), columns: l.columns}
}

// room is a worker's memory for a head: everything that exists between its inputs and its output.
type room struct {
	keys   []float32 // panels of keys: the right side of the scores
	values []float32 // panels of values: the right side of the output
	query  []float32 // a tile of queries
	scores []float32 // a tile's scores, row by row
	shares []float32 // the same after softmax, as a panel of rows
}

func (h head) sizes() [5]int {
	return [5]int{h.panels * h.columns * h.deep, h.outs * h.columns * h.seen, h.tile * h.deep, h.tile * h.panels * h.columns, h.tile * h.seen}
}

// memory is the size of a room, each part beginning with a cache line.
func (h head) memory() int {
	total := 0
	for _, n := range h.sizes() {
		total += roundUp(n, lineBytes/4)
	}
	return total
}

func (h head) room(scratch []float32) room {
	var parts [5][]float32
	for i, n := range h.sizes() {
		parts[i], scratch = scratch[:n], scratch[roundUp(n, lineBytes/4):]
	}
	return room{parts[0], parts[1], parts[2], parts[3], parts[4]}
}

// Attention computes heads side by side. A head's keys and values are packed as panels, and then it is two products for a
// few queries at a time, with softmax between them: scores live in the worker's cache only.
func (p *program) Attention(dst, q, k, v kernels.Ref, a kernels.Attend) {
	l := p.level
	h := l.head(q.Shape.Rows(), k.Shape.Rows(), q.Shape.Width()/a.Heads)
	s := attention{program: p, head: h, Attend: a, scale: float32(1 / math.Sqrt(float64(h.width))),
		out: p.rows(dst), q: p.rows(q), k: p.rows(k), v: p.rows(v)}
	p.needScratch(h.memory())
	items := dst.Shape.Items()
	tiles := l.split(h.queries)
	// Few heads for many cores: the queries of a head are shared, and each part packs the keys again.
	parts := min(tiles.tiles, ceilDiv(2*p.device.threads, items*a.Heads))
	p.add(items*a.Heads*parts, 2*items*h.queries*h.keys*q.Shape.Width(), func(worker, unit int) {
		part, unit := unit%parts, unit/parts
		item, at := unit/a.Heads, unit%a.Heads*h.width
		r := h.room(p.scratch[worker])
		s.pack(r, item, at)
		for t := tiles.tiles * part / parts; t < tiles.tiles*(part+1)/parts; t++ {
			first, rows := tiles.tile(t)
			s.tile(r, item, at, first, rows)
		}
	})
}

// attention is the step with its operands.
type attention struct {
	*program
	head
	kernels.Attend
	scale        float32
	out, q, k, v view
}

// pack lays a head's keys and values out as panels. Zeros stand for what keys lack at the end of a row, and for the values
// of missing keys, which meet shares of zero.
func (s *attention) pack(r room, item, at int) {
	l := s.level
	for first := 0; first < s.keys; first += s.columns {
		panel := r.keys[first*s.deep:][:s.columns*s.deep]
		start := s.k.ref.At(item, first) + at
		l.packPanel(panel, s.columns, s.k.memory[start:], s.k.ref.Row, min(s.columns, s.keys-first), s.width)
		clear(panel[s.width*s.columns:])
	}
	for first := 0; first < s.width; first += s.columns {
		panel := r.values[first*s.seen:][:s.columns*s.seen]
		start := s.v.ref.At(item, 0) + at + first
		l.activations[kernels.Identity](&panel[0], s.columns, &s.v.memory[start], s.v.ref.Row, s.keys, min(s.columns, s.width-first))
		clear(panel[s.keys*s.columns:])
	}
}

// tile computes some queries of a head.
func (s *attention) tile(r room, item, at, first, rows int) {
	l, lengths := s.level, s.lengths(s.Attend)
	most := 0
	for i := range rows {
		l.packRow(&r.query[i*depth], &s.q.row(item, first+i)[at], rows*depth, s.width)
		most = max(most, s.Seen(lengths, item, first+i, s.queries, s.keys))
	}
	wide := s.panels * s.columns
	for panel := 0; panel*s.columns < most; panel++ {
		keys := &r.keys[panel*s.columns*s.deep]
		l.gemm[rows](&r.query[0], keys, &r.scores[panel*s.columns], nil, nil, keys, s.deep/depth, 0, wide, 0, s.columns, 0, 1, 0)
	}
	blocks := ceilDiv(most, depth)
	for i := range rows {
		n := s.Seen(lengths, item, first+i, s.queries, s.keys)
		if n <= 0 {
			for b := range blocks {
				clear(r.shares[(b*rows+i)*depth:][:depth])
			}
			continue
		}
		l.softmax(&r.shares[i*depth], &r.scores[i*wide], rows*depth, n, blocks, s.scale)
	}
	for panel := range s.outs {
		column := panel * s.columns
		out := s.out.memory[s.out.ref.At(item, first)+at+column:]
		n := min(s.columns, s.width-column)
		if blocks == 0 {
			for i := range rows {
				clear(out[i*s.out.ref.Row:][:n])
			}
			continue
		}
		values := &r.values[column*s.seen]
		l.gemm[rows](&r.shares[0], values, &out[0], nil, nil, values, blocks, 0, s.out.ref.Row, 0, n, 0, 1, 0)
	}
}

// lengths are the numbers that an attention's Lengths names; nil without them.
func (p *program) lengths(a kernels.Attend) []int32 {
	if a.Lengths == kernels.NoInts {
		return nil
	}
	return p.ints[a.Lengths]
}
