package gen

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// packRow copies a row into a panel of rows.
func (s ISA) packRow() {
	s.blocks("PackRow", "lays n values out", "dst[i/8*stride+i%8] = src[i]", func() func(x reg.VecVirtual, to Mem) {
		return func(x reg.VecVirtual, to Mem) { VMOVUPS(x, to) }
	})
}

// blocks writes a row in blocks of 8 values.
func (s ISA) blocks(name, what, formula string, prepare func() func(x reg.VecVirtual, to Mem)) {
	TEXT(name, NOSPLIT, "func(dst, src *float32, stride, n int)")
	Pragma("noescape")
	Doc(name+" "+what+" in blocks of 8 that are stride lanes of 32 bits apart, with zeros behind the last one:", "", "\t"+formula)
	dst, src, stride, n := parameter("dst"), parameter("src"), bytesOf(parameter("stride")), parameter("n")
	write := prepare()
	narrow := ISA{Wide: false}
	whole, part, done := label("whole"), label("part"), label("done")
	x := YMM()
	Label(whole)
	CMPQ(n, count(depth))
	JL(LabelRef(part))
	VMOVUPS(Mem{Base: src}, x)
	write(x, Mem{Base: dst})
	ADDQ(count(4*depth), src)
	ADDQ(stride, dst)
	SUBQ(count(depth), n)
	JMP(LabelRef(whole))
	Label(part)
	TESTQ(n, n)
	JZ(LabelRef(done))
	m := narrow.masks(n, 1)
	VMASKMOVPS(Mem{Base: src}, m[0].v, x)
	write(x, Mem{Base: dst})
	Label(done)
	end()
}

// packBF16 rounds a row to bfloat16, halves to even; numbers that are none stay so. They become float32 again, or 16 bits.
func packBF16() {
	s := ISA{Wide: false}
	bits := func(name string, value uint32) reg.VecVirtual {
		v := s.vector()
		VBROADCASTSS(table(name, 1, func(int) uint32 { return value }), v)
		return v
	}
	round := func(x, half, one, quiet, none reg.VecVirtual) {
		odd, kept := s.vector(), s.vector()
		VCMPPS(Imm(3), x, x, none)
		VORPS(quiet, x, kept)
		VPSRLD(Imm(16), x, odd)
		VPAND(one, odd, odd)
		VPADDD(half, x, x)
		VPADDD(odd, x, x)
		VBLENDVPS(none, kept, x, x)
	}
	constants := func() func(x reg.VecVirtual) {
		half, one, quiet, none := bits("half", 0x7fff), bits("one", 1), bits("quiet", 0x400000), s.vector()
		return func(x reg.VecVirtual) { round(x, half, one, quiet, none) }
	}
	s.blocks("PackBF16", "rounds n values to bfloat16 and lays them out as float32", "dst[i/8*stride+i%8] = bfloat16(src[i])",
		func() func(x reg.VecVirtual, to Mem) {
			round, upper := constants(), bits("upper", 0xffff0000)
			return func(x reg.VecVirtual, to Mem) {
				round(x)
				VPAND(upper, x, x)
				VMOVUPS(x, to)
			}
		})
	s.blocks("PackPairsBF16", "rounds n values to bfloat16 and lays them out in 16 bits each", "(dst[i/8*stride:] as bfloat16)[i%8] = src[i]",
		func() func(x reg.VecVirtual, to Mem) {
			round := constants()
			return func(x reg.VecVirtual, to Mem) {
				high := XMM()
				round(x)
				VPSRLD(Imm(16), x, x)
				VEXTRACTI128(Imm(1), x, high)
				VPACKUSDW(high, x.AsX(), high)
				VMOVDQU(high, to)
			}
		})
}

// narrow turns float32 into float16.
func (s ISA) narrow() {
	TEXT("Narrow", NOSPLIT, "func(dst *uint16, src *float32, blocks int)")
	Pragma("noescape")
	Doc("Narrow rounds 8*blocks values to the nearest float16.")
	dst, src, blocks := parameter("dst"), parameter("src"), parameter("blocks")
	loop := label("blocks")
	Label(loop)
	x := YMM()
	VMOVUPS(Mem{Base: src}, x)
	VCVTPS2PH(Imm(0), x, Mem{Base: dst})
	ADDQ(count(4*depth), src)
	ADDQ(count(2*depth), dst)
	DECQ(blocks)
	JNZ(LabelRef(loop))
	end()
}

// widen turns stored lanes into what matrix kernels read, 32 lanes at a time.
func widen(name, what string, v reg.VecVirtual, lanes int, load func(from Mem, to reg.VecVirtual)) {
	const group, distance = 32, 1024
	TEXT(name, NOSPLIT, "func(dst *float32, src *uint16, n int)")
	Pragma("noescape")
	Doc(name + " turns " + what + "; n is a multiple of 32.")
	dst, src, groups := parameter("dst"), parameter("src"), parameter("n")
	SHRQ(Imm(5), groups)
	loop := label("groups")
	Label(loop)
	PREFETCHT0(Mem{Base: src, Disp: distance})
	for at := 0; at < group; at += lanes {
		load(Mem{Base: src, Disp: 2 * at}, v)
		VMOVUPS(v, Mem{Base: dst, Disp: 4 * at})
	}
	ADDQ(count(2*group), src)
	ADDQ(count(4*group), dst)
	DECQ(groups)
	JNZ(LabelRef(loop))
	end()
}

func (s ISA) widenAll() {
	widen("Widen", "n float16 values into float32", s.vector(), s.lanes(), func(from Mem, to reg.VecVirtual) { VCVTPH2PS(from, to) })
	widen("WidenBF16", "n bfloat16 values into float32", s.vector(), s.lanes(), func(from Mem, to reg.VecVirtual) {
		VPMOVZXWD(from, to)
		VPSLLD(Imm(16), to, to)
	})
	if !s.Wide {
		widen("WidenPairs", "2*n signed bytes into integers of 16 bits", s.vector(), s.lanes(), func(from Mem, to reg.VecVirtual) { VPMOVSXBW(from, to) })
		packBF16()
	}
}

// transpose turns 8 rows into columns, 8 values of each at a time.
func (s ISA) transpose() {
	TEXT("Transpose8", NOSPLIT, "func(dst *float32, ldd int, src *float32, lds, blocks int)")
	Pragma("noescape")
	Doc("Transpose8 turns 8 rows of 8*blocks values into columns:", "", "\tdst[i*ldd+row] = src[row*lds+i]")
	dst, ldd, src, lds, blocks := parameter("dst"), bytesOf(parameter("ldd")), parameter("src"), bytesOf(parameter("lds")), parameter("blocks")
	three := func(stride reg.GPVirtual) reg.GPVirtual {
		t := GP64()
		LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, t)
		return t
	}
	ldd3, lds3 := three(ldd), three(lds)
	// at is row i of 8, given the address of rows 0 and 4.
	at := func(i int, low, high, stride, stride3 reg.GPVirtual) Mem {
		base := low
		if i >= 4 {
			base = high
		}
		switch i % 4 {
		case 1:
			return Mem{Base: base, Index: stride, Scale: 1}
		case 2:
			return Mem{Base: base, Index: stride, Scale: 2}
		case 3:
			return Mem{Base: base, Index: stride3, Scale: 1}
		}
		return Mem{Base: base}
	}
	loop := label("blocks")
	Label(loop)
	src4, dst4 := GP64(), GP64()
	LEAQ(Mem{Base: src, Index: lds, Scale: 4}, src4)
	LEAQ(Mem{Base: dst, Index: ldd, Scale: 4}, dst4)
	// Rows i and i+4 share a register, a half each; what is left is two transpositions of 4 x 4 side by side.
	var low, high [4]reg.VecVirtual
	for i := range 4 {
		low[i], high[i] = YMM(), YMM()
		VMOVUPS(at(i, src, src4, lds, lds3), low[i].AsX())
		VINSERTF128(Imm(1), at(i+4, src, src4, lds, lds3), low[i], low[i])
		up := at(i, src, src4, lds, lds3)
		up.Disp = 16
		VMOVUPS(up, high[i].AsX())
		up = at(i+4, src, src4, lds, lds3)
		up.Disp = 16
		VINSERTF128(Imm(1), up, high[i], high[i])
	}
	for half, r := range [][4]reg.VecVirtual{low, high} {
		t0, t1, t2, t3 := YMM(), YMM(), YMM(), YMM()
		VUNPCKLPS(r[1], r[0], t0)
		VUNPCKHPS(r[1], r[0], t1)
		VUNPCKLPS(r[3], r[2], t2)
		VUNPCKHPS(r[3], r[2], t3)
		out := YMM()
		for i, pair := range [][2]reg.VecVirtual{{t0, t2}, {t0, t2}, {t1, t3}, {t1, t3}} {
			imm := Imm(0b01_00_01_00)
			if i%2 == 1 {
				imm = Imm(0b11_10_11_10)
			}
			VSHUFPS(imm, pair[1], pair[0], out)
			VMOVUPS(out, at(4*half+i, dst, dst4, ldd, ldd3))
		}
	}
	ADDQ(count(4*depth), src)
	LEAQ(Mem{Base: dst4, Index: ldd, Scale: 4}, dst)
	DECQ(blocks)
	JNZ(LabelRef(loop))
	end()
}
