package webgpu

import (
	"math"

	"github.com/goclip/goclip/kernels"
)

// residual resolves an epilogue's residual; without one its operand is nothing.
func (p *program) residual(e kernels.Epilogue) (kernels.Ref, *memory, bool) {
	if e.Residual == nil {
		return kernels.Ref{}, p.empty, false
	}
	return *e.Residual, p.memory(*e.Residual), true
}

// Linear multiplies rows with a matrix, in tiles of 64 x 64 results.
func (p *program) Linear(dst, x kernels.Ref, w kernels.Weight, e kernels.Epilogue) {
	residual, from, add := p.residual(e)
	count := dst.Shape.Items() * dst.Shape.Rows()
	width, depth := w.Shape[0], w.Shape[1]
	grid := [2]uint32{uint32((width + 63) / 64), uint32((count + 63) / 64)}
	fields := params{}.tensor(x).tensor(residual).counts(dst.Offset, count, dst.Shape.Rows(), width, depth, flag(add))
	p.step("linear", grid, fields, dst, p.memory(x), &p.weight(w.ID).memory, from).choose("ACT", uint32(e.Act))
}

// Conv2D slides filters over feature maps.
func (p *program) Conv2D(dst, x kernels.Ref, w kernels.Weight, win kernels.Window, e kernels.Epilogue) {
	residual, from, add := p.residual(e)
	count := dst.Shape.Elements()
	grid, across := p.perValue(count)
	outputs, channels := w.Shape[0], w.Shape[3]
	fields := params{}.tensor(x).tensor(residual).counts(dst.Offset, count).counts(int(across), flag(add),
		x.Shape[1], x.Shape[2], dst.Shape[1], dst.Shape[2], outputs, channels, outputs/win.Groups,
		win.Kernel, win.Stride, win.Top, win.Left)
	p.step("conv2d", grid, fields, dst, p.memory(x), &p.weight(w.ID).memory, from).choose("ACT", uint32(e.Act))
}

// Attention is softmax attention, with a workgroup for each head of each query.
func (p *program) Attention(dst, q, k, v kernels.Ref, a kernels.Attend) {
	queries, head := q.Shape.Rows(), q.Shape.Width()/a.Heads
	count := q.Shape.Items() * queries * a.Heads
	grid, across := p.perGroup(count)
	numbers, at, limited := p.integers(a.Lengths)
	lengthItem, lengthRow := 1, 0
	if a.PerQuery {
		lengthItem, lengthRow = queries, 1
	}
	scale := math.Float32bits(float32(1 / math.Sqrt(float64(head))))
	fields := params{}.tensor(q).tensor(k).tensor(v).counts(dst.Offset, count, int(across), queries, k.Shape.Rows(),
		a.Heads, head, flag(a.Causal), flag(limited), at, lengthItem, lengthRow, int(scale))
	p.step("attention", grid, fields, dst, p.memory(q), p.memory(k), p.memory(v), numbers)
}

// integers resolves an integer input: where it is, from which number on; without one its operand is nothing.
func (p *program) integers(in kernels.IntInput) (*memory, int, bool) {
	if in == kernels.NoInts {
		return p.empty, 0, false
	}
	return p.numbers, p.numbersAt[in], true
}
