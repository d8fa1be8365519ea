package main

import (
	"unsafe"

	. "github.com/goclip/goclip/internal/wasm"
	"github.com/goclip/goclip/kernels/wasmsimd/internal/layout"
)

// kernels are the functions that others call.
type kernels struct {
	m *Module

	loadPart, storePart *Func // one to three values
	storeColumns        *Func // up to eight

	add, mul, copy *Func
	activation     [7]*Func

	gemmTile   []*Func // by rows
	gemm8Tile  []*Func
	gemm16Tile []*Func

	packRow, panel            *Func
	quantizeRow, quantizeWide *Func
	softmaxRow, seen          *Func
	step                      *Func // any, for the type of calls through the table
}

// command is a step in memory.
type command struct{ at I32 }

func (c command) int(offset uintptr) I32     { return Load(c.at, int(offset)) }
func (c command) float(offset uintptr) F32   { return LoadFloat(c.at, int(offset)) }
func (c command) operand(at uintptr) operand { return operand{c, at} }

// operand is where a command says that rows are.
type operand struct {
	command
	offset uintptr
}

func (o operand) item() I32 { return o.int(o.offset + unsafe.Offsetof(layout.Operand{}.Item)) }
func (o operand) row() I32  { return o.int(o.offset + unsafe.Offsetof(layout.Operand{}.Row)) }

// at is the address of a row of an item.
func (o operand) at(item, row I32) I32 {
	return o.int(o.offset).Add(item.Mul(o.item())).Add(row.Mul(o.row()))
}

// steps are the functions that programs name, in the order of package layout.
func (k *kernels) steps() {
	list := []struct {
		number layout.Function
		write  func(f *Func, c command, unit, scratch I32)
	}{
		{layout.PackRows, k.packRows}, {layout.PackWindows, k.packWindows},
		{layout.QuantizeRows, k.quantizeRows(k.quantizeRow, 1)}, {layout.QuantizeWide, k.quantizeRows(k.quantizeWide, 2)},
		{layout.Product, k.product}, {layout.Product8, k.product8(k.gemm8Tile, 1)}, {layout.Product16, k.product8(k.gemm16Tile, 2)},
		{layout.Attention, k.attention},
		{layout.LayerNorm, k.layerNorm}, {layout.Map, k.mapRows}, {layout.Add, k.zip(k.add)}, {layout.Mul, k.zip(k.mul)},
		{layout.Rotate, k.rotate}, {layout.Mean, k.mean}, {layout.Copy, k.copyRows}, {layout.Gather, k.gather},
		{layout.Normalize, k.normalize},
		{layout.Depthwise, k.depthwise(false)}, {layout.DepthwiseRepeated, k.depthwise(true)}, {layout.Pool, k.pool},
	}
	for _, s := range list {
		f := k.m.Func("")
		c, unit, scratch := command{f.Param()}, f.Param(), f.Param()
		s.write(f, c, unit, scratch)
		k.place(s.number, f)
		k.step = f
	}
	for act, f := range k.activation[1:] {
		k.place(layout.Activations+layout.Function(act+1), f)
	}
	for first, tiles := range map[layout.Function][]*Func{layout.Tiles32: k.gemmTile, layout.Tiles16: k.gemm16Tile, layout.Tiles8: k.gemm8Tile} {
		for rows, f := range tiles {
			if rows > 0 {
				k.place(first+layout.Function(rows), f)
			}
		}
	}
}

// place gives a function its number in the table.
func (k *kernels) place(number layout.Function, f *Func) {
	for len(k.m.Table) <= int(number) {
		k.m.Table = append(k.m.Table, k.activation[1])
	}
	k.m.Table[number] = f
}

// parts are loads and stores of less than a vector.
func (k *kernels) parts() {
	f := k.m.Func("", TypeV128)
	k.loadPart = f
	p, n := f.Param(), f.Param()
	v := f.Vector(Words(0))
	f.IfElse(n.Is(Int(1)), func() { f.Set(v, LoadOne(p, 0)) }, func() {
		f.Set(v, LoadTwo(p, 0))
		f.If(n.Is(Int(3)), func() { f.Set(v, v.LoadLane(2, p, 8)) })
	})
	f.Result(v)

	f = k.m.Func("")
	k.storePart = f
	p, n, v = f.Param(), f.Param(), f.VectorParam()
	f.IfElse(n.Is(Int(1)), func() { f.StoreOne(p, 0, 0, v) }, func() {
		f.StoreTwo(p, 0, 0, v)
		f.If(n.Is(Int(3)), func() { f.StoreOne(p, 8, 2, v) })
	})

	f = k.m.Func("")
	k.storeColumns = f
	p, n, low, high := f.Param(), f.Param(), f.VectorParam(), f.VectorParam()
	f.If(n.Less(Int(4)), func() {
		f.Call(k.storePart, p, n, low)
		f.Return()
	})
	f.Store(p, 0, low)
	f.Set(n, n.Plus(-4))
	f.IfElse(n.Is(Int(4)), func() { f.Store(p, 16, high) }, func() {
		f.If(n, func() { f.Call(k.storePart, p.Plus(16), n, high) })
	})
}

// vec is four values of rows, or those that are left behind the last four.
type vec struct {
	k      *kernels
	f      *Func
	offset I32
	left   I32
	whole  bool
}

// each writes body for whole vectors of so many values, and once more for what is left.
func (k *kernels) each(f *Func, values I32, body func(v vec)) {
	v := vec{k: k, f: f, offset: f.Int(Int(0)), whole: true}
	end := f.Int(values.Times(4).And(Int(-16)))
	f.For(v.offset, end, 16, func() { body(v) })
	v.left, v.whole = f.Int(values.And(Int(3))), false
	f.If(v.left, func() { body(v) })
}

// load reads values of the row at p; missing ones are zeros.
func (v vec) load(p I32) V128 {
	if v.whole {
		return LoadVector(p.Add(v.offset), 0)
	}
	return CallVector(v.k.loadPart, p.Add(v.offset), v.left)
}

// store writes values of the row at p.
func (v vec) store(p I32, x V128) {
	if v.whole {
		v.f.Store(p.Add(v.offset), 0, x)
		return
	}
	v.f.Call(v.k.storePart, p.Add(v.offset), v.left, x)
}

var lanes = Bytes([16]byte{0: 0, 4: 1, 8: 2, 12: 3})

// mask sets values that are missing to zero.
func (v vec) mask(x V128) V128 {
	if v.whole {
		return x
	}
	return x.And(v.left.Splat().Greater32(lanes))
}

// sum adds the four lanes of a vector, into all of them.
func sum(f *Func, v V128) {
	f.Set(v, v.AddF(v.Lanes(v, 2, 3, 0, 1)))
	f.Set(v, v.AddF(v.Lanes(v, 1, 0, 3, 2)))
}

// largest finds the largest of four lanes, into all of them.
func largest(f *Func, v V128, larger func(a, b V128) V128) {
	f.Set(v, larger(v, v.Lanes(v, 2, 3, 0, 1)))
	f.Set(v, larger(v, v.Lanes(v, 1, 0, 3, 2)))
}

// vectorRows are functions over one row.
func (k *kernels) vectorRows() {
	join := func(op func(a, b V128) V128) *Func {
		f := k.m.Func("")
		dst, a, b, n := f.Param(), f.Param(), f.Param(), f.Param()
		k.each(f, n, func(v vec) { v.store(dst, op(v.load(a), v.load(b))) })
		return f
	}
	k.add, k.mul = join(V128.AddF), join(V128.MulF)

	f := k.m.Func("")
	k.copy = f
	dst, src, n := f.Param(), f.Param(), f.Param()
	k.each(f, n, func(v vec) { v.store(dst, v.load(src)) })
}
