package simd

import "github.com/goclip/goclip/kernels"

// Embed looks up rows of a table.
func (p *program) Embed(dst kernels.Ref, table kernels.Weight, ids kernels.IntInput) {
	values, width := p.device.weight(table.ID).values, table.Shape[1]
	out, rows := p.rows(dst), dst.Shape.Rows()
	p.addRows(dst.Shape, width, func(item, row int) {
		id := int(p.ints[ids][item*rows+row])
		copy(out.row(item, row), values[id*width:])
	})
}

// LayerNorm normalises rows.
func (p *program) LayerNorm(dst, x kernels.Ref, w kernels.Weight, eps float32) {
	m := p.device.weight(w.ID)
	in, out := p.rows(x), p.rows(dst)
	p.addRows(dst.Shape, 4*in.width, func(item, row int) {
		p.level.layerNorm(&out.row(item, row)[0], &in.row(item, row)[0], &m.values[0], &m.bias[0], in.width, eps)
	})
}

// Rotate applies rotary position embeddings.
func (p *program) Rotate(dst, x, cos, sin kernels.Ref) {
	in, out, c, s := p.rows(x), p.rows(dst), p.rows(cos), p.rows(sin)
	p.addRows(dst.Shape, 2*in.width, func(item, row int) {
		from, to := in.row(item, row), out.row(item, row)
		for j := 0; j < in.width; j += c.width {
			p.level.rotate(&to[j], &from[j], &c.row(item, row)[0], &s.row(item, row)[0], c.width)
		}
	})
}

// Map applies an activation.
func (p *program) Map(dst, x kernels.Ref, act kernels.Act) {
	in, out := p.rows(x), p.rows(dst)
	p.addRows(dst.Shape, 10*in.width, func(item, row int) {
		p.level.activations[act](&out.row(item, row)[0], in.width, &in.row(item, row)[0], in.width, 1, in.width)
	})
}

// Zip adds or multiplies two values.
func (p *program) Zip(dst, x, y kernels.Ref, op kernels.Binary) {
	as, bs, out := p.rows(x), p.rows(y), p.rows(dst)
	join := p.level.add
	if op == kernels.Mul {
		join = p.level.mul
	}
	p.addRows(dst.Shape, out.width, func(item, row int) {
		join(&out.row(item, row)[0], &as.row(item, row)[0], &bs.row(item, row)[0], out.width)
	})
}

// Mean is the mean of an item's rows.
func (p *program) Mean(dst, x kernels.Ref, lengths kernels.IntInput) {
	in, out := p.rows(x), p.rows(dst)
	p.add(dst.Shape.Items(), x.Shape.Elements(), func(_, item int) {
		n := x.Shape.Rows()
		if lengths != kernels.NoInts {
			n = int(p.ints[lengths][item])
		}
		p.level.mean(&out.row(item, 0)[0], &in.row(item, 0)[0], x.Row, n, in.width, 1/float32(n))
	})
}

// Concat joins two sequences.
func (p *program) Concat(dst, x, y kernels.Ref) {
	as, bs, out := p.rows(x), p.rows(y), p.rows(dst)
	n := x.Shape.Rows()
	p.addRows(dst.Shape, dst.Shape.Width(), func(item, row int) {
		if row < n {
			copy(out.row(item, row), as.row(item, row))
		} else {
			copy(out.row(item, row), bs.row(item, row-n))
		}
	})
}

// Gather picks rows of each item.
func (p *program) Gather(dst, x kernels.Ref, rows kernels.IntInput) {
	in, out, n := p.rows(x), p.rows(dst), dst.Shape.Rows()
	p.addRows(dst.Shape, dst.Shape.Width(), func(item, row int) {
		copy(out.row(item, row), in.row(item, int(p.ints[rows][item*n+row])))
	})
}

// Normalize divides rows by their length.
func (p *program) Normalize(dst, x kernels.Ref) {
	in, out := p.rows(x), p.rows(dst)
	p.addRows(dst.Shape, 2*in.width, func(item, row int) {
		p.level.normalize(&out.row(item, row)[0], &in.row(item, row)[0], in.width)
	})
}
