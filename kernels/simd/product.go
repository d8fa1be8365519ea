package simd

import "github.com/goclip/goclip/kernels"

// blockRows is how many rows of a product a worker packs and keeps in its cache while the weight streams by.
const blockRows = 32

// Linear multiplies rows with a matrix.
func (p *program) Linear(dst, x kernels.Ref, w kernels.Weight, e kernels.Epilogue) {
	in := p.rows(x)
	p.product(dst, w, e, x.Shape.Width(), func(item, row, r int, panel []float32) {
		packRow(panel, in.row(item, row), r)
	})
}

// Conv2D slides filters over feature maps. Without groups it is a product whose rows are the windows, gathered a block
// at a time.
func (p *program) Conv2D(dst, x kernels.Ref, w kernels.Weight, win kernels.Window, e kernels.Epilogue) {
	if win.Groups > 1 {
		p.groupedConv2D(dst, x, w, win, e)
		return
	}
	in := p.rows(x)
	height, width, channels := x.Shape[1], x.Shape[2], x.Shape[3]
	across := dst.Shape[2]
	p.product(dst, w, e, win.Kernel*win.Kernel*channels, func(item, row, r int, panel []float32) {
		top, left := row/across*win.Stride-win.Top, row%across*win.Stride-win.Left
		at := 0
		for y := top; y < top+win.Kernel; y++ {
			for xx := left; xx < left+win.Kernel; xx++ {
				tap := panel[at*tileRows:]
				at += channels
				if y < 0 || y >= height || xx < 0 || xx >= width {
					for k := range channels {
						tap[k*tileRows+r] = 0
					}
					continue
				}
				packRow(tap, in.row(item, y*width+xx), r)
			}
		}
	})
}

// product computes dst = epilogue(rows · weightᵀ); pack writes row (item, row) of the left side, depth values long, as
// row r of a panel.
func (p *program) product(dst kernels.Ref, w kernels.Weight, e kernels.Epilogue, depth int, pack func(item, row, r int, panel []float32)) {
	m := p.device.weight(w.ID)
	padded := roundUp(depth, tileDepth)
	rows, outputs := dst.Shape.Rows(), w.Shape[0]
	total := dst.Shape.Items() * rows
	block := min(blockRows, roundUp((total+p.device.pool.threads-1)/p.device.pool.threads, tileRows))
	p.needScratch(block * padded)
	s := p.store(dst, m, e)

	p.add((total+block-1)/block, total*depth*outputs, func(worker, unit int) {
		first := unit * block
		last := min(total, first+block)
		packed := p.scratch[worker]
		for i := first; i < last; i++ {
			panel := packed[(i-first)/tileRows*tileRows*padded:]
			pack(i/rows, i%rows, (i-first)%tileRows, panel)
		}
		clearPadding(packed, last-first, depth, padded)
		var sums [tileRows * tileColumns]float32
		for o := 0; o < outputs; o += tileColumns {
			columns := m.values[o*padded:][:tileColumns*padded]
			for i := first; i < last; i += tileRows {
				multiply(packed[(i-first)*padded:][:tileRows*padded], columns, &sums)
				for r := range min(tileRows, last-i) {
					s.put((i+r)/rows, (i+r)%rows, o, sums[r*tileColumns:][:min(tileColumns, outputs-o)])
				}
			}
		}
	})
}

// clearPadding zeroes what lies behind the last value of packed rows. It meets zeros of the weight, but an earlier step
// may have left NaN there, which times zero is NaN. Rows that a panel lacks may hold anything: nobody reads their sums.
func clearPadding(packed []float32, rows, depth, padded int) {
	for at := 0; at < rows; at += tileRows {
		clear(packed[at*padded:][depth*tileRows : padded*tileRows])
	}
}

// store finishes sums: bias, activation, residual, memory.
type store struct {
	dst      view
	bias     []float32
	act      kernels.Act
	residual *view
}

// store prepares the end of a product.
func (p *program) store(dst kernels.Ref, w *weight, e kernels.Epilogue) store {
	s := store{dst: p.rows(dst), bias: w.bias, act: e.Act}
	if e.Residual != nil {
		residual := p.rows(*e.Residual)
		s.residual = &residual
	}
	return s
}

func (s *store) put(item, row, at int, sums []float32) {
	out := s.dst.row(item, row)[at:]
	for c, v := range sums {
		v += s.bias[at+c]
		if s.act != kernels.Identity {
			v = activate(v, s.act)
		}
		if s.residual != nil {
			v += s.residual.row(item, row)[at+c]
		}
		out[c] = v
	}
}
