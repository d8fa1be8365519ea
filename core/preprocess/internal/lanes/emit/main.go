// Command emit writes the WebAssembly module of package simd128. `go generate ./core/preprocess/...` runs it.
package main

import (
	"flag"
	"log"
	"os"

	. "github.com/goclip/goclip/internal/wasm"
)

func main() {
	log.SetFlags(0)
	out := flag.String("out", "pictures.wasm", "the module's file")
	flag.Parse()
	if err := os.WriteFile(*out, emit(), 0o644); err != nil {
		log.Fatal(err)
	}
}

// emit is the module. What each function computes is written at package avx2, whose functions have the same parameters.
func emit() []byte {
	m := &Module{Boundless: true}
	across(m, "acrossRGB", 3)
	across(m, "acrossRGBA", 4)
	acrossGray(m)
	down(m)
	weigh(m)
	double(m)
	ycbcr(m)
	transform(m)
	return m.Bytes()
}

// Weights are in two parts: without their lowest eight bits, and these.
const (
	lowBits    = 8
	weightBits = 22
)

// total brings both parts of four sums to bytes, in 16 bits each.
func total(high, low V128) V128 {
	return high.ShiftLeft32(lowBits).Add32(low).Add32(Words(1 << (weightBits - 1))).ShiftRight32(weightBits)
}

// across resamples two rows of pixels of n bytes.
func across(m *Module, name string, n int) {
	f := m.Func(name)
	p := f.Params(8)
	outs, rows, first, groups, weights, count := p[0:2], p[2:4], p[4], p[5], p[6], p[7]
	// Bytes of one channel of two pixels lie side by side in each lane.
	var pairs [2][16]byte
	for pair := range pairs {
		for i := range pairs[pair] {
			pairs[pair][i] = 0x80
		}
		for channel := range n {
			pairs[pair][4*channel], pairs[pair][4*channel+2] = byte(2*pair*n+channel), byte((2*pair+1)*n+channel)
		}
	}
	from := []I32{f.Int(Int(0)), f.Int(Int(0))}
	left, bytes := f.Int(Int(0)), f.Int(Int(0))
	sums := f.Vectors(4) // of each row, the high part and the low one
	pixels, x := f.Vectors(1)[0], f.Vectors(1)[0]
	f.While(count, func() {
		for r := range 2 {
			f.Set(from[r], rows[r].Add(Load(first, 0)))
			f.Set(sums[2*r], Words(0))
			f.Set(sums[2*r+1], Words(0))
		}
		f.Set(left, Load(groups, 0))
		f.While(left, func() {
			for r := range 2 {
				f.Set(pixels, LoadVector(from[r], 0))
				for pair := range 2 {
					f.Set(x, pixels.Swizzle(pairs[pair]))
					f.Set(sums[2*r], sums[2*r].Add32(x.Dot16(LoadSplat(weights, 8*pair))))
					f.Set(sums[2*r+1], sums[2*r+1].Add32(x.Dot16(LoadSplat(weights, 8*pair+4))))
				}
				f.Inc(from[r], 4*n)
			}
			f.Inc(weights, 16)
			f.Inc(left, -1)
		})
		for r := range 2 {
			f.Set(x, total(sums[2*r], sums[2*r+1]))
			f.Set(x, x.Narrow32(x))
			f.Set(bytes, x.NarrowPixels(x).IntLane(0))
			if n == 4 {
				f.Store(outs[r], 0, bytes)
			} else {
				f.Store16(outs[r], 0, bytes)
				f.Store8(outs[r], 2, bytes.ShiftRight(16))
			}
			f.Inc(outs[r], n)
		}
		f.Inc(first, 4)
		f.Inc(groups, 4)
		f.Inc(count, -1)
	})
}

// acrossGray resamples a row of single bytes.
func acrossGray(m *Module) {
	f := m.Func("acrossGray")
	p := f.Params(6)
	out, row, first, groups, weights, count := p[0], p[1], p[2], p[3], p[4], p[5]
	from, left := f.Int(Int(0)), f.Int(Int(0))
	sums, x := f.Vectors(2), f.Vectors(1)[0]
	f.While(count, func() {
		f.Set(from, row.Add(Load(first, 0)))
		f.Set(sums[0], Words(0))
		f.Set(sums[1], Words(0))
		f.Set(left, Load(groups, 0))
		f.While(left, func() {
			for half := range 2 {
				f.Set(x, LoadPixels(from, 8*half))
				for part := range 2 {
					f.Set(sums[part], sums[part].Add32(x.Dot16(LoadVector(weights, 32*part+16*half))))
				}
			}
			f.Inc(from, 16)
			f.Inc(weights, 64)
			f.Inc(left, -1)
		})
		for _, s := range sums {
			f.Set(s, s.Add32(s.Lanes(s, 2, 3, 0, 1)))
			f.Set(s, s.Add32(s.Lanes(s, 1, 0, 3, 2)))
		}
		f.Set(x, total(sums[0], sums[1]))
		f.Set(x, x.Narrow32(x))
		f.Store8(out, 0, x.NarrowPixels(x).IntLane(0))
		f.Inc(out, 1)
		f.Inc(first, 4)
		f.Inc(groups, 4)
		f.Inc(count, -1)
	})
}

// down resamples one row of at least eight bytes, eight at a time; the last eight begin earlier than the rest. Addresses of rows have 64
// bits, as Go's wasm has them.
func down(m *Module) {
	f := m.Func("down")
	p := f.Params(5)
	out, rows, weights, pairs, n := p[0], p[1], p[2], p[3], p[4]
	x, row, weight, left, last := f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0)), f.Int(Int(0)), f.Int(n.Plus(-8))
	sums, v := f.Vectors(4), f.Vectors(2)
	f.While(x.Below(n), func() {
		f.Set(x, x.Min(last))
		for _, s := range sums {
			f.Set(s, Words(0))
		}
		f.Set(row, rows)
		f.Set(weight, weights)
		f.Set(left, pairs)
		f.While(left, func() {
			f.Set(v[0], LoadTwo(Load(row, 0).Add(x), 0).Shuffle(LoadTwo(Load(row, 8).Add(x), 0),
				[16]byte{0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23}))
			f.Set(v[1], v[0].HighPixels())
			f.Set(v[0], v[0].LowPixels())
			for i := range 2 {
				f.Set(sums[i], sums[i].Add32(v[i].Dot16(LoadSplat(weight, 0))))
				f.Set(sums[2+i], sums[2+i].Add32(v[i].Dot16(LoadSplat(weight, 4))))
			}
			f.Inc(row, 16)
			f.Inc(weight, 8)
			f.Inc(left, -1)
		})
		f.Set(v[0], total(sums[0], sums[2]).Narrow32(total(sums[1], sums[3])))
		f.StoreTwo(out.Add(x), 0, 0, v[0].NarrowPixels(v[0]))
		f.Inc(x, 8)
	})
}

// weigh adds three times a row of samples and another one.
func weigh(m *Module) {
	f := m.Func("weigh")
	p := f.Params(4)
	out, near, far, n := p[0], p[1], p[2], p[3]
	end, v := f.Int(near.Add(n)), f.Vectors(1)[0]
	f.While(near.Below(end), func() {
		for i := range 2 {
			f.Set(v, LoadPixels(near, 8*i))
			f.Store(out, 16*i, v.Add16(v).Add16(v).Add16(LoadPixels(far, 8*i)))
		}
		f.Inc(near, 16)
		f.Inc(far, 16)
		f.Inc(out, 32)
	})
}

// double interpolates between neighbours.
func double(m *Module) {
	f := m.Func("double")
	p := f.Params(5)
	out, row, even, odd, n := p[0], p[1], p[2], p[3], p[4]
	end := f.Int(row.Add(n.Plus(15).And(Int(-16)).Times(2)))
	rounding := []V128{f.Vector(Splat16(even)), f.Vector(Splat16(odd))}
	v := f.Vectors(3)
	before := f.Int(row.Plus(-2))
	f.While(row.Below(end), func() {
		f.Set(v[0], LoadVector(row, 0))
		f.Set(v[0], v[0].Add16(v[0]).Add16(v[0]))
		f.Set(v[1], v[0].Add16(LoadVector(before, 0)).Add16(rounding[0]).ShiftRight16(4))
		f.Set(v[2], v[0].Add16(LoadVector(row, 2)).Add16(rounding[1]).ShiftRight16(4))
		f.Set(v[1], v[1].NarrowPixels(v[2]))
		f.Store(out, 0, v[1].Shuffle(v[1], [16]byte{0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15}))
		f.Inc(row, 16)
		f.Inc(before, 16)
		f.Inc(out, 16)
	})
}

// ycbcr converts pixels to RGB, 16 at a time. Constants of 17 bits are less than a multiple of 65536 that is added later, so that they fit
// into 16.
func ycbcr(m *Module) {
	f := m.Func("ycbcrToRGB")
	p := f.Params(5)
	out, luma, blue, red, n := p[0], p[1], p[2], p[3], p[4]
	end := f.Int(luma.Add(n))
	pair := func(b, r int16) V128 { return Words(uint32(uint16(b)) | uint32(uint16(r))<<16) }
	const (
		redFromCr, blueFromCb    = 91881 - 1<<16, 116130 - 2<<16
		greenFromCb, greenFromCr = -22554, -46802 + 1<<16
	)
	half := Words(1 << 15)
	y, b, r, both := f.Vectors(2), f.Vectors(2), f.Vectors(2), f.Vectors(2)
	rgb := f.Vectors(6)
	channels := f.Vectors(3)
	center := f.Vector(Splat16(Int(128)))
	f.While(luma.Below(end), func() {
		for i := range 2 {
			f.Set(y[i], LoadPixels(luma, 8*i))
			f.Set(b[i], LoadPixels(blue, 8*i).Sub16(center))
			f.Set(r[i], LoadPixels(red, 8*i).Sub16(center))
			f.Set(both[0], b[i].Shuffle(r[i], [16]byte{0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23}))
			f.Set(both[1], b[i].Shuffle(r[i], [16]byte{8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31}))
			from := func(factors V128) V128 {
				part := func(v V128) V128 { return v.Dot16(factors).Add32(half).ShiftRight32(16) }
				return y[i].Add16(part(both[0]).Narrow32(part(both[1])))
			}
			f.Set(rgb[i], from(pair(0, redFromCr)).Add16(r[i]))
			f.Set(rgb[2+i], from(pair(greenFromCb, greenFromCr)).Sub16(r[i]))
			f.Set(rgb[4+i], from(pair(blueFromCb, 0)).Add16(b[i]).Add16(b[i]))
		}
		for c := range channels {
			f.Set(channels[c], rgb[2*c].NarrowPixels(rgb[2*c+1]))
		}
		for part := range 3 {
			var redGreen, withBlue [16]byte
			for i := range 16 {
				pixel, channel := (16*part+i)/3, (16*part+i)%3
				withBlue[i] = byte(i)
				switch channel {
				case 2:
					withBlue[i] = byte(16 + pixel)
				default:
					redGreen[i] = byte(16*channel + pixel)
				}
			}
			f.Store(out, 16*part, channels[0].Shuffle(channels[1], redGreen).Shuffle(channels[2], withBlue))
		}
		f.Inc(luma, 16)
		f.Inc(blue, 16)
		f.Inc(red, 16)
		f.Inc(out, 48)
	})
}
