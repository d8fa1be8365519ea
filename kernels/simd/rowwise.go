package simd

import (
	"math"

	"github.com/goclip/goclip/kernels"
)

// activate computes an activation function. The exponentials are float64: the generic level values its digits above
// the few per cent of the time that they take.
func activate(x float32, a kernels.Act) float32 {
	y := float64(x)
	switch a {
	case kernels.ReLU:
		return max(x, 0)
	case kernels.GELU:
		return float32(y / 2 * (1 + math.Erf(y/math.Sqrt2)))
	case kernels.GELUTanh:
		return float32(y / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(y+0.044715*y*y*y))))
	case kernels.QuickGELU:
		return float32(y / (1 + math.Exp(-1.702*y)))
	case kernels.SiLU:
		return float32(y / (1 + math.Exp(-y)))
	case kernels.Sigmoid:
		return float32(1 / (1 + math.Exp(-y)))
	}
	return x
}

// Embed looks up rows of a table.
func (p *program) Embed(dst kernels.Ref, table kernels.Weight, ids kernels.IntInput) {
	values, width := p.device.weight(table.ID).values, table.Shape[1]
	out, rows := p.rows(dst), dst.Shape.Rows()
	p.addRows(dst.Shape, width, func(item, row int) {
		id := int(p.ints[ids][item*rows+row])
		copy(out.row(item, row), values[id*width:])
	})
}

// Rotate applies rotary position embeddings.
func (p *program) Rotate(dst, x, cos, sin kernels.Ref) {
	in, out, c, s := p.rows(x), p.rows(dst), p.rows(cos), p.rows(sin)
	head := cos.Shape.Width()
	p.addRows(dst.Shape, 4*x.Shape.Width(), func(item, row int) {
		from, to := in.row(item, row), out.row(item, row)
		cs, ss := c.row(item, row), s.row(item, row)
		for j := 0; j < len(from); j += 2 {
			k := j % head
			to[j] = from[j]*cs[k] - from[j+1]*ss[k]
			to[j+1] = from[j+1]*cs[k+1] + from[j]*ss[k+1]
		}
	})
}

// Map applies an activation.
func (p *program) Map(dst, x kernels.Ref, act kernels.Act) {
	in, out := p.rows(x), p.rows(dst)
	p.addRows(dst.Shape, 10*x.Shape.Width(), func(item, row int) {
		to := out.row(item, row)
		for j, v := range in.row(item, row) {
			to[j] = activate(v, act)
		}
	})
}

// Zip adds or multiplies two values.
func (p *program) Zip(dst, x, y kernels.Ref, op kernels.Binary) {
	as, bs, out := p.rows(x), p.rows(y), p.rows(dst)
	p.addRows(dst.Shape, dst.Shape.Width(), func(item, row int) {
		a, b, to := as.row(item, row), bs.row(item, row), out.row(item, row)
		if op == kernels.Mul {
			for j := range to {
				to[j] = a[j] * b[j]
			}
			return
		}
		for j := range to {
			to[j] = a[j] + b[j]
		}
	})
}

// Mean is the mean of an item's rows.
func (p *program) Mean(dst, x kernels.Ref, lengths kernels.IntInput) {
	in, out := p.rows(x), p.rows(dst)
	p.addRows(dst.Shape, x.Shape.Rows()*x.Shape.Width(), func(item, _ int) {
		n := x.Shape.Rows()
		if lengths != kernels.NoInts {
			n = int(p.ints[lengths][item])
		}
		to := out.row(item, 0)
		for c := range to {
			var sum float64
			for row := range n {
				sum += float64(in.row(item, row)[c])
			}
			to[c] = float32(sum / float64(n))
		}
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
	p.addRows(dst.Shape, 2*dst.Shape.Width(), func(item, row int) {
		from, to := in.row(item, row), out.row(item, row)
		var squares float64
		for _, v := range from {
			squares += float64(v) * float64(v)
		}
		if squares == 0 {
			clear(to)
			return
		}
		scale := 1 / math.Sqrt(squares)
		for j, v := range from {
			to[j] = float32(float64(v) * scale)
		}
	})
}
