package reference

import (
	"math"

	"github.com/goclip/goclip/kernels"
)

// Embed looks up rows of a table.
func (p *program) Embed(dst kernels.Ref, table kernels.Weight, ids kernels.IntInput) {
	t := p.device.weight(table.ID)
	width := t.shape[1]
	p.step(func() {
		each(dst.Shape, func(item, r int) {
			id := int(p.ints[ids][item*dst.Shape.Rows()+r])
			copy(p.row(dst, item, r), t.values[id*width:(id+1)*width])
		})
	})
}

// Rotate applies rotary position embeddings.
func (p *program) Rotate(dst, x, cos, sin kernels.Ref) {
	head := cos.Shape.Width()
	p.step(func() {
		each(dst.Shape, func(item, r int) {
			in, out := p.row(x, item, r), p.row(dst, item, r)
			c, s := p.row(cos, item, r), p.row(sin, item, r)
			for j := 0; j < len(in); j += 2 {
				a, b, k := float64(in[j]), float64(in[j+1]), j%head
				out[j] = float32(a*float64(c[k]) - b*float64(s[k]))
				out[j+1] = float32(b*float64(c[k+1]) + a*float64(s[k+1]))
			}
		})
	})
}

// Map applies an activation.
func (p *program) Map(dst, x kernels.Ref, act kernels.Act) {
	p.step(func() {
		each(dst.Shape, func(item, r int) {
			out := p.row(dst, item, r)
			for j, v := range p.row(x, item, r) {
				out[j] = float32(activate(float64(v), act))
			}
		})
	})
}

// Zip adds or multiplies two values.
func (p *program) Zip(dst, x, y kernels.Ref, op kernels.Binary) {
	p.step(func() {
		each(dst.Shape, func(item, r int) {
			a, b, out := p.row(x, item, r), p.row(y, item, r), p.row(dst, item, r)
			for j := range out {
				if op == kernels.Mul {
					out[j] = a[j] * b[j]
				} else {
					out[j] = a[j] + b[j]
				}
			}
		})
	})
}

// Pool is the mean over windows.
func (p *program) Pool(dst, x kernels.Ref, win kernels.Window) {
	width := x.Shape[2]
	p.step(func() {
		each(dst.Shape, func(item, r int) {
			out := p.row(dst, item, r)
			top, left := r/dst.Shape[2]*win.Stride, r%dst.Shape[2]*win.Stride
			for c := range out {
				var sum float64
				for ky := range win.Kernel {
					for kx := range win.Kernel {
						sum += float64(p.row(x, item, (top+ky)*width+left+kx)[c])
					}
				}
				out[c] = float32(sum / float64(win.Kernel*win.Kernel))
			}
		})
	})
}

// Mean is the mean of an item's rows.
func (p *program) Mean(dst, x kernels.Ref, lengths kernels.IntInput) {
	p.step(func() {
		for item := range dst.Shape.Items() {
			n := x.Shape.Rows()
			if lengths != kernels.NoInts {
				n = int(p.ints[lengths][item])
			}
			out := p.row(dst, item, 0)
			for c := range out {
				var sum float64
				for r := range n {
					sum += float64(p.row(x, item, r)[c])
				}
				out[c] = float32(sum / float64(n))
			}
		}
	})
}

// Concat joins two sequences.
func (p *program) Concat(dst, x, y kernels.Ref) {
	n := x.Shape.Rows()
	p.step(func() {
		each(dst.Shape, func(item, r int) {
			if r < n {
				copy(p.row(dst, item, r), p.row(x, item, r))
			} else {
				copy(p.row(dst, item, r), p.row(y, item, r-n))
			}
		})
	})
}

// Gather picks rows of each item.
func (p *program) Gather(dst, x kernels.Ref, rows kernels.IntInput) {
	p.step(func() {
		each(dst.Shape, func(item, r int) {
			copy(p.row(dst, item, r), p.row(x, item, int(p.ints[rows][item*dst.Shape.Rows()+r])))
		})
	})
}

// Normalize divides rows by their length.
func (p *program) Normalize(dst, x kernels.Ref) {
	p.step(func() {
		each(dst.Shape, func(item, r int) {
			in, out := p.row(x, item, r), p.row(dst, item, r)
			var sum float64
			for _, v := range in {
				sum += float64(v) * float64(v)
			}
			for j, v := range in {
				out[j] = 0
				if sum > 0 {
					out[j] = float32(float64(v) / math.Sqrt(sum))
				}
			}
		})
	})
}
