package main

import (
	"unsafe"

	. "github.com/goclip/goclip/internal/wasm"
	"github.com/goclip/goclip/kernels/wasmsimd/internal/layout"
)

// packWindows fills a tile of the left side with what windows see. A window is gathered in scratch memory, piece by piece, and copied into
// its panel as any other row.
func (k *kernels) packWindows(f *Func, c command, tile, scratch I32) {
	field := func(offset uintptr) I32 { return f.Int(c.int(offset)) }
	height, width := field(unsafe.Offsetof(packing.Height)), field(unsafe.Offsetof(packing.Width))
	channels, kernel := field(unsafe.Offsetof(packing.Channels)), field(unsafe.Offsetof(packing.Kernel))
	stride, pieces := field(unsafe.Offsetof(packing.Stride)), field(unsafe.Offsetof(packing.Pieces))
	across := field(unsafe.Offsetof(packing.Across))
	x := c.operand(unsafe.Offsetof(packing.X))
	pixels := f.Int(kernel.Div(pieces))
	y, bottom, left, from, end := f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0))
	at, begin, last, size := f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0))
	clearTo := func(values I32) { // zeros for so many values, as few as they may be
		f.Set(size, at.Add(values.Times(4)))
		f.For(at, size, 4, func() { f.Store(at, 0, Float(0)) })
	}
	k.eachRow(f, c, tile, 4, func(dst, panelStride, item, row, _ I32) {
		f.Set(y, row.Div(across).Mul(stride).Sub(c.int(unsafe.Offsetof(packing.Top))))
		f.Set(bottom, y.Add(kernel))
		f.Set(left, row.Rem(across).Mul(stride).Sub(c.int(unsafe.Offsetof(packing.Left))))
		f.Set(at, scratch)
		f.While(y.Less(bottom), func() {
			f.Set(from, left)
			f.Set(end, left.Add(kernel))
			f.While(from.Less(end), func() {
				f.Set(begin, from.Max(Int(0)))
				f.Set(last, from.Add(pixels))
				f.Set(last, last.Min(width))
				f.IfElse(y.Below(height).And(begin.Less(last)), func() {
					clearTo(begin.Sub(from).Mul(channels))
					f.Call(k.copy, at, x.at(item, y.Mul(width).Add(begin)), last.Sub(begin).Mul(channels))
					f.Set(at, at.Add(last.Sub(begin).Mul(channels).Times(4)))
					clearTo(from.Add(pixels).Sub(last).Mul(channels))
				}, func() { clearTo(pixels.Mul(channels)) })
				f.Set(from, from.Add(pixels))
			})
			f.Inc(y, 1)
		})
		f.Call(k.packRow, dst, scratch, panelStride, c.int(unsafe.Offsetof(packing.Length)))
	})
}

var filter layout.Filter

// depthwise convolves every channel with filters of its own, eight outputs at a time. With repeated, outputs beside each other share a
// channel.
func (k *kernels) depthwise(repeated bool) func(f *Func, c command, unit, _ I32) {
	return func(f *Func, c command, unit, _ I32) {
		field := func(offset uintptr) I32 { return f.Int(c.int(offset)) }
		down, across := field(unsafe.Offsetof(filter.Down)), field(unsafe.Offsetof(filter.Across))
		height, width := field(unsafe.Offsetof(filter.Height)), field(unsafe.Offsetof(filter.Width))
		outputs, kernel := field(unsafe.Offsetof(filter.Outputs)), field(unsafe.Offsetof(filter.Kernel))
		stride, dstRow := field(unsafe.Offsetof(filter.Stride)), field(unsafe.Offsetof(filter.DstRow))
		x := c.operand(unsafe.Offsetof(filter.X))
		pixel := f.Int(x.row())
		item, y := f.Int(unit.Div(down)), f.Int(unit.Rem(down))
		top := f.Int(y.Mul(stride).Sub(c.int(unsafe.Offsetof(filter.Top))))
		first, last := f.Int(top.Max(Int(0))), f.Int(top.Add(kernel))
		f.Set(last, last.Min(height))
		out := f.Int(c.int(unsafe.Offsetof(filter.Dst)).Add(unit.Mul(across).Mul(dstRow)))

		var channel [layout.Columns]I32 // where the channels of eight outputs are, in bytes from the pixel
		column, right, bias := f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0))
		i, left, begin, end := f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0))
		line, src, stop, weights, to := f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0))
		v := f.Vectors(4)
		for j := range channel {
			channel[j] = f.Int(Int(0))
		}
		f.For(column, outputs, layout.Columns, func() {
			f.Set(right, c.int(unsafe.Offsetof(filter.Right)).Add(column.ShiftRight(3).Mul(c.int(unsafe.Offsetof(filter.PanelBytes)))))
			f.Set(bias, c.int(unsafe.Offsetof(filter.Bias)).Add(column.Times(4)))
			if repeated {
				for j := range channel {
					f.Set(channel[j], column.Plus(j).Min(outputs.Plus(-1)).Div(c.int(unsafe.Offsetof(filter.Several))).Times(4))
				}
			}
			f.Set(to, out.Add(column.Times(4)))
			f.Set(i, Int(0))
			f.For(i, across, 1, func() {
				f.Set(left, i.Mul(stride).Sub(c.int(unsafe.Offsetof(filter.Left))))
				f.Set(begin, left.Max(Int(0)))
				f.Set(end, left.Add(kernel))
				f.Set(end, end.Min(width))
				f.Set(v[0], LoadVector(bias, 0))
				f.Set(v[1], LoadVector(bias, 16))
				f.If(begin.Less(end), func() {
					f.Set(line, first)
					f.While(line.Less(last), func() {
						f.Set(src, x.at(item, line.Mul(width).Add(begin)))
						f.Set(stop, src.Add(end.Sub(begin).Mul(pixel)))
						f.Set(weights, right.Add(line.Sub(top).Mul(kernel).Add(begin).Sub(left).Times(4*layout.Columns)))
						if !repeated {
							f.Set(src, src.Add(column.Times(4)))
							f.Set(stop, stop.Add(column.Times(4)))
						}
						f.While(src.Below(stop), func() {
							if repeated {
								for j, at := range channel {
									if j%4 == 0 {
										f.Set(v[2+j/4], LoadOne(src.Add(at), 0))
									} else {
										f.Set(v[2+j/4], v[2+j/4].LoadLane(j%4, src.Add(at), 0))
									}
								}
							} else {
								f.Set(v[2], LoadVector(src, 0))
								f.Set(v[3], LoadVector(src, 16))
							}
							f.Set(v[0], f.MulAdd(v[2], LoadVector(weights, 0), v[0]))
							f.Set(v[1], f.MulAdd(v[3], LoadVector(weights, 16), v[1]))
							f.Set(src, src.Add(pixel))
							f.Inc(weights, 4*layout.Columns)
						})
						f.Inc(line, 1)
					})
				})
				f.IfElse(column.Plus(layout.Columns-1).Below(outputs), func() {
					f.Store(to, 0, v[0])
					f.Store(to, 16, v[1])
				}, func() { f.Call(k.storeColumns, to, outputs.Sub(column), v[0], v[1]) })
				f.Set(to, to.Add(dstRow))
			})
		})
		k.finishRows(f, c, unsafe.Offsetof(filter.Act), c.operand(unsafe.Offsetof(filter.Residual)), c.int(unsafe.Offsetof(filter.PerItem)),
			out, dstRow, unit.Mul(across), across, Int(0), outputs)
	}
}

// pool is the mean over windows.
func (k *kernels) pool(f *Func, c command, unit, _ I32) {
	field := func(offset uintptr) I32 { return f.Int(c.int(offset)) }
	down, across, width := field(unsafe.Offsetof(filter.Down)), field(unsafe.Offsetof(filter.Across)), field(unsafe.Offsetof(filter.Width))
	kernel, stride, dstRow := field(unsafe.Offsetof(filter.Kernel)), field(unsafe.Offsetof(filter.Stride)), field(unsafe.Offsetof(filter.DstRow))
	channels, share := field(unsafe.Offsetof(filter.Outputs)), f.Vector(c.float(unsafe.Offsetof(filter.Share)).Splat())
	x := c.operand(unsafe.Offsetof(filter.X))
	item, y := f.Int(unit.Div(down)), f.Int(unit.Rem(down).Mul(stride))
	out := f.Int(c.int(unsafe.Offsetof(filter.Dst)).Add(unit.Mul(across).Mul(dstRow)))
	i, line, src, stop := f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0))
	total := f.Vectors(1)[0]
	f.For(i, across, 1, func() {
		k.each(f, channels, func(part vec) {
			f.Set(total, Words(0))
			f.Set(line, y)
			f.For(line, y.Add(kernel), 1, func() {
				f.Set(src, x.at(item, line.Mul(width).Add(i.Mul(stride))))
				f.Set(stop, src.Add(kernel.Mul(x.row())))
				f.While(src.Below(stop), func() {
					f.Set(total, total.AddF(part.load(src)))
					f.Set(src, src.Add(x.row()))
				})
			})
			part.store(out, total.MulF(share))
		})
		f.Set(out, out.Add(dstRow))
	})
}
