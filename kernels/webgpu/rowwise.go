package webgpu

import (
	"fmt"
	"math"

	"github.com/goclip/goclip/kernels"
)

// Embed looks rows of a table up on the host (see the package's documentation) and moves them to dst.
func (p *program) Embed(dst kernels.Ref, table kernels.Weight, ids kernels.IntInput) {
	values := dst.Shape.Elements()
	l := &lookup{
		table: p.weight(table.ID).table,
		width: dst.Shape.Width(),
		ids:   ids,
		memory: memory{
			label: fmt.Sprintf("looked-up rows %d", len(p.lookups)),
			bytes: floats(values),
		},
	}
	p.lookups = append(p.lookups, l)
	l.rows = make([]float32, values)
	rows := kernels.Ref{Item: dst.Shape.Rows() * l.width, Row: l.width, Shape: dst.Shape}
	p.arrange(dst, rows, &l.memory, kernels.Identity)
}

// arrange applies an activation to the values of x and lays them out densely.
func (p *program) arrange(dst, x kernels.Ref, from *memory, act kernels.Act) {
	grid, across := p.perValue(dst.Shape.Elements())
	fields := params{}.tensor(x).counts(dst.Offset, dst.Shape.Elements(), int(across), dst.Shape.Rows(), dst.Shape.Width())
	s := p.step("map", grid, fields, dst, from)
	s.choose("ACT", uint32(act))
	s.touches(1, dst, x)
}

// Map applies an activation.
func (p *program) Map(dst, x kernels.Ref, act kernels.Act) { p.arrange(dst, x, p.memory(x), act) }

// LayerNorm normalises rows, with a workgroup for each.
func (p *program) LayerNorm(dst, x kernels.Ref, w kernels.Weight, eps float32) {
	count := dst.Shape.Items() * dst.Shape.Rows()
	grid, across := p.perGroup(count)
	fields := params{}.tensor(x).counts(dst.Offset, count, int(across), dst.Shape.Rows(), dst.Shape.Width(),
		int(math.Float32bits(eps)))
	s := p.step("layernorm", grid, fields, dst, p.memory(x), &p.weight(w.ID).memory)
	s.touches(1, dst)
	s.touches(3, x)
}

// Normalize divides rows by their length, with a workgroup for each.
func (p *program) Normalize(dst, x kernels.Ref) {
	count := dst.Shape.Items() * dst.Shape.Rows()
	grid, across := p.perGroup(count)
	fields := params{}.tensor(x).counts(dst.Offset, count, int(across), dst.Shape.Rows(), dst.Shape.Width())
	s := p.step("normalize", grid, fields, dst, p.memory(x))
	s.touches(1, dst)
	s.touches(2, x)
}

// Rotate applies rotary position embeddings.
func (p *program) Rotate(dst, x, cos, sin kernels.Ref) {
	grid, across := p.perValue(dst.Shape.Elements())
	fields := params{}.tensor(x).tensor(cos).tensor(sin).counts(dst.Offset, dst.Shape.Elements(), int(across),
		dst.Shape.Rows(), dst.Shape.Width(), cos.Shape.Width())
	p.step("rotate", grid, fields, dst, p.memory(x), p.memory(cos), p.memory(sin)).touches(1, dst, x)
}

// Zip adds or multiplies two values.
func (p *program) Zip(dst, x, y kernels.Ref, op kernels.Binary) {
	grid, across := p.perValue(dst.Shape.Elements())
	fields := params{}.tensor(x).tensor(y).counts(dst.Offset, dst.Shape.Elements(), int(across),
		dst.Shape.Rows(), dst.Shape.Width())
	s := p.step("zip", grid, fields, dst, p.memory(x), p.memory(y))
	s.choose("OP", uint32(op))
	s.touches(1, dst, x, y)
}

// Concat joins two sequences.
func (p *program) Concat(dst, x, y kernels.Ref) {
	grid, across := p.perValue(dst.Shape.Elements())
	fields := params{}.tensor(x).tensor(y).counts(dst.Offset, dst.Shape.Elements(), int(across),
		dst.Shape.Rows(), dst.Shape.Width(), x.Shape.Rows())
	p.step("concat", grid, fields, dst, p.memory(x), p.memory(y)).touches(1, dst, x, y)
}

// Gather picks rows of each item.
func (p *program) Gather(dst, x kernels.Ref, rows kernels.IntInput) {
	grid, across := p.perValue(dst.Shape.Elements())
	numbers, at, _ := p.integers(rows)
	fields := params{}.tensor(x).counts(dst.Offset, dst.Shape.Elements(), int(across), dst.Shape.Rows(),
		dst.Shape.Width(), at)
	p.step("gather", grid, fields, dst, p.memory(x), numbers).touches(2, dst)
}

// Mean is the mean of an item's rows.
func (p *program) Mean(dst, x kernels.Ref, lengths kernels.IntInput) {
	grid, across := p.perValue(dst.Shape.Elements())
	numbers, at, limited := p.integers(lengths)
	fields := params{}.tensor(x).counts(dst.Offset, dst.Shape.Elements(), int(across), x.Shape.Rows(), dst.Shape.Width(),
		flag(limited), at)
	p.step("mean", grid, fields, dst, p.memory(x), numbers).touches(1, dst, x)
}

// Pool is the mean over windows.
func (p *program) Pool(dst, x kernels.Ref, win kernels.Window) {
	grid, across := p.perValue(dst.Shape.Elements())
	fields := params{}.tensor(x).counts(dst.Offset, dst.Shape.Elements(), int(across), dst.Shape.Rows(), dst.Shape[3],
		dst.Shape[2], x.Shape[2], win.Kernel, win.Stride)
	s := p.step("pool", grid, fields, dst, p.memory(x))
	s.touches(1, dst)
	s.touches((win.Kernel*win.Kernel+win.Stride*win.Stride-1)/(win.Stride*win.Stride), x)
}
