package wasmsimd

import (
	"unsafe"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/wasmsimd/internal/layout"
)

const (
	// mostPacked is how many bytes of packed rows wait between two steps; longer products are cut.
	mostPacked = 4 << 20
	// blockTiles is how many tiles a unit of a product has at most: 96 rows of KBlock values stay in the second cache.
	blockTiles = 16
	// groupPanels is how many panels it has at most.
	groupPanels = 8
)

// Linear multiplies rows with a matrix.
func (p *program) Linear(dst, x kernels.Ref, w kernels.Weight, e kernels.Epilogue) {
	s := layout.Pack{PerItem: uint32(x.Shape.Rows()), Length: uint32(x.Shape.Width()), X: p.operand(x)}
	p.product(dst, p.device.weight(w.ID), layout.PackRows, s, w.Shape[0], 0, e)
}

// product computes outputs columns of dst, from column on. Rows are packed as s says.
func (p *program) product(dst kernels.Ref, w *weight, function layout.Function, s layout.Pack, outputs, column int, e kernels.Epilogue) {
	height, size, compute := layout.Height, 4, layout.Product
	if w.whole {
		height, size, compute, function = p.device.bytes.height, 1, layout.Product8, layout.QuantizeRows
		if p.device.bytes.wide {
			size, compute, function = 2, layout.Product16, layout.QuantizeWide
		}
	}
	total := dst.Shape.Items() * dst.Shape.Rows()
	ranges := ceilDiv(total, max(height, mostPacked/(size*w.padded)))
	width := dst.Shape.Width()
	s.Padded, s.Flip = uint32(w.padded), p.device.bytes.flip
	to := p.operand(dst)
	m := layout.Multiply{PerItem: uint32(dst.Shape.Rows()), Right: w.values, Bias: w.bias, Columns: w.scales, Corrections: w.starts,
		Padded: uint32(w.padded), Outputs: uint32(outputs), Threads: uint32(p.device.threads), DstRow: uint32(4 * width), Act: activation(e.Act)}
	if e.Residual != nil {
		m.Residual = p.operand(*e.Residual)
		m.Residual.Address += uint32(4 * column)
	}
	panels := ceilDiv(outputs, layout.Columns)
	p.needScratch(4 * height * layout.Columns)
	for i := range ranges {
		first := total * i / ranges
		count := total*(i+1)/ranges - first
		tiles := ceilDiv(count, height)
		blocks := ceilDiv(tiles, blockTiles)
		group := min(groupPanels, max(1, panels*blocks/(16*p.device.threads)))
		cut := layout.Tiles{Count: uint32(count), Tiles: uint32(tiles), Blocks: uint32(blocks), First: uint32(first)}
		packed := roundUp(count*w.padded*size, alignment)
		p.needShared(packed + 4*count)

		pack := s
		pack.Tiles, pack.Scales = cut, uint32(packed)
		add(p, &pack, &pack.Header, function, tiles, count*w.padded, unsafe.Offsetof(pack.Panels), unsafe.Offsetof(pack.Scales))

		part := m
		part.Tiles, part.Group, part.Scales = cut, uint32(group), uint32(packed)
		part.Dst = to.Address + uint32(4*(first*width+column))
		add(p, &part, &part.Header, compute, blocks*ceilDiv(panels, group), count*w.padded*outputs, unsafe.Offsetof(part.Left), unsafe.Offsetof(part.Scales))
	}
}

// Conv2D slides filters over feature maps.
func (p *program) Conv2D(dst, x kernels.Ref, w kernels.Weight, win kernels.Window, e kernels.Epilogue) {
	m := p.device.weight(w.ID)
	if win.Groups > 1 && w.Shape[3] == 1 {
		p.depthwise(dst, x, m, win, e)
		return
	}
	channels, outputs := w.Shape[3], w.Shape[0]/win.Groups
	length := win.Kernel * win.Kernel * channels
	p.needScratch(4 * roundUp(length, layout.Depth))
	for g := range win.Groups {
		s := layout.Pack{PerItem: uint32(dst.Shape.Rows()), Length: uint32(length), X: p.operand(x),
			Height: uint32(x.Shape[1]), Width: uint32(x.Shape[2]), Channels: uint32(channels), Kernel: uint32(win.Kernel),
			Stride: uint32(win.Stride), Top: uint32(win.Top), Left: uint32(win.Left), Across: uint32(dst.Shape[2]), Pieces: 1}
		if channels != x.Shape[3] || x.Row != x.Shape[3] {
			s.Pieces = uint32(win.Kernel)
		}
		s.X.Address += uint32(4 * g * channels)
		part := *m
		if g*outputs%layout.Columns != 0 {
			part = p.columns(m, g*outputs, outputs)
		} else {
			part.values += uint32(4 * g * outputs * m.padded)
			part.bias += uint32(4 * g * outputs)
		}
		p.product(dst, &part, layout.PackWindows, s, outputs, g*outputs, e)
	}
}
