package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
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

// pairs is a vector of two words again and again, what VPMADDWD multiplies two interleaved rows with.
func pairs(name string, a, b int16) Mem {
	var values []int16
	for range 8 {
		values = append(values, a, b)
	}
	return words(name, values...)
}

// transformer holds the constants of the transform, and memory for half of its sums.
type transformer struct {
	even2, even1, odd3, odd4, odd0, odd7, odd5, odd1 Mem
	sums                                             Mem
	nothing                                          reg.VecVirtual
}

// transform brings two blocks to samples, one in each half of the vectors. It is libjpeg's "islow" transform, with its
// products in pairs: the sums are of 32 bits and the same in any order.
func transform() {
	TEXT("Transform", NOSPLIT, "func(out0, out1 *byte, stride0, stride1 int, block0, block1, quantizer0, quantizer1 *[64]int16)")
	Doc("Transform dequantizes two blocks and writes their 8 x 8 samples, as the function transform of package jpeg does.")
	t := transformer{
		even2: pairs("even2", fix0541+fix0765, fix0541),
		even1: pairs("even1", fix0541, fix0541-fix1847),
		odd3:  pairs("odd3", fix1175-fix1961, fix1175),
		odd4:  pairs("odd4", fix1175, fix1175-fix0390),
		odd0:  pairs("odd0", fix0298-fix0899, -fix0899),
		odd7:  pairs("odd7", -fix0899, fix1501-fix0899),
		odd5:  pairs("odd5", fix2053-fix2562, -fix2562),
		odd1:  pairs("odd1", -fix2562, fix3072-fix2562),
		sums:  AllocLocal(8 * 32),
	}
	block0, block1, quantizer0, quantizer1 := parameter("block0"), parameter("block1"), parameter("quantizer0"), parameter("quantizer1")
	var rows [8]reg.VecVirtual
	below, steps := zero(), YMM()
	for i := range rows {
		rows[i] = YMM()
		VMOVDQU(Mem{Base: block0, Disp: 16 * i}, rows[i].AsX())
		VINSERTI128(Imm(1), Mem{Base: block1, Disp: 16 * i}, rows[i], rows[i])
		if i > 0 {
			VPOR(rows[i], below, below)
		}
		VMOVDQU(Mem{Base: quantizer0, Disp: 16 * i}, steps.AsX())
		VINSERTI128(Imm(1), Mem{Base: quantizer1, Disp: 16 * i}, steps, steps)
		VPMULLW(steps, rows[i], rows[i])
	}
	// A block with coefficients in its first row only is shifted, not summed: that wraps where sums would be clipped.
	first, flags := AllocLocal(32), AllocLocal(32)
	VMOVDQU(rows[0], first)
	VMOVDQU(below, flags)
	t.nothing = zero()
	t.pass(&rows, 1<<10, 11)

	spread := label("spread")
	bits0, bits1 := GP64(), GP64()
	for i, bits := range []reg.GPVirtual{bits0, bits1} {
		MOVQ(flags.Offset(16*i), bits)
		ORQ(flags.Offset(16*i+8), bits)
	}
	fix0, fix1 := label("first"), label("second")
	TESTQ(bits0, bits0)
	JZ(LabelRef(fix0))
	back0 := label("between")
	Label(back0)
	TESTQ(bits1, bits1)
	JZ(LabelRef(fix1))
	Label(spread)

	transpose(&rows)
	VPXOR(t.nothing, t.nothing, t.nothing)
	t.pass(&rows, 1<<17, 18)
	t.store(&rows)
	VZEROUPPER()
	RET()

	shifted := YMM()
	for i, fix := range []string{fix0, fix1} {
		Label(fix)
		VMOVDQU(first, shifted)
		VPSLLW(Imm(2), shifted, shifted)
		for _, row := range rows {
			VPBLENDD(Imm(0x0F<<(4*i)), shifted, row, row)
		}
		if i == 0 {
			JMP(LabelRef(back0))
		} else {
			JMP(LabelRef(spread))
		}
	}
}

// pass transforms columns.
func (t *transformer) pass(rows *[8]reg.VecVirtual, half int32, shift uint8) {
	rounding := doubles(label("rounding"), half)
	type both [2]reg.VecVirtual // low and high lanes
	unpack := func(a, b reg.VecVirtual) both {
		v := both{YMM(), YMM()}
		VPUNPCKLWD(b, a, v[0])
		VPUNPCKHWD(b, a, v[1])
		return v
	}
	products := func(v both, with Mem) both {
		p := both{YMM(), YMM()}
		for i := range p {
			VPMADDWD(with, v[i], p[i])
		}
		return p
	}
	add := func(a, to both) {
		for i := range a {
			VPADDD(a[i], to[i], to[i])
		}
	}
	evens := func(i, half int) Mem { return t.sums.Offset(32 * (2*i + half)) }

	// The even half: sums go to memory.
	c26 := unpack(rows[2], rows[6])
	t3, t2 := products(c26, t.even2), products(c26, t.even1)
	sum, difference := YMM(), YMM()
	VPADDW(rows[4], rows[0], sum)
	VPSUBW(rows[4], rows[0], difference)
	for k, c := range []struct {
		word  reg.VecVirtual
		other both
	}{{sum, t3}, {difference, t2}} {
		for i, v := range unpack(t.nothing, c.word) {
			VPSRAD(Imm(3), v, v)
			VPADDD(rounding, v, v)
			e := YMM()
			VPADDD(c.other[i], v, e)
			VMOVDQU(e, evens(k, i))
			VPSUBD(c.other[i], v, e)
			VMOVDQU(e, evens(3-k, i))
		}
	}

	// The odd half.
	z3, z4 := YMM(), YMM()
	VPADDW(rows[3], rows[7], z3)
	VPADDW(rows[1], rows[5], z4)
	z := unpack(z3, z4)
	z3s, z4s := products(z, t.odd3), products(z, t.odd4)
	c71 := unpack(rows[7], rows[1])
	o0, o3 := products(c71, t.odd0), products(c71, t.odd7)
	add(z3s, o0)
	add(z4s, o3)
	c53 := unpack(rows[5], rows[3])
	o1, o2 := products(c53, t.odd5), products(c53, t.odd1)
	add(z4s, o1)
	add(z3s, o2)

	for k, odd := range []both{o3, o2, o1, o0} {
		var up, down both
		for i := range odd {
			up[i], down[i] = YMM(), YMM()
			VMOVDQU(evens(k, i), down[i])
			VPADDD(odd[i], down[i], up[i])
			VPSUBD(odd[i], down[i], down[i])
			VPSRAD(Imm(uint64(shift)), up[i], up[i])
			VPSRAD(Imm(uint64(shift)), down[i], down[i])
		}
		VPACKSSDW(up[1], up[0], rows[k])
		VPACKSSDW(down[1], down[0], rows[7-k])
	}
}

// transpose exchanges rows and columns of the words of both halves.
func transpose(rows *[8]reg.VecVirtual) {
	swap := func(low, high func(...Op), distance int) {
		for i := range rows {
			if i&distance != 0 {
				continue
			}
			a, b := rows[i], rows[i+distance]
			upper := YMM()
			high(b, a, upper)
			low(b, a, a)
			VMOVDQA(upper, b)
		}
	}
	swap(VPUNPCKLWD, VPUNPCKHWD, 4)
	order(rows)
	swap(VPUNPCKLWD, VPUNPCKHWD, 4)
	order(rows)
	swap(VPUNPCKLWD, VPUNPCKHWD, 4)
	order(rows)
}

// order lays the results of interleaving rows i and i+4 side by side: 0, 4, 1, 5, and so on.
func order(rows *[8]reg.VecVirtual) {
	*rows = [8]reg.VecVirtual{rows[0], rows[4], rows[1], rows[5], rows[2], rows[6], rows[3], rows[7]}
}

// store narrows columns of samples around 0 to bytes around 128, turns them to rows, and writes those.
func (t *transformer) store(rows *[8]reg.VecVirtual) {
	for _, pair := range [][2]int{{0, 2}, {1, 3}, {4, 6}, {5, 7}} {
		VPACKSSWB(rows[pair[1]], rows[pair[0]], rows[pair[0]])
	}
	middle := bytes("middle", repeat[byte](0x80, 32)...)
	for _, i := range []int{0, 1, 4, 5} {
		VPADDB(middle, rows[i], rows[i])
	}
	unpack := func(low, high func(...Op), a, b reg.VecVirtual) (lower, upper reg.VecVirtual) {
		lower, upper = YMM(), YMM()
		low(b, a, lower)
		high(b, a, upper)
		return lower, upper
	}
	c01, c23 := unpack(VPUNPCKLBW, VPUNPCKHBW, rows[0], rows[1])
	c45, c67 := unpack(VPUNPCKLBW, VPUNPCKHBW, rows[4], rows[5])
	left0, left4 := unpack(VPUNPCKLWD, VPUNPCKHWD, c01, c23)
	right0, right4 := unpack(VPUNPCKLWD, VPUNPCKHWD, c45, c67)
	var two [4]reg.VecVirtual // rows each
	two[0], two[1] = unpack(VPUNPCKLDQ, VPUNPCKHDQ, left0, right0)
	two[2], two[3] = unpack(VPUNPCKLDQ, VPUNPCKHDQ, left4, right4)
	for i, name := range []string{"0", "1"} {
		out, stride := parameter("out"+name), parameter("stride"+name)
		for _, v := range two {
			var half Op = v.AsX()
			if i == 1 {
				half = XMM()
				VEXTRACTI128(Imm(1), v, half)
			}
			VMOVQ(half, Mem{Base: out})
			VPEXTRQ(Imm(1), half, Mem{Base: out, Index: stride, Scale: 1})
			LEAQ(Mem{Base: out, Index: stride, Scale: 2}, out)
		}
	}
}
