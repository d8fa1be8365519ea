package webgpu

import (
	"github.com/goclip/goclip/kernels"
)

// residual resolves an epilogue's residual; without one its operand is nothing.
func (p *program) residual(e kernels.Epilogue) (kernels.Ref, *memory, bool) {
	if e.Residual == nil {
		return kernels.Ref{}, p.empty, false
	}
	return *e.Residual, p.memory(*e.Residual), true
}

// Linear multiplies rows with a matrix.
func (p *program) Linear(dst, x kernels.Ref, w kernels.Weight, e kernels.Epilogue) {
	loaded := p.weight(w.ID)
	if loaded.format == kernels.Int8 {
		p.linearInt8(dst, x, loaded, e)
		return
	}
	depth := w.Shape[1]
	vector := depth%4 == 0 && x.Offset%4 == 0 && x.Item%4 == 0 && x.Row%4 == 0
	p.product(dst, x, loaded, e, vector, depth, nil)
}

// Conv2D slides filters over feature maps: as a product of what each place sees, or one result after the other where a filter
// sees some of the channels only.
func (p *program) Conv2D(dst, x kernels.Ref, w kernels.Weight, win kernels.Window, e kernels.Epilogue) {
	loaded := p.weight(w.ID)
	outputs, channels := w.Shape[0], w.Shape[3]
	if win.Groups == 1 {
		vector := channels%4 == 0 && x.Offset%4 == 0 && x.Item%4 == 0 && x.Row%4 == 0
		p.product(dst, x, loaded, e, vector, win.Kernel*win.Kernel*channels, params{}.counts(x.Shape[1], x.Shape[2], dst.Shape[2],
			win.Kernel, win.Stride, win.Top, win.Left, channels))
		return
	}
	residual, from, add := p.residual(e)
	count := dst.Shape.Elements()
	grid, across := p.perValue(count)
	for _, part := range loaded.parts {
		if part.width != outputs {
			p.fail(tooWide(outputs))
		}
		fields := params{}.tensor(x).tensor(residual).counts(dst.Offset, count).counts(int(across), flag(add),
			x.Shape[1], x.Shape[2], dst.Shape[1], dst.Shape[2], outputs, channels, outputs/win.Groups,
			win.Kernel, win.Stride, win.Top, win.Left, 4*part.quads)
		s := p.step("grouped", grid, fields, dst, p.memory(x), &part.memory, from)
		s.choose("ACT", uint32(e.Act))
		depth := win.Kernel * win.Kernel * channels
		s.work.operations = 2 * float64(count*depth)
		s.touches(1, dst)
		s.work.least += 4*float64(x.Shape.Elements()) + float64(part.bytes)
		s.work.moved += 8 * float64(count*depth)
		s.adds(e, dst)
	}
}

// product multiplies every row of x, or of what a filter sees of x, with each part of a weight. filter holds the parameters of a
// convolution; nil for none.
func (p *program) product(dst, x kernels.Ref, w *weight, e kernels.Epilogue, vector bool, depth int, filter params) {
	residual, from, add := p.residual(e)
	count := dst.Shape.Items() * dst.Shape.Rows()
	for _, part := range w.parts {
		t := p.tiles.of(count)
		fields := params{}.tensor(x).tensor(residual).counts(dst.Offset, count, dst.Shape.Rows(), dst.Shape.Width(), part.first,
			part.width, part.quads, depth, part.bias, flag(add))
		fields = append(fields, filter...)
		s := p.step("product", t.grid(count, part.width), fields, dst, p.memory(x), &part.memory, from, p.memory(x), &part.memory)
		s.constants = append(s.constants, t.constants()...)
		s.choose("ACT", uint32(e.Act))
		s.choose("FORMAT", uint32(w.format))
		s.choose("FILTER", uint32(flag(filter != nil)))
		s.choose("VECTOR", uint32(flag(vector)))
		s.multiplies(t, count, depth, part, 4*float64(x.Shape.Elements()), 4*float64(count*depth))
		s.adds(e, kernels.Ref{Shape: kernels.Shape{count, part.width}})
	}
}

// linearInt8 rounds rows to whole numbers first, into memory that the program's products share.
func (p *program) linearInt8(dst, x kernels.Ref, w *weight, e kernels.Epilogue) {
	residual, from, add := p.residual(e)
	count, depth := dst.Shape.Items()*dst.Shape.Rows(), w.shape[1]
	words := layers(kernels.Int8, depth)
	p.whole.bytes = max(p.whole.bytes, floats(count*(words+1)))
	grid, across := p.perGroup(count)
	rounding := p.stepInto("quantize", grid, params{}.tensor(x).counts(count, int(across), dst.Shape.Rows(), depth, words),
		&p.whole, p.memory(x))
	rounding.touches(2, kernels.Ref{Shape: kernels.Shape{count, depth}})
	rounding.touches(1, kernels.Ref{Shape: kernels.Shape{count, words + 1}})
	for _, part := range w.parts {
		t := p.tiles.of(count)
		fields := params{}.tensor(residual).counts(dst.Offset, count, dst.Shape.Rows(), dst.Shape.Width(), part.first, part.width,
			part.quads, words/4, part.bias, part.scales, flag(add))
		s := p.step("product_int8", t.grid(count, part.width), fields, dst, &p.whole, &part.memory, from)
		s.constants = append(s.constants, t.constants()...)
		s.choose("ACT", uint32(e.Act))
		s.multiplies(t, count, depth, part, 4*float64(count*(words+1)), 4*float64(count*(words+1)))
		s.adds(e, kernels.Ref{Shape: kernels.Shape{count, part.width}})
	}
}

// multiplies counts the work of a product: rows is what its rows take in memory, seen what they are when each is read whole.
func (s *step) multiplies(t tile, count, depth int, part *part, rows, seen float64) {
	grid := t.grid(count, part.width)
	s.work.operations = 2 * float64(count*part.width*depth)
	s.touches(1, kernels.Ref{Shape: kernels.Shape{count, part.width}})
	s.work.least += rows + float64(part.bytes)
	s.work.moved += seen*float64(grid[0]) + float64(part.bytes)*float64(grid[1])
}

// adds counts a residual.
func (s *step) adds(e kernels.Epilogue, dst kernels.Ref) {
	if e.Residual != nil {
		s.touches(1, dst)
	}
}
