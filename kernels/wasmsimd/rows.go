package wasmsimd

import (
	"math"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/wasmsimd/internal/layout"
)

// rows appends a step that goes from row to row of dst.
func (p *program) rows(function layout.Function, dst kernels.Ref, workPerRow int, s layout.Rows) {
	total := dst.Shape.Items() * dst.Shape.Rows()
	each := max(1, min(8, total/(2*p.device.threads)))
	s.PerItem, s.Total, s.PerUnit, s.Width = uint32(dst.Shape.Rows()), uint32(total), uint32(each), uint32(dst.Shape.Width())
	if s.Dst == (layout.Operand{}) {
		s.Dst = p.operand(dst)
	}
	add(p, &s, &s.Header, function, ceilDiv(total, each), total*workPerRow)
}

// Embed looks up rows of a table.
func (p *program) Embed(dst kernels.Ref, table kernels.Weight, ids kernels.IntInput) {
	width := table.Shape[1]
	x := layout.Operand{Address: p.device.weight(table.ID).values, Row: uint32(4 * width)}
	p.rows(layout.Gather, dst, width, layout.Rows{X: x, Extra: p.ints[ids]})
}

// LayerNorm normalises rows.
func (p *program) LayerNorm(dst, x kernels.Ref, w kernels.Weight, eps float32) {
	m := p.device.weight(w.ID)
	p.rows(layout.LayerNorm, dst, 4*x.Shape.Width(), layout.Rows{X: p.operand(x), Extra: m.values, Bias: m.bias, Number: eps})
}

// Rotate applies rotary position embeddings.
func (p *program) Rotate(dst, x, cos, sin kernels.Ref) {
	s := layout.Rows{X: p.operand(x), Y: p.operand(cos), Z: p.operand(sin), Extra: uint32(cos.Shape.Width())}
	p.rows(layout.Rotate, dst, 2*x.Shape.Width(), s)
}

// Map applies an activation.
func (p *program) Map(dst, x kernels.Ref, act kernels.Act) {
	if act == kernels.Identity {
		p.rows(layout.Copy, dst, x.Shape.Width(), layout.Rows{X: p.operand(x)})
		return
	}
	p.rows(layout.Map, dst, 10*x.Shape.Width(), layout.Rows{X: p.operand(x), Extra: activation(act)})
}

// Zip adds or multiplies two values.
func (p *program) Zip(dst, x, y kernels.Ref, op kernels.Binary) {
	function := layout.Add
	if op == kernels.Mul {
		function = layout.Mul
	}
	p.rows(function, dst, dst.Shape.Width(), layout.Rows{X: p.operand(x), Y: p.operand(y)})
}

// Mean is the mean of an item's rows.
func (p *program) Mean(dst, x kernels.Ref, lengths kernels.IntInput) {
	s := layout.Rows{X: p.operand(x), Bias: uint32(x.Shape.Rows())}
	if lengths != kernels.NoInts {
		s.Extra = p.ints[lengths]
	}
	p.rows(layout.Mean, dst, x.Shape.Rows()*x.Shape.Width(), s)
}

// Concat joins two sequences.
func (p *program) Concat(dst, x, y kernels.Ref) {
	to := p.operand(dst)
	for _, part := range []kernels.Ref{x, y} {
		s := layout.Rows{Dst: to, X: p.operand(part)}
		p.rows(layout.Copy, part, part.Shape.Width(), s)
		to.Address += uint32(part.Shape.Rows()) * to.Row
	}
}

// Gather picks rows of each item.
func (p *program) Gather(dst, x kernels.Ref, rows kernels.IntInput) {
	p.rows(layout.Gather, dst, x.Shape.Width(), layout.Rows{X: p.operand(x), Extra: p.ints[rows]})
}

// Normalize divides rows by their length.
func (p *program) Normalize(dst, x kernels.Ref) {
	p.rows(layout.Normalize, dst, 2*x.Shape.Width(), layout.Rows{X: p.operand(x)})
}

// Attention computes heads side by side.
func (p *program) Attention(dst, q, k, v kernels.Ref, a kernels.Attend) {
	items, queries, keys, width := dst.Shape.Items(), q.Shape.Rows(), k.Shape.Rows(), q.Shape.Width()/a.Heads
	deep, panels, seen := roundUp(width, layout.Depth), ceilDiv(keys, layout.Columns), roundUp(keys, layout.Depth)
	tiles := ceilDiv(queries, layout.Height)
	// Few heads for many threads: the queries of a head are shared, and each part packs the keys again.
	parts := min(tiles, ceilDiv(2*p.device.threads, items*a.Heads))
	s := layout.Attend{Dst: p.operand(dst), Q: p.operand(q), K: p.operand(k), V: p.operand(v),
		Heads: uint32(a.Heads), Parts: uint32(parts), Queries: uint32(queries), Keys: uint32(keys), Width: uint32(width),
		Deep: uint32(deep), Panels: uint32(panels), Seen: uint32(seen), Tiles: uint32(tiles),
		Scale: float32(1 / math.Sqrt(float64(width)))}
	at := panels * layout.Columns * deep
	room := func(values int) uint32 {
		start := at
		at += roundUp(values, alignment/4)
		return uint32(4 * start)
	}
	s.Values = room(ceilDiv(width, layout.Columns) * layout.Columns * seen)
	s.Query = room(layout.Height * deep)
	s.Scores = room(layout.Height * panels * layout.Columns)
	s.Shares = room(layout.Height * seen)
	p.needScratch(4 * at)
	if a.Causal {
		s.Causal = 1
	}
	if a.Lengths != kernels.NoInts {
		s.Lengths = p.ints[a.Lengths]
	}
	if a.PerQuery {
		s.PerQuery = 1
	}
	add(p, &s, &s.Header, layout.Attention, items*a.Heads*parts, 2*items*queries*keys*q.Shape.Width())
}
