package main

import (
	"math"
	"unsafe"

	. "github.com/goclip/goclip/internal/wasm"
	"github.com/goclip/goclip/kernels/wasmsimd/internal/layout"
)

var attend layout.Attend

// zeros is the address of 32 bytes that stay zero.
const zeros = 16

// softmax writes what attention does between its two products.
func (k *kernels) softmax() {
	// softmaxRow turns n scores into shares: (dst, scores, bytes from block to block of dst, n, blocks of eight, scale). Scores are
	// multiplied with scale first; shares behind n are zeros, and all are if there is nothing to see.
	f := k.m.Func("")
	k.softmaxRow = f
	p := f.Params(5)
	dst, scores, stride, n, blocks := p[0], p[1], p[2], p[3], p[4]
	scale := f.FloatParam()
	at, index := f.Int(scores), f.Vector(Words(0))
	end := f.Int(scores.Add(blocks.Times(32)))
	limit, most, total := f.Vector(n.Splat()), f.Vector(Floats(float32(math.Inf(-1)))), f.Vector(Words(0))
	begin := func() {
		f.Set(at, scores)
		f.Set(index, lanes)
	}
	begin()
	f.For(at, end, 16, func() {
		f.Set(most, most.MaxF(Choose(limit.Greater32(index), LoadVector(at, 0), most)))
		f.Set(index, index.Add32(Words(4)))
	})
	largest(f, most, V128.MaxF)
	factor, x := f.Vector(scale.Mul(Float(math.Log2E)).Splat()), f.Vectors(1)[0]
	begin()
	f.For(at, end, 16, func() {
		f.Set(x, LoadVector(at, 0).SubF(most).MulF(factor))
		exp2(f, x)
		f.Set(x, x.And(limit.Greater32(index)))
		f.Store(at, 0, x)
		f.Set(total, total.AddF(x))
		f.Set(index, index.Add32(Words(4)))
	})
	sum(f, total)
	share := f.Vector(Words(0))
	f.If(Int(0).Less(n), func() { f.Set(share, Floats(1).DivF(total)) })
	f.Set(at, scores)
	f.For(at, end, 32, func() {
		f.Store(dst, 0, LoadVector(at, 0).MulF(share))
		f.Store(dst, 16, LoadVector(at, 16).MulF(share))
		f.Set(dst, dst.Add(stride))
	})

	// seen is how many keys a query looks at: (step, item, query); it may be negative.
	f = k.m.Func("", TypeI32)
	k.seen = f
	c, item, query := command{f.Param()}, f.Param(), f.Param()
	count := f.Int(c.int(unsafe.Offsetof(attend.Keys)))
	f.If(c.int(unsafe.Offsetof(attend.Lengths)), func() {
		f.If(c.int(unsafe.Offsetof(attend.PerQuery)), func() {
			f.Set(item, item.Mul(c.int(unsafe.Offsetof(attend.Queries))).Add(query))
		})
		f.Set(count, Load(c.int(unsafe.Offsetof(attend.Lengths)).Add(item.Times(4)), 0))
	})
	f.If(c.int(unsafe.Offsetof(attend.Causal)), func() {
		last := f.Int(query.Add(c.int(unsafe.Offsetof(attend.Keys))).Sub(c.int(unsafe.Offsetof(attend.Queries))).Plus(1))
		f.Set(count, count.Min(last))
	})
	f.Result(count)
}

// attention computes a part of a head's queries. Keys and values become panels in scratch memory; then it is two products for a
// few queries at a time, with softmax between them.
func (k *kernels) attention(f *Func, c command, unit, scratch I32) {
	field := func(offset uintptr) I32 { return f.Int(c.int(offset)) }
	parts, heads, width := field(unsafe.Offsetof(attend.Parts)), field(unsafe.Offsetof(attend.Heads)), field(unsafe.Offsetof(attend.Width))
	keys, deep, seen := field(unsafe.Offsetof(attend.Keys)), field(unsafe.Offsetof(attend.Deep)), field(unsafe.Offsetof(attend.Seen))
	panels := field(unsafe.Offsetof(attend.Panels))
	part := f.Int(unit.Rem(parts))
	item := f.Int(unit.Div(parts).Div(heads))
	head := f.Int(unit.Div(parts).Rem(heads).Mul(width).Times(4))
	values := f.Int(scratch.Add(c.int(unsafe.Offsetof(attend.Values))))
	query := f.Int(scratch.Add(c.int(unsafe.Offsetof(attend.Query))))
	scores := f.Int(scratch.Add(c.int(unsafe.Offsetof(attend.Scores))))
	shares := f.Int(scratch.Add(c.int(unsafe.Offsetof(attend.Shares))))
	dst, q := c.operand(unsafe.Offsetof(attend.Dst)), c.operand(unsafe.Offsetof(attend.Q))
	kk, vv := c.operand(unsafe.Offsetof(attend.K)), c.operand(unsafe.Offsetof(attend.V))

	i, column, from, to := f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0))
	f.For(i, keys, layout.Columns, func() {
		f.Call(k.panel, scratch.Add(i.Mul(deep).Times(4)), kk.at(item, i).Add(head), kk.row(),
			keys.Sub(i).Min(Int(layout.Columns)), width, deep)
	})
	panel := func() I32 { return values.Add(column.Mul(seen).Times(4)) }
	f.For(column, width, layout.Columns, func() {
		f.Set(from, vv.at(item, Int(0)).Add(head).Add(column.Times(4)))
		f.Set(to, panel())
		f.Set(i, Int(0))
		n := f.Int(width.Sub(column).Min(Int(layout.Columns)))
		f.For(i, keys, 1, func() {
			f.Call(k.packRow, to, from, Int(0), n)
			f.Set(from, from.Add(vv.row()))
			f.Inc(to, 32)
		})
		f.Clear(to, seen.Sub(keys).Times(32))
	})

	cut := attentionCut(f, c)
	tile, end := f.Int(cut.tiles.Mul(part).Div(parts)), f.Int(cut.tiles.Mul(part.Plus(1)).Div(parts))
	row, rows, most, blocks, out := f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0))
	f.For(tile, end, 1, func() {
		f.Set(row, cut.first(tile))
		f.Set(rows, cut.rows(tile))
		f.Set(most, Int(0))
		f.Set(i, Int(0))
		f.For(i, rows, 1, func() {
			f.Call(k.packRow, query.Add(i.Times(32)), q.at(item, row.Add(i)).Add(head), rows.Times(32), width)
			n := f.Int(CallInt(k.seen, c.at, item, row.Add(i)))
			f.Set(most, most.Max(n))
		})
		f.Set(i, Int(0))
		f.For(i, most, layout.Columns, func() {
			key := f.Int(scratch.Add(i.Mul(deep).Times(4)))
			f.CallTable(rows.Plus(int(layout.Tiles32)), k.gemmTile[1], query, key,
				scores.Add(i.Times(4)), panels.Times(32), deep.ShiftRight(3), Int(zeros), key)
		})
		f.Set(blocks, most.Plus(layout.Depth-1).ShiftRight(3))
		f.Set(i, Int(0))
		f.For(i, rows, 1, func() {
			f.Call(k.softmaxRow, shares.Add(i.Times(32)), scores.Add(i.Mul(panels).Times(32)), rows.Times(32),
				CallInt(k.seen, c.at, item, row.Add(i)), blocks, c.float(unsafe.Offsetof(attend.Scale)))
		})
		f.Set(column, Int(0))
		f.For(column, width, layout.Columns, func() {
			f.Set(out, dst.at(item, row).Add(head).Add(column.Times(4)))
			n := f.Int(width.Sub(column).Min(Int(layout.Columns)))
			f.If(blocks.Not(), func() {
				f.Set(i, Int(0))
				f.For(i, rows, 1, func() {
					f.Call(k.storeColumns, out, n, Words(0), Words(0))
					f.Set(out, out.Add(dst.row()))
				})
			})
			f.If(blocks, func() {
				multiply := func(to, stride I32) {
					f.CallTable(rows.Plus(int(layout.Tiles32)), k.gemmTile[1], shares, panel(), to, stride, blocks, Int(zeros), panel())
				}
				f.IfElse(n.Is(Int(layout.Columns)), func() { multiply(out, dst.row()) }, func() {
					multiply(scores, Int(32))
					f.Set(i, Int(0))
					f.For(i, rows, 1, func() {
						at := scores.Add(i.Times(32))
						f.Call(k.storeColumns, out, n, LoadVector(at, 0), LoadVector(at, 16))
						f.Set(out, out.Add(dst.row()))
					})
				})
			})
		})
	})
}

func attentionCut(f *Func, c command) cut {
	tiles := f.Int(c.int(unsafe.Offsetof(attend.Tiles)))
	queries := f.Int(c.int(unsafe.Offsetof(attend.Queries)))
	return cut{tiles, f.Int(queries.Div(tiles)), f.Int(queries.Rem(tiles))}
}
