package wasmsimd

import (
	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/wasmsimd/internal/layout"
)

// depthwise convolves every channel with filters of its own.
func (p *program) depthwise(dst, x kernels.Ref, w *weight, win kernels.Window, e kernels.Epilogue) {
	s := p.filter(dst, x, win)
	s.Top, s.Left = uint32(win.Top), uint32(win.Left)
	s.Right, s.Bias, s.PanelBytes = w.values, w.bias, uint32(4*layout.Columns*w.padded)
	s.Act, s.PerItem = activation(e.Act), uint32(dst.Shape.Rows())
	if e.Residual != nil {
		s.Residual = p.operand(*e.Residual)
	}
	function := layout.Depthwise
	if s.Several = s.Outputs / uint32(win.Groups); s.Several > 1 {
		function = layout.DepthwiseRepeated
	}
	p.rowsOfPixels(dst, win, s, function)
}

// Pool is the mean over windows.
func (p *program) Pool(dst, x kernels.Ref, win kernels.Window) {
	s := p.filter(dst, x, win)
	s.Share = 1 / float32(win.Kernel*win.Kernel)
	p.rowsOfPixels(dst, win, s, layout.Pool)
}

func (p *program) filter(dst, x kernels.Ref, win kernels.Window) layout.Filter {
	return layout.Filter{X: p.operand(x), Dst: p.operand(dst).Address, DstRow: uint32(4 * dst.Shape.Width()),
		Down: uint32(dst.Shape[1]), Across: uint32(dst.Shape[2]), Height: uint32(x.Shape[1]), Width: uint32(x.Shape[2]),
		Outputs: uint32(dst.Shape[3]), Kernel: uint32(win.Kernel), Stride: uint32(win.Stride)}
}

func (p *program) rowsOfPixels(dst kernels.Ref, win kernels.Window, s layout.Filter, function layout.Function) {
	add(p, &s, &s.Header, function, dst.Shape.Items()*dst.Shape[1], dst.Shape.Elements()*win.Kernel*win.Kernel)
}

// columns lays some outputs of a packed filter out in panels of their own, for groups of which several share a panel. They belong to the
// program.
func (p *program) columns(w *weight, first, count int) weight {
	d := p.device
	d.mu.Lock()
	defer d.mu.Unlock()
	panel := layout.Columns * w.padded
	begin, end := first/layout.Columns, ceilDiv(first+count, layout.Columns)
	packed, bias := make([]float32, (end-begin)*panel), make([]float32, count)
	d.host.read(bytesOf(packed), w.values+uint32(4*begin*panel))
	d.host.read(bytesOf(bias), w.bias+uint32(4*first))
	columns := roundUp(count, layout.Columns)
	part := make([]float32, columns*w.padded+columns)
	for c := range count {
		from, to := packed[(first+c)/layout.Columns*panel-begin*panel:], part[c/layout.Columns*panel:]
		for k := range w.padded {
			to[k*layout.Columns+c%layout.Columns] = from[k*layout.Columns+(first+c)%layout.Columns]
		}
	}
	copy(part[columns*w.padded:], bias)
	at, err := d.heap.allocate("a program", uint64(4*len(part)))
	if err != nil {
		p.failure = err
		return *w
	}
	p.filters = append(p.filters, at)
	d.host.write(at, bytesOf(part))
	return weight{values: at, bias: at + uint32(4*columns*w.padded), padded: w.padded}
}
