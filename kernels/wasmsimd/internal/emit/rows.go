package main

import (
	"unsafe"

	. "github.com/goclip/goclip/internal/wasm"
	"github.com/goclip/goclip/kernels/wasmsimd/internal/layout"
)

var rows layout.Rows

// rowStep is a step that goes from row to row.
type rowStep struct {
	command
	f      *Func
	width  I32
	number I32 // of the row, over all items
	item   I32
	row    I32
}

// eachRowOf calls body for the rows of a unit.
func eachRowOf(f *Func, c command, unit I32, body func(r rowStep)) {
	perItem, each := f.Int(c.int(unsafe.Offsetof(rows.PerItem))), f.Int(c.int(unsafe.Offsetof(rows.PerUnit)))
	r := rowStep{command: c, f: f, width: f.Int(c.int(unsafe.Offsetof(rows.Width))), number: f.Int(unit.Mul(each)), item: f.Int(Int(0)), row: f.Int(Int(0))}
	end := f.Int(r.number.Add(each))
	f.Set(end, end.Min(c.int(unsafe.Offsetof(rows.Total))))
	f.For(r.number, end, 1, func() {
		f.Set(r.item, r.number.Div(perItem))
		f.Set(r.row, r.number.Rem(perItem))
		body(r)
	})
}

func (r rowStep) at(operand uintptr) I32 { return r.f.Int(r.operand(operand).at(r.item, r.row)) }
func (r rowStep) dst() I32               { return r.at(unsafe.Offsetof(rows.Dst)) }
func (r rowStep) x() I32                 { return r.at(unsafe.Offsetof(rows.X)) }
func (r rowStep) y() I32                 { return r.at(unsafe.Offsetof(rows.Y)) }
func (r rowStep) z() I32                 { return r.at(unsafe.Offsetof(rows.Z)) }
func (r rowStep) extra() I32             { return r.f.Int(r.int(unsafe.Offsetof(rows.Extra))) }

func (k *kernels) layerNorm(f *Func, c command, unit, _ I32) {
	eachRowOf(f, c, unit, func(r rowStep) {
		dst, x := r.dst(), r.x()
		gain, bias := r.extra(), f.Int(c.int(unsafe.Offsetof(rows.Bias)))
		share := f.Vector(Float(1).Div(r.width.Float()).Splat())
		mean, variance, v := f.Vector(Words(0)), f.Vector(Words(0)), f.Vectors(1)[0]
		k.each(f, r.width, func(part vec) { f.Set(mean, mean.AddF(part.load(x))) })
		sum(f, mean)
		f.Set(mean, mean.MulF(share))
		k.each(f, r.width, func(part vec) {
			f.Set(v, part.mask(part.load(x).SubF(mean)))
			f.Set(variance, f.MulAdd(v, v, variance))
		})
		sum(f, variance)
		scale := f.Vector(Float(1).Div(variance.MulF(share).Lane(0).Add(c.float(unsafe.Offsetof(rows.Number))).Sqrt()).Splat())
		k.each(f, r.width, func(part vec) {
			f.Set(v, part.load(x).SubF(mean).MulF(scale))
			part.store(dst, f.MulAdd(v, part.load(gain), part.load(bias)))
		})
	})
}

func (k *kernels) mapRows(f *Func, c command, unit, _ I32) {
	eachRowOf(f, c, unit, func(r rowStep) {
		f.CallTable(r.extra(), k.activation[1], r.dst(), Int(0), r.x(), Int(0), Int(1), r.width)
	})
}

func (k *kernels) zip(join *Func) func(f *Func, c command, unit, _ I32) {
	return func(f *Func, c command, unit, _ I32) {
		eachRowOf(f, c, unit, func(r rowStep) { f.Call(join, r.dst(), r.x(), r.y(), r.width) })
	}
}

// rotate turns neighbours of every head: x·cos + swapped x·±sin, with heads as wide as Extra says.
func (k *kernels) rotate(f *Func, c command, unit, _ I32) {
	signs := Bytes([16]byte{3: 0x80, 11: 0x80})
	eachRowOf(f, c, unit, func(r rowStep) {
		dst, x, cos, sin, head := r.dst(), r.x(), r.y(), r.z(), r.extra()
		end := f.Int(x.Add(r.width.Times(4)))
		v := f.Vectors(1)[0]
		f.While(x.Below(end), func() {
			k.each(f, head, func(part vec) {
				f.Set(v, part.load(x))
				swapped := v.Lanes(v, 1, 0, 3, 2).Xor(signs)
				part.store(dst, f.MulAdd(swapped, part.load(sin), v.MulF(part.load(cos))))
			})
			f.Set(x, x.Add(head.Times(4)))
			f.Set(dst, dst.Add(head.Times(4)))
		})
	})
}

// mean is that of an item's rows; Bias is how many there are, or Extra where their numbers are.
func (k *kernels) mean(f *Func, c command, unit, _ I32) {
	eachRowOf(f, c, unit, func(r rowStep) {
		dst, first, stride := r.dst(), r.x(), f.Int(r.operand(unsafe.Offsetof(rows.X)).row())
		n := f.Int(c.int(unsafe.Offsetof(rows.Bias)))
		f.If(r.extra(), func() { f.Set(n, Load(r.extra().Add(r.number.Times(4)), 0)) })
		share := f.Vector(Float(1).Div(n.Float()).Splat())
		total, x, left := f.Vectors(1)[0], f.Int(first), f.Int(n)
		k.each(f, r.width, func(part vec) {
			f.Set(total, Words(0))
			f.Set(x, first)
			f.Set(left, n)
			f.While(left, func() {
				f.Set(total, total.AddF(part.load(x)))
				f.Set(x, x.Add(stride))
				f.Inc(left, -1)
			})
			part.store(dst, total.MulF(share))
		})
	})
}

func (k *kernels) copyRows(f *Func, c command, unit, _ I32) {
	eachRowOf(f, c, unit, func(r rowStep) { f.Call(k.copy, r.dst(), r.x(), r.width) })
}

// gather copies the rows whose numbers are at Extra.
func (k *kernels) gather(f *Func, c command, unit, _ I32) {
	eachRowOf(f, c, unit, func(r rowStep) {
		number := f.Int(Load(r.extra().Add(r.number.Times(4)), 0))
		f.Call(k.copy, r.dst(), r.operand(unsafe.Offsetof(rows.X)).at(r.item, number), r.width)
	})
}

func (k *kernels) normalize(f *Func, c command, unit, _ I32) {
	eachRowOf(f, c, unit, func(r rowStep) {
		dst, x := r.dst(), r.x()
		total, v := f.Vector(Words(0)), f.Vectors(1)[0]
		k.each(f, r.width, func(part vec) {
			f.Set(v, part.load(x))
			f.Set(total, f.MulAdd(v, v, total))
		})
		sum(f, total)
		scale := f.Vector(Words(0))
		f.If(total.Lane(0).Greater(Float(0)), func() { f.Set(scale, Float(1).Div(total.Lane(0).Sqrt()).Splat()) })
		k.each(f, r.width, func(part vec) { part.store(dst, part.load(x).MulF(scale)) })
	})
}
