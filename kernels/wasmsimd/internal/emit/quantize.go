package main

import (
	"math"
	"unsafe"

	. "github.com/goclip/goclip/internal/wasm"
	"github.com/goclip/goclip/kernels/wasmsimd/internal/layout"
)

// quantize writes kernels.QuantizeRow: (dst, bytes from block to block, src, values, where the scale goes, flip). A block has 16 values, in
// one byte each, joined with flip, or in two. Missing values are zeros.
func (k *kernels) quantize() {
	write := func(store func(f *Func, dst I32, v []V128, flip I32)) *Func {
		f := k.m.Func("")
		p := f.Params(6)
		dst, stride, src, n, scale, flip := p[0], p[1], p[2], p[3], p[4], p[5]
		most := f.Vector(Words(0))
		k.each(f, n, func(v vec) { f.Set(most, most.Max32(v.load(src).AbsF())) })
		largest(f, most, V128.Max32)
		inverse := f.Float(Float(127).Div(most.Lane(0)))
		f.If(inverse.AtMost(Float(math.MaxFloat32)).Not(), func() {
			f.Set(inverse, Float(0))
		})
		f.Store(scale, 0, most.Lane(0).Div(Float(127)))
		by := f.Vector(inverse.Splat())
		round := func(v V128) V128 { return v.MulF(by).AddF(Floats(magic)).Sub32(Floats(magic)) }
		f.While(n.AtLeast(Int(layout.Depth8)), func() {
			var list []V128
			for i := range 4 {
				list = append(list, round(LoadVector(src, 16*i)))
			}
			store(f, dst, list, flip)
			f.Set(dst, dst.Add(stride))
			f.Inc(src, 4*layout.Depth8)
			f.Inc(n, -layout.Depth8)
		})
		f.If(n, func() {
			list := f.Vectors(4)
			for i := range list {
				f.Set(list[i], Words(0))
				f.IfElse(n.AtLeast(Int(4)), func() { f.Set(list[i], round(LoadVector(src, 16*i))) }, func() {
					f.If(Int(0).Less(n), func() { f.Set(list[i], round(CallVector(k.loadPart, src.Plus(16*i), n))) })
				})
				f.Inc(n, -4)
			}
			store(f, dst, list, flip)
		})
		return f
	}
	k.quantizeRow = write(func(f *Func, dst I32, v []V128, flip I32) {
		f.Store(dst, 0, v[0].Narrow32(v[1]).Narrow16(v[2].Narrow32(v[3])).Xor(Splat8(flip)))
	})
	k.quantizeWide = write(func(f *Func, dst I32, v []V128, _ I32) {
		f.Store(dst, 0, v[0].Narrow32(v[1]))
		f.Store(dst, 16, v[2].Narrow32(v[3]))
	})
}

// quantizeRows fills a tile of the left side with whole numbers of so many bytes.
func (k *kernels) quantizeRows(quantize *Func, size int) func(f *Func, c command, tile, _ I32) {
	return func(f *Func, c command, tile, _ I32) {
		k.eachRow(f, c, tile, size, func(dst, stride, item, row, number I32) {
			f.Call(quantize, dst, stride, c.operand(unsafe.Offsetof(packing.X)).at(item, row), c.int(unsafe.Offsetof(packing.Length)),
				c.int(unsafe.Offsetof(packing.Scales)).Add(number.Times(4)), c.int(unsafe.Offsetof(packing.Flip)))
		})
	}
}

// loads writes what packs weights.
func (k *kernels) loads() {
	// panels packs rows of a matrix: (dst, src, rows, values of a row, padded).
	f := k.m.Func("panels")
	p := f.Params(5)
	dst, src, rows, n, padded := p[0], p[1], p[2], p[3], p[4]
	f.While(Int(0).Less(rows), func() {
		f.Call(k.panel, dst, src, n.Times(4), rows.Min(Int(layout.Columns)), n, padded)
		f.Set(dst, dst.Add(padded.Times(4*layout.Columns)))
		f.Set(src, src.Add(n.Times(4*layout.Columns)))
		f.Inc(rows, -layout.Columns)
	})

	// bytes packs rows of a matrix as bytes: (dst, src, rows, values of a row, padded, scales, sums, bytes of one column side by side,
	// room for a row). dst is clear. Sums are those of each row, times -128.
	f = k.m.Func("bytes")
	p = f.Params(9)
	dst, src, rows, n, padded = p[0], p[1], p[2], p[3], p[4]
	scales, sums, group, room := p[5], p[6], p[7], p[8]
	column, at, to, end, total := f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0))
	f.While(rows, func() {
		f.Call(k.quantizeRow, room, Int(layout.Depth8), src, n, scales, Int(0))
		f.Set(total, Int(0))
		f.Set(at, room)
		f.Set(end, room.Add(padded))
		f.For(at, end, 1, func() { f.Set(total, total.Add(LoadSigned8(at, 0))) })
		f.Store(sums, 0, total.Times(128).Mul(Int(-1)))
		f.Set(at, room)
		f.Set(to, dst.Add(column.Mul(group)))
		f.IfElse(group.Is(Int(4)), func() {
			f.For(at, end, 4, func() {
				f.Store(to, 0, Load(at, 0))
				f.Inc(to, 4*layout.Columns)
			})
		}, func() {
			f.For(at, end, 2, func() {
				f.Store16(to, 0, Load16(at, 0))
				f.Inc(to, 2*layout.Columns)
			})
		})
		f.Inc(column, 1)
		f.If(column.Is(Int(layout.Columns)), func() {
			f.Set(column, Int(0))
			f.Set(dst, dst.Add(padded.Times(layout.Columns)))
		})
		f.Set(src, src.Add(n.Times(4)))
		f.Inc(scales, 4)
		f.Inc(sums, 4)
		f.Inc(rows, -1)
	})

	f = k.m.Func("clear")
	dst, n = f.Param(), f.Param()
	f.Clear(dst, n)

	if !k.m.Relaxed {
		return
	}
	// dot8 shows what the processor makes of bytes beyond 127: (left, right) in all bytes.
	f = k.m.Func("dot8", TypeI32)
	a, b := f.Param(), f.Param()
	f.Result(Splat8(a).Dot8(Splat8(b), Words(0)).IntLane(0))
}
