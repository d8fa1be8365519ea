package simd

import "github.com/goclip/goclip/kernels"

// groupedConv2D convolves every group of channels by itself, depthwise filters among them: a few products for each
// output, too few to pack.
func (p *program) groupedConv2D(dst, x kernels.Ref, w kernels.Weight, win kernels.Window, e kernels.Epilogue) {
	m := p.device.weight(w.ID)
	in := p.rows(x)
	s := p.store(dst, m, e)
	height, width := x.Shape[1], x.Shape[2]
	outputs, channels := w.Shape[0], w.Shape[3]
	perGroup := outputs / win.Groups
	across := dst.Shape[2]
	depth := roundUp(win.Kernel*win.Kernel*channels, tileDepth)
	p.addRows(dst.Shape, win.Kernel*win.Kernel*channels*outputs, func(item, row int) {
		top, left := row/across*win.Stride-win.Top, row%across*win.Stride-win.Left
		for o := range outputs {
			group := o / perGroup * channels
			filter := m.values[o/tileColumns*tileColumns*depth+o%tileColumns:]
			var sum float32
			for ky := max(0, -top); ky < min(win.Kernel, height-top); ky++ {
				for kx := max(0, -left); kx < min(win.Kernel, width-left); kx++ {
					tap := (ky*win.Kernel + kx) * channels
					for c, v := range in.row(item, (top+ky)*width+left+kx)[group : group+channels] {
						sum += v * filter[(tap+c)*tileColumns]
					}
				}
			}
			s.put(item, row, o, []float32{sum})
		}
	})
}

// Pool is the mean over windows.
func (p *program) Pool(dst, x kernels.Ref, win kernels.Window) {
	in, out := p.rows(x), p.rows(dst)
	width, across := x.Shape[2], dst.Shape[2]
	share := 1 / float32(win.Kernel*win.Kernel)
	p.addRows(dst.Shape, win.Kernel*win.Kernel*dst.Shape.Width(), func(item, row int) {
		to := out.row(item, row)
		clear(to)
		top, left := row/across*win.Stride, row%across*win.Stride
		for y := top; y < top+win.Kernel; y++ {
			for xx := left; xx < left+win.Kernel; xx++ {
				for c, v := range in.row(item, y*width+xx) {
					to[c] += v
				}
			}
		}
		for c := range to {
			to[c] *= share
		}
	})
}
