package main

import (
	. "github.com/goclip/goclip/internal/wasm"
)

// The constants of package jpeg's transform, times 2^13.
const (
	fix0298 = 2446
	fix0390 = 3196
	fix0541 = 4433
	fix0765 = 6270
	fix0899 = 7373
	fix1175 = 9633
	fix1501 = 12299
	fix1847 = 15137
	fix1961 = 16069
	fix2053 = 16819
	fix2562 = 20995
	fix3072 = 25172
)

// words is a vector of two 16-bit integers again and again, what Dot16 multiplies two interleaved rows with.
func words(a, b int16) V128 { return Words(uint32(uint16(a)) | uint32(uint16(b))<<16) }

// interleaved are the bytes of two vectors, in pieces of so many, in turns: of the first halves, and of the second ones.
func interleaved(f *Func, a, b V128, size int) [2]V128 {
	var picks [2][16]byte
	for half := range picks {
		for i := range 16 {
			piece := i / size
			picks[half][i] = byte(8*half + piece/2*size + i%size + piece%2*16)
		}
	}
	v := f.Vectors(2)
	f.Set(v[0], a.Shuffle(b, picks[0]))
	f.Set(v[1], a.Shuffle(b, picks[1]))
	return [2]V128{v[0], v[1]}
}

// transform dequantizes blocks and writes their 8 x 8 samples: (blocks, what package jpeg keeps with each, how many). It is libjpeg's "islow"
// transform, with its products in pairs, as the assembly for amd64 has it: the sums are of 32 bits and the same in any order.
func transform(m *Module) {
	f := m.Func("transform")
	p := f.Params(3)
	block, wait, count := p[0], p[1], p[2]
	f.While(count, func() {
		quantizer := f.Int(Load(wait, 32))
		rows := f.Vectors(8)
		below := f.Vector(Words(0))
		for i := range rows {
			f.Set(rows[i], LoadVector(block, 16*i))
			if i > 0 {
				f.Set(below, below.Or(rows[i]))
			}
			f.Set(rows[i], rows[i].Mul16(LoadVector(quantizer, 16*i)))
		}
		first := f.Vector(rows[0].ShiftLeft16(2))
		pass(f, rows, 1<<10, 11)
		// A block with coefficients in its first row only is shifted, not summed: that wraps where sums would be clipped.
		f.If(below.Any().Not(), func() {
			for _, r := range rows {
				f.Set(r, first)
			}
		})
		transpose(f, rows)
		pass(f, rows, 1<<17, 18)
		transpose(f, rows)
		out, stride := f.Int(Load(wait, 0)), f.Int(Load(wait, 24))
		middle := Words(0x80808080)
		for i := 0; i < 8; i += 2 {
			both := f.Vector(rows[i].Narrow16(rows[i+1]).Add8(middle))
			f.StoreTwo(out, 0, 0, both)
			f.Set(out, out.Add(stride))
			f.StoreTwo(out, 0, 1, both)
			f.Set(out, out.Add(stride))
		}
		f.Inc(block, 128)
		f.Inc(wait, 48)
		f.Inc(count, -1)
	})
}

// pass transforms columns.
func pass(f *Func, rows []V128, half uint32, shift int) {
	products := func(v [2]V128, with V128) [2]V128 {
		p := f.Vectors(2)
		f.Set(p[0], v[0].Dot16(with))
		f.Set(p[1], v[1].Dot16(with))
		return [2]V128{p[0], p[1]}
	}
	add := func(a, to [2]V128) {
		for i := range a {
			f.Set(to[i], to[i].Add32(a[i]))
		}
	}
	// The even half.
	c26 := interleaved(f, rows[2], rows[6], 2)
	t3, t2 := products(c26, words(fix0541+fix0765, fix0541)), products(c26, words(fix0541, fix0541-fix1847))
	var evens [4][2]V128
	for k, c := range []struct {
		word  V128
		other [2]V128
	}{{f.Vector(rows[0].Add16(rows[4])), t3}, {f.Vector(rows[0].Sub16(rows[4])), t2}} {
		for i, v := range interleaved(f, Words(0), c.word, 2) {
			f.Set(v, v.ShiftRight32(3).Add32(Words(half)))
			evens[k][i], evens[3-k][i] = f.Vector(v.Add32(c.other[i])), f.Vector(v.Sub32(c.other[i]))
		}
	}
	// The odd half.
	z := interleaved(f, f.Vector(rows[7].Add16(rows[3])), f.Vector(rows[5].Add16(rows[1])), 2)
	z3, z4 := products(z, words(fix1175-fix1961, fix1175)), products(z, words(fix1175, fix1175-fix0390))
	c71 := interleaved(f, rows[7], rows[1], 2)
	o0, o3 := products(c71, words(fix0298-fix0899, -fix0899)), products(c71, words(-fix0899, fix1501-fix0899))
	add(z3, o0)
	add(z4, o3)
	c53 := interleaved(f, rows[5], rows[3], 2)
	o1, o2 := products(c53, words(fix2053-fix2562, -fix2562)), products(c53, words(-fix2562, fix3072-fix2562))
	add(z4, o1)
	add(z3, o2)
	for k, odd := range [][2]V128{o3, o2, o1, o0} {
		e := evens[k]
		f.Set(rows[k], e[0].Add32(odd[0]).ShiftRight32(shift).Narrow32(e[1].Add32(odd[1]).ShiftRight32(shift)))
		f.Set(rows[7-k], e[0].Sub32(odd[0]).ShiftRight32(shift).Narrow32(e[1].Sub32(odd[1]).ShiftRight32(shift)))
	}
}

// transpose exchanges rows and columns of 16-bit integers.
func transpose(f *Func, rows []V128) {
	for range 3 {
		var next [8]V128
		for i := range 4 {
			pair := interleaved(f, rows[i], rows[i+4], 2)
			next[2*i], next[2*i+1] = pair[0], pair[1]
		}
		for i := range rows {
			f.Set(rows[i], next[i])
		}
	}
}
