package main

import (
	"unsafe"

	. "github.com/goclip/goclip/internal/wasm"
	"github.com/goclip/goclip/kernels/wasmsimd/internal/layout"
)

var (
	packing   layout.Pack
	multiply  layout.Multiply
	tiles     layout.Tiles
	packTiles = unsafe.Offsetof(packing.Tiles)
	mulTiles  = unsafe.Offsetof(multiply.Tiles)
)

// cut is how the rows of a product are divided.
type cut struct{ tiles, height, higher I32 }

func newCut(f *Func, c command, at uintptr) cut {
	count, n := c.int(at+unsafe.Offsetof(tiles.Count)), f.Int(c.int(at+unsafe.Offsetof(tiles.Tiles)))
	return cut{n, f.Int(count.Div(n)), f.Int(count.Rem(n))}
}

// first is the first row of a tile.
func (c cut) first(tile I32) I32 { return tile.Mul(c.height).Add(tile.Min(c.higher)) }

// rows is the height of a tile.
func (c cut) rows(tile I32) I32 { return c.height.Add(tile.Less(c.higher)) }

// panels writes the functions that lay values out in panels.
func (k *kernels) panels() {
	// packRow copies a row into blocks of eight values, so many bytes apart; missing ones are zeros.
	f := k.m.Func("")
	k.packRow = f
	dst, src, stride, n := f.Param(), f.Param(), f.Param(), f.Param()
	f.While(n.AtLeast(Int(layout.Depth)), func() {
		f.Store(dst, 0, LoadVector(src, 0))
		f.Store(dst, 16, LoadVector(src, 16))
		f.Set(dst, dst.Add(stride))
		f.Inc(src, 32)
		f.Inc(n, -layout.Depth)
	})
	f.If(n, func() {
		v := f.Vectors(2)
		f.IfElse(n.Less(Int(4)), func() {
			f.Set(v[0], CallVector(k.loadPart, src, n))
			f.Set(v[1], Words(0))
		}, func() {
			f.Set(v[0], LoadVector(src, 0))
			f.Set(v[1], Words(0))
			f.If(n.Plus(-4), func() { f.Set(v[1], CallVector(k.loadPart, src.Plus(16), n.Plus(-4))) })
		})
		f.Store(dst, 0, v[0])
		f.Store(dst, 16, v[1])
	})

	// panel turns up to eight rows of n values into the columns of a panel of padded rows.
	f = k.m.Func("")
	k.panel = f
	p := f.Params(6)
	dst, src, stride, rows, n, padded := p[0], p[1], p[2], p[3], p[4], p[5]
	end, done := f.Int(dst.Add(padded.Times(32))), f.Int(Int(0))
	f.If(rows.Is(Int(layout.Columns)), func() {
		in, out := f.Vectors(4), f.Vectors(4)
		from := f.Int(Int(0))
		f.While(done.Plus(4).Less(n.Plus(1)), func() {
			for half := range 2 {
				f.Set(from, src.Add(done.Times(4)))
				if half == 1 {
					f.Set(from, from.Add(stride.Times(4)))
				}
				for r := range 4 {
					f.Set(in[r], LoadVector(from, 0))
					f.Set(from, from.Add(stride))
				}
				f.Set(out[0], in[0].Lanes(in[1], 0, 4, 1, 5))
				f.Set(out[1], in[2].Lanes(in[3], 0, 4, 1, 5))
				f.Set(out[2], in[0].Lanes(in[1], 2, 6, 3, 7))
				f.Set(out[3], in[2].Lanes(in[3], 2, 6, 3, 7))
				f.Store(dst, 16*half, out[0].Lanes(out[1], 0, 1, 4, 5))
				f.Store(dst, 32+16*half, out[0].Lanes(out[1], 2, 3, 6, 7))
				f.Store(dst, 64+16*half, out[2].Lanes(out[3], 0, 1, 4, 5))
				f.Store(dst, 96+16*half, out[2].Lanes(out[3], 2, 3, 6, 7))
			}
			f.Inc(dst, 128)
			f.Inc(done, 4)
		})
	})
	f.Clear(dst, end.Sub(dst))
	column, at, to := f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0))
	f.For(column, rows, 1, func() {
		f.Set(at, src.Add(column.Mul(stride)))
		f.Set(end, at.Add(n.Times(4)))
		f.Set(at, at.Add(done.Times(4)))
		f.Set(to, dst.Add(column.Times(4)))
		f.For(at, end, 4, func() {
			f.Store(to, 0, LoadFloat(at, 0))
			f.Inc(to, 32)
		})
	})
}

// packRows fills a tile of the left side.
func (k *kernels) packRows(f *Func, c command, tile, _ I32) {
	k.eachRow(f, c, tile, 4, func(dst, stride, item, row, _ I32) {
		f.Call(k.packRow, dst, c.operand(unsafe.Offsetof(packing.X)).at(item, row), stride, c.int(unsafe.Offsetof(packing.Length)))
	})
}

// eachRow calls body for the rows of a tile that is to be packed, with the place of the row's first block.
func (k *kernels) eachRow(f *Func, c command, tile I32, size int, body func(dst, stride, item, row, number I32)) {
	depth := layout.Depth
	if size < 4 {
		depth = layout.Depth8
	}
	cut := newCut(f, c, packTiles)
	number, rows := f.Int(cut.first(tile)), f.Int(cut.rows(tile))
	end := f.Int(number.Add(rows))
	dst := f.Int(c.int(unsafe.Offsetof(packing.Panels)).Add(number.Mul(c.int(unsafe.Offsetof(packing.Padded))).Times(size)))
	stride := f.Int(rows.Times(depth * size))
	whole, item, row := f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0))
	perItem := f.Int(c.int(unsafe.Offsetof(packing.PerItem)))
	f.For(number, end, 1, func() {
		f.Set(whole, number.Add(c.int(packTiles+unsafe.Offsetof(tiles.First))))
		f.Set(item, whole.Div(perItem))
		f.Set(row, whole.Rem(perItem))
		body(dst, stride, item, row, number)
		f.Inc(dst, depth*size)
	})
}

// product multiplies in float32, KBlock values at a time, so that a part of a panel stays in the first cache while all tiles of a
// block pass by.
func (k *kernels) product(f *Func, c command, unit, scratch I32) {
	b := k.newBlock(f, c, unit)
	padded := f.Int(c.int(unsafe.Offsetof(multiply.Padded)))
	left, right := f.Int(c.int(unsafe.Offsetof(multiply.Left))), f.Int(c.int(unsafe.Offsetof(multiply.Right)))
	bias := f.Int(c.int(unsafe.Offsetof(multiply.Bias)))
	tile := func(at, deep, out, stride, start I32) {
		f.CallTable(b.height.Plus(int(layout.Tiles32)), k.gemmTile[1],
			left.Add(b.row.Mul(padded).Add(at.Mul(b.height)).Times(4)),
			right.Add(b.panel.Mul(padded).Add(at).Times(4*layout.Columns)),
			out, stride, deep.ShiftRight(3), start, b.ahead(right, padded, at, deep, 4))
	}
	at, deep, start, none := f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0))
	f.For(at, padded, layout.KBlock, func() {
		f.Set(deep, padded.Sub(at).Min(Int(layout.KBlock)))
		b.wholePanels(f, func(out I32) {
			f.Set(start, Select(at, none, bias.Add(b.panel.Times(4*layout.Columns))))
			tile(at, deep, out, b.stride, start)
		})
	})
	b.lastPanel(f, k, scratch, func() {
		tile(none, padded, scratch, Int(4*layout.Columns), bias.Add(b.panel.Times(4*layout.Columns)))
	})
	k.finishBlock(f, c, b)
}

// product8 multiplies bytes, so many bytes each on the left side. A panel stays in the first cache with all its values.
func (k *kernels) product8(kernel []*Func, size int) func(f *Func, c command, unit, scratch I32) {
	first := layout.Tiles8
	if size == 2 {
		first = layout.Tiles16
	}
	return func(f *Func, c command, unit, scratch I32) {
		if kernel == nil {
			return
		}
		b := k.newBlock(f, c, unit)
		padded := f.Int(c.int(unsafe.Offsetof(multiply.Padded)))
		left, right := f.Int(c.int(unsafe.Offsetof(multiply.Left))), f.Int(c.int(unsafe.Offsetof(multiply.Right)))
		corrections, scales := f.Int(c.int(unsafe.Offsetof(multiply.Corrections))), f.Int(c.int(unsafe.Offsetof(multiply.Scales)))
		columns, bias := f.Int(c.int(unsafe.Offsetof(multiply.Columns))), f.Int(c.int(unsafe.Offsetof(multiply.Bias)))
		tile := func(out, stride I32) {
			at := b.panel.Times(4 * layout.Columns)
			f.CallTable(b.height.Plus(int(first)), kernel[1],
				left.Add(b.row.Mul(padded).Times(size)), right.Add(b.panel.Mul(padded).Times(layout.Columns)), out, stride,
				padded.ShiftRight(4), corrections.Add(at), scales.Add(b.row.Times(4)), columns.Add(at), bias.Add(at),
				b.ahead(right, padded, Int(0), padded, 1))
		}
		b.wholePanels(f, func(out I32) { tile(out, b.stride) })
		b.lastPanel(f, k, scratch, func() { tile(scratch, Int(4*layout.Columns)) })
		k.finishBlock(f, c, b)
	}
}

// block is the part of a product that is one unit: some tiles and some panels.
type block struct {
	cut
	firstTile, endTile, firstRow, endRow I32
	firstPanel, whole, endColumn         I32 // panels are whole up to there
	next                                 I32 // the first panel of the unit that this thread probably draws next
	dst, stride                          I32
	tile, panel, row, height             I32 // where a loop is
}

func (k *kernels) newBlock(f *Func, c command, unit I32) block {
	b := block{cut: newCut(f, c, mulTiles)}
	blocks := f.Int(c.int(mulTiles + unsafe.Offsetof(tiles.Blocks)))
	number := f.Int(unit.Rem(blocks))
	b.firstTile, b.endTile = f.Int(b.tiles.Mul(number).Div(blocks)), f.Int(b.tiles.Mul(number.Plus(1)).Div(blocks))
	b.firstRow, b.endRow = f.Int(b.first(b.firstTile)), f.Int(b.first(b.endTile))
	group := f.Int(c.int(unsafe.Offsetof(multiply.Group)))
	outputs := f.Int(c.int(unsafe.Offsetof(multiply.Outputs)))
	b.firstPanel = f.Int(unit.Div(blocks).Mul(group))
	b.endColumn = f.Int(b.firstPanel.Add(group).Times(layout.Columns))
	f.Set(b.endColumn, b.endColumn.Min(outputs))
	b.whole = f.Int(b.endColumn.ShiftRight(3))
	after := unit.Add(c.int(unsafe.Offsetof(multiply.Threads))).Div(blocks).Mul(group)
	b.next = f.Int(after.Min(outputs.Plus(-1).ShiftRight(3)))
	b.dst, b.stride = f.Int(c.int(unsafe.Offsetof(multiply.Dst))), f.Int(c.int(unsafe.Offsetof(multiply.DstRow)))
	b.tile, b.panel, b.row, b.height = f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0))
	return b
}

// out is where the row and panel of the loop go.
func (b block) out() I32 {
	return b.dst.Add(b.row.Mul(b.stride)).Add(b.panel.Times(4 * layout.Columns))
}

// ahead is where a tile finds what to touch of the panel that comes next. Of the values there, so many from one on and so many bytes each,
// the first tiles touch a part each, and together all.
func (b block) ahead(right, padded, from, deep I32, size int) I32 {
	row, depth := layout.Columns*size, layout.Depth
	if size == 1 {
		depth = layout.Depth8
	}
	parts := depth * row / touched
	part := b.tile.Sub(b.firstTile).Min(Int(parts - 1))
	panel := Select(b.panel.Plus(1).Times(layout.Columns).Less(b.endColumn), b.panel.Plus(1), b.next)
	return right.Add(panel.Mul(padded).Add(from).Times(row)).Add(part.Mul(deep).Times(row / parts))
}

// eachTile goes through the tiles.
func (b block) eachTile(f *Func, body func()) {
	f.Set(b.tile, b.firstTile)
	f.Set(b.row, b.firstRow)
	f.For(b.tile, b.endTile, 1, func() {
		f.Set(b.height, b.rows(b.tile))
		body()
		f.Set(b.row, b.row.Add(b.height))
	})
}

// wholePanels goes through the tiles of each panel of eight columns.
func (b block) wholePanels(f *Func, body func(out I32)) {
	f.Set(b.panel, b.firstPanel)
	f.For(b.panel, b.whole, 1, func() { b.eachTile(f, func() { body(b.out()) }) })
}

// lastPanel lets body compute tiles of a panel with fewer columns in scratch memory, and copies those that there are.
func (b block) lastPanel(f *Func, k *kernels, scratch I32, body func()) {
	columns := f.Int(b.endColumn.And(Int(layout.Columns - 1)))
	row, out := f.Int(Int(0)), f.Int(Int(0))
	f.If(columns, func() {
		f.Set(b.panel, b.whole)
		b.eachTile(f, func() {
			body()
			f.Set(out, b.out())
			f.Set(row, Int(0))
			f.For(row, b.height, 1, func() {
				from := scratch.Add(row.Times(4 * layout.Columns))
				f.Call(k.storeColumns, out, columns, LoadVector(from, 0), LoadVector(from, 16))
				f.Set(out, out.Add(b.stride))
			})
		})
	})
}

// finishBlock applies the activation and adds the residual while the block is in a cache.
func (k *kernels) finishBlock(f *Func, c command, b block) {
	b2 := c.operand(unsafe.Offsetof(multiply.Residual))
	column := f.Int(b.firstPanel.Times(layout.Columns))
	columns := f.Int(b.endColumn.Sub(column))
	out := f.Int(b.dst.Add(b.firstRow.Mul(b.stride)).Add(column.Times(4)))
	k.finishRows(f, c, unsafe.Offsetof(multiply.Act), b2, c.int(unsafe.Offsetof(multiply.PerItem)), out, b.stride,
		c.int(mulTiles+unsafe.Offsetof(tiles.First)).Add(b.firstRow), b.endRow.Sub(b.firstRow), column, columns)
}

// finishRows applies an activation to some columns of rows, and adds a residual.
func (k *kernels) finishRows(f *Func, c command, act uintptr, residual operand, perItem, out, stride, number, rows, column, columns I32) {
	f.If(c.int(act), func() { f.CallTable(c.int(act), k.activation[1], out, stride, out, stride, rows, columns) })
	f.If(c.int(residual.offset), func() {
		at, n := f.Int(number), f.Int(perItem)
		end := f.Int(at.Add(rows))
		f.For(at, end, 1, func() {
			f.Call(k.add, out, out, residual.at(at.Div(n), at.Rem(n)).Add(column.Times(4)), columns)
			f.Set(out, out.Add(stride))
		})
	})
}
