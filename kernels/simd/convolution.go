package simd

import "github.com/goclip/goclip/kernels"

// Conv2D slides filters over feature maps.
func (p *program) Conv2D(dst, x kernels.Ref, w kernels.Weight, win kernels.Window, e kernels.Epilogue) {
	m := p.device.weight(w.ID)
	switch outputs := w.Shape[0]; {
	case win.Groups == 1:
		p.product(p.result(dst, e), m, w.Shape.Elements()/outputs, outputs, 0, p.windows(dst, x, win, 0, x.Shape[3]))
	case w.Shape[3] == 1:
		p.depthwise(dst, x, m, win, e)
	default:
		p.groups(dst, x, w, win, e)
	}
}

// groups is a product for each group of channels.
func (p *program) groups(dst, x kernels.Ref, w kernels.Weight, win kernels.Window, e kernels.Epilogue) {
	m, l := p.device.weight(w.ID), p.level
	length, channels, outputs := w.Shape.Elements()/w.Shape[0], w.Shape[3], w.Shape[0]/win.Groups
	values := l.unpackColumns(m.values, w.Shape[0], length)
	for g := range win.Groups {
		part := m.form.load(l, values[g*outputs*length:][:outputs*length], m.bias[g*outputs:][:outputs], outputs, length)
		p.product(p.result(dst, e), part, length, outputs, g*outputs, p.windows(dst, x, win, g*channels, channels))
	}
}

// windows packs what a window sees of some channels as a row of a product. Kernel rows lie in one piece in the feature map
// if all channels are wanted, so that a patch goes into its panel with few copies.
func (p *program) windows(dst, x kernels.Ref, win kernels.Window, first, channels int) packer {
	in := p.rows(x)
	rows, height, width, across := dst.Shape.Rows(), x.Shape[1], x.Shape[2], dst.Shape[2]
	length := win.Kernel * win.Kernel * channels
	padded := roundUp(length, depth)
	pieces := 1
	if channels != in.width || x.Row != in.width {
		pieces = win.Kernel
	}
	return func(worker, row, stride int, to, _ *float32) {
		item, pixel := row/rows, row%rows
		top, left := pixel/across*win.Stride-win.Top, pixel%across*win.Stride-win.Left
		gathered := p.scratch[worker][p.scratchSize-padded:][:length]
		at := gathered
		for y := top; y < top+win.Kernel; y++ {
			for piece := range pieces {
				// A piece is some pixels of a row, of which some may lie outside the picture.
				from, count := left+piece, win.Kernel/pieces
				piece := at[:count*channels]
				at = at[count*channels:]
				begin, end := max(0, from), min(width, from+count)
				if y < 0 || y >= height || begin >= end {
					clear(piece)
					continue
				}
				start := in.ref.At(item, y*width+begin) + first
				clear(piece[:(begin-from)*channels])
				n := copy(piece[(begin-from)*channels:], in.memory[start:start+(end-begin)*channels])
				clear(piece[(begin-from)*channels+n:])
			}
		}
		p.level.packRow(to, &gathered[0], stride, length)
	}
}

// depthwise convolves every channel with filters of its own, a panel of channels at a time. Where there are several outputs
// for a channel, it is repeated first.
func (p *program) depthwise(dst, x kernels.Ref, m *weight, win kernels.Window, e kernels.Epilogue) {
	l, to, in := p.level, p.result(dst, e), p.rows(x)
	height, width, outputs := x.Shape[1], x.Shape[2], dst.Shape[3]
	down, across := dst.Shape[1], dst.Shape[2]
	padded := roundUp(win.Kernel*win.Kernel, depth)
	several := outputs / win.Groups
	if several > 1 {
		p.needScratch(win.Kernel * width * outputs)
	}
	items := dst.Shape.Items()
	p.add(items*down, items*down*across*outputs*win.Kernel*win.Kernel, func(worker, unit int) {
		item, y := unit/down, unit%down
		top := y*win.Stride - win.Top
		first, last := max(0, top), min(height, top+win.Kernel)
		lines, line, pixel := in.memory, width*x.Row, x.Row
		origin := in.ref.At(item, first*width)
		if several > 1 {
			lines, line, pixel, origin = p.scratch[worker], width*outputs, outputs, 0
			for i := range max(0, last-first) * width {
				for c, v := range in.row(item, first*width+i) {
					repeated := lines[i*outputs+c*several:][:several]
					for j := range repeated {
						repeated[j] = v
					}
				}
			}
		}
		for panel := 0; panel < outputs; panel += l.columns {
			n := min(l.columns, outputs-panel)
			filters := m.values[panel*padded:]
			for xx := range across {
				left := xx*win.Stride - win.Left
				begin, end := max(0, left), min(width, left+win.Kernel)
				out := &to.dst.row(item, y*across+xx)[panel]
				high, wide := last-first, end-begin
				if high <= 0 || wide <= 0 {
					copy(to.dst.row(item, y*across+xx)[panel:][:n], m.bias[panel:])
					continue
				}
				l.depthwise(out, &m.bias[panel], &lines[origin+begin*pixel+panel], &filters[((first-top)*win.Kernel+begin-left)*l.columns],
					n, high, wide, line, pixel, win.Kernel*l.columns, l.columns)
			}
		}
		to.finish(l, unit*across, across, 0, outputs)
	})
}

// Pool is the mean over windows: a depthwise convolution with the same filter everywhere.
func (p *program) Pool(dst, x kernels.Ref, win kernels.Window) {
	in, out := p.rows(x), p.rows(dst)
	width, across, channels := x.Shape[2], dst.Shape[2], x.Shape[3]
	none, share := make([]float32, channels), make([]float32, channels)
	for i := range share {
		share[i] = 1 / float32(win.Kernel*win.Kernel)
	}
	p.addRows(dst.Shape, win.Kernel*win.Kernel*channels, func(item, row int) {
		top, left := row/across*win.Stride, row%across*win.Stride
		p.level.depthwise(&out.row(item, row)[0], &none[0], &in.row(item, top*width+left)[0], &share[0],
			channels, win.Kernel, win.Kernel, width*x.Row, x.Row, 0, 0)
	})
}
