package main

import (
	. "github.com/goclip/goclip/internal/wasm"
	"github.com/goclip/goclip/kernels/wasmsimd/internal/layout"
)

// gemm writes the matrix kernels in float32, one for each height of a tile:
//
//	c[row][column] = bias[column] + Σ a[row][k]·b[k][column]    for eight columns
//
// (a, b, c, bytes from row to row of c, blocks of eight k, bias, what to touch); without a bias (0) the sums go on from what is in c. All
// sums stay in registers: six rows of two vectors, two of b and one of a are 15 of the 16 that an x86 processor has.
func (k *kernels) gemm() {
	k.gemmTile = make([]*Func, layout.Height+1)
	for rows := 1; rows <= layout.Height; rows++ {
		f := k.m.Func("")
		k.gemmTile[rows] = f
		p := f.Params(7)
		a, b, c, stride, blocks, bias, ahead := p[0], p[1], p[2], p[3], p[4], p[5], p[6]
		sums, right, left := f.Vectors(2*rows), f.Vectors(2), f.Vectors(1)[0]
		out := tileRows(f, c, stride, rows)
		f.IfElse(bias, func() {
			for r := range rows {
				f.Set(sums[2*r], LoadVector(bias, 0))
				f.Set(sums[2*r+1], LoadVector(bias, 16))
			}
		}, func() {
			for r := range rows {
				f.Set(sums[2*r], LoadVector(out[r], 0))
				f.Set(sums[2*r+1], LoadVector(out[r], 16))
			}
		})
		end := f.Int(b.Add(blocks.Times(4 * layout.Columns * layout.Depth)))
		f.DoWhile(func() {
			for i := range layout.Depth {
				f.Set(right[0], LoadVector(b, 4*layout.Columns*i))
				f.Set(right[1], LoadVector(b, 4*layout.Columns*i+16))
				for r := range rows {
					f.Set(left, LoadSplat(a, 4*layout.Depth*r+4*i))
					f.Set(sums[2*r], f.MulAdd(left, right[0], sums[2*r]))
					f.Set(sums[2*r+1], f.MulAdd(left, right[1], sums[2*r+1]))
				}
			}
			touch(f, ahead)
			f.Inc(a, 4*layout.Depth*rows)
			f.Inc(b, 4*layout.Columns*layout.Depth)
		}, b.Below(end))
		for r := range rows {
			f.Store(out[r], 0, sums[2*r])
			f.Store(out[r], 16, sums[2*r+1])
		}
	}
}

// touched is how many bytes of the panel that comes next a matrix kernel brings into a cache for each block of its own.
const touched = 64

// touch reads a cache line of weights that are needed soon. It stands for an instruction that prefetches, which WebAssembly lacks: a
// product of few rows would wait for each panel to come from memory, 5 to 10 % of the time.
func touch(f *Func, ahead I32) {
	f.Set(f.Int(Int(0)), Load(ahead, 0))
	f.Inc(ahead, touched)
}

// tileRows are the addresses of a tile's rows.
func tileRows(f *Func, c, stride I32, rows int) []I32 {
	out := []I32{c}
	for r := 1; r < rows; r++ {
		out = append(out, f.Int(out[r-1].Add(stride)))
	}
	return out
}

// gemm8 writes the matrix kernels of bytes:
//
//	c[row][column] = (first[column] + Σ a[row][k]·b[k][column]) · rowScale[row] · columnScale[column] + bias[column]
//
// (a, b, c, bytes from row to row of c, blocks of 16 k, first, rowScale, columnScale, bias, what to touch). The sums are whole numbers.
func (k *kernels) gemm8() {
	relaxed := func(f *Func, rows int, a, b I32, sums []V128) (left, right int) {
		v := f.Vectors(3)
		for quad := range layout.Depth8 / 4 {
			f.Set(v[0], LoadVector(b, 32*quad))
			f.Set(v[1], LoadVector(b, 32*quad+16))
			for r := range rows {
				f.Set(v[2], LoadSplat(a, layout.Depth8*r+4*quad))
				f.Set(sums[2*r], v[0].Dot8(v[2], sums[2*r]))
				f.Set(sums[2*r+1], v[1].Dot8(v[2], sums[2*r+1]))
			}
		}
		return layout.Depth8 * rows, layout.Depth8 * layout.Columns
	}
	if k.m.Relaxed {
		k.gemm8Tile = k.wholeTiles(layout.Height8, relaxed)
	}
	k.gemm16Tile = k.wholeTiles(layout.Height16, func(f *Func, rows int, a, b I32, sums []V128) (left, right int) {
		v := f.Vectors(3)
		for pair := range layout.Depth8 / 2 {
			f.Set(v[0], LoadWidened(b, 16*pair))
			f.Set(v[1], LoadWidened(b, 16*pair+8))
			for r := range rows {
				f.Set(v[2], LoadSplat(a, 2*layout.Depth8*r+4*pair))
				f.Set(sums[2*r], sums[2*r].Add32(v[2].Dot16(v[0])))
				f.Set(sums[2*r+1], sums[2*r+1].Add32(v[2].Dot16(v[1])))
			}
		}
		return 2 * layout.Depth8 * rows, layout.Depth8 * layout.Columns
	})
}

// wholeTiles are kernels of whole numbers; block adds the products of one block and says how many bytes it has on both sides.
func (k *kernels) wholeTiles(height int, block func(f *Func, rows int, a, b I32, sums []V128) (left, right int)) []*Func {
	tiles := make([]*Func, height+1)
	for rows := 1; rows <= height; rows++ {
		f := k.m.Func("")
		tiles[rows] = f
		p := f.Params(10)
		a, b, c, stride, blocks, first, rowScale, columnScale, bias, ahead := p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9]
		sums := f.Vectors(2 * rows)
		for i := range sums {
			f.Set(sums[i], LoadVector(first, i%2*16))
		}
		f.DoWhile(func() {
			left, right := block(f, rows, a, b, sums)
			touch(f, ahead)
			f.Inc(a, left)
			f.Inc(b, right)
			f.Inc(blocks, -1)
		}, blocks)
		scale := f.Vectors(1)[0]
		for r := range rows {
			f.Set(scale, LoadSplat(rowScale, 4*r))
			for i := range 2 {
				f.Store(c, 16*i, sums[2*r+i].Floats().MulF(scale).MulF(LoadVector(columnScale, 16*i)).AddF(LoadVector(bias, 16*i)))
			}
			f.Set(c, c.Add(stride))
		}
	}
	return tiles
}
