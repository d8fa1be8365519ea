package gen

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// zip joins two rows, value by value.
func (s ISA) zip(name, sign string, join func(ops ...Op)) {
	TEXT(name, NOSPLIT, "func(dst, a, b *float32, n int)")
	Pragma("noescape")
	Doc(name+" joins two rows:", "", "\tdst[i] = a[i] "+sign+" b[i]")
	dst, a, b, n, at := parameter("dst"), parameter("a"), parameter("b"), parameter("n"), zero64()
	s.eachVector(n, at, func(m *mask) {
		x, y := s.vector(), s.vector()
		s.load(Mem{Base: a, Index: at, Scale: 1}, m, x)
		s.load(Mem{Base: b, Index: at, Scale: 1}, m, y)
		join(y, x, x)
		s.store(x, m, Mem{Base: dst, Index: at, Scale: 1})
	})
	end()
}

// total is the sum of f over the vectors of a row, in two chains; f leaves zeros outside the mask.
func (s ISA) total(row, n reg.GPVirtual, f func(x reg.VecVirtual, m *mask)) reg.VecVirtual {
	at, left := zero64(), clone(n)
	sums := [2]reg.VecVirtual{s.zeroed(), s.zeroed()}
	pairs, single := label("pairs"), label("single")
	Label(pairs)
	CMPQ(left, count(2*s.lanes()))
	JL(LabelRef(single))
	for i := range sums {
		x := s.vector()
		VMOVUPS(Mem{Base: row, Index: at, Scale: 1, Disp: i * s.bytes()}, x)
		f(x, nil)
		VADDPS(x, sums[i], sums[i])
	}
	ADDQ(count(2*s.bytes()), at)
	SUBQ(count(2*s.lanes()), left)
	JMP(LabelRef(pairs))
	Label(single)
	s.eachVector(left, at, func(m *mask) {
		x := s.vector()
		s.load(Mem{Base: row, Index: at, Scale: 1}, m, x)
		f(x, m)
		VADDPS(x, sums[0], sums[0])
	})
	VADDPS(sums[1], sums[0], sums[0])
	return s.across(sums[0], addTo)
}

func (s ISA) layerNorm() {
	TEXT("LayerNorm", NOSPLIT, "func(dst, src, gain, bias *float32, n int, eps float32)")
	Pragma("noescape")
	Doc("LayerNorm normalises a row in two passes:", "",
		"\tmean := Σ src[i] / n",
		"\tvariance := Σ (src[i]-mean)² / n",
		"\tdst[i] = (src[i]-mean) / √(variance+eps) * gain[i] + bias[i]")
	dst, src, gain, bias, n := parameter("dst"), parameter("src"), parameter("gain"), parameter("bias"), parameter("n")
	width := XMM()
	VXORPS(width, width, width)
	VCVTSI2SSQ(n, width, width)
	mean := s.vector()
	sum := s.total(src, n, func(reg.VecVirtual, *mask) {})
	VDIVSS(width, sum, sum)
	VBROADCASTSS(sum, mean)
	squares := s.total(src, n, func(x reg.VecVirtual, m *mask) {
		VSUBPS(mean, x, x)
		s.keep(x, m)
		VMULPS(x, x, x)
	})
	VDIVSS(width, squares, squares)
	eps := Load(Param("eps"), XMM()).(reg.VecVirtual)
	VADDSS(eps, squares, squares)
	VSQRTSS(squares, squares, squares)
	one := XMM()
	VMOVSS(s.memory(1), one)
	VDIVSS(squares, one, one)
	scale := s.vector()
	VBROADCASTSS(one, scale)
	at := zero64()
	s.eachVector(n, at, func(m *mask) {
		x, g, b := s.vector(), s.vector(), s.vector()
		s.load(Mem{Base: src, Index: at, Scale: 1}, m, x)
		s.load(Mem{Base: gain, Index: at, Scale: 1}, m, g)
		s.load(Mem{Base: bias, Index: at, Scale: 1}, m, b)
		VSUBPS(mean, x, x)
		VMULPS(scale, x, x)
		VFMADD213PS(b, g, x)
		s.store(x, m, Mem{Base: dst, Index: at, Scale: 1})
	})
	end()
}

// normalize sums squares in float64: a row of large values must not overflow.
func (s ISA) normalize() {
	TEXT("Normalize", NOSPLIT, "func(dst, src *float32, n int)")
	Pragma("noescape")
	Doc("Normalize divides a row by its Euclidean length, summed in float64; a row of zeros stays so:", "",
		"\tdst[i] = src[i] / √(Σ src[i]²)")
	dst, src, n := parameter("dst"), parameter("src"), parameter("n")
	sum, rest := YMM(), XMM()
	VXORPD(sum, sum, sum)
	VXORPD(rest, rest, rest)
	eachQuad(n, func(at reg.GPVirtual) {
		x := YMM()
		VCVTPS2PD(Mem{Base: src, Index: at, Scale: 1}, x)
		VFMADD231PD(x, x, sum)
	}, func(at reg.GPVirtual) {
		x := widened(Mem{Base: src, Index: at, Scale: 1})
		VFMADD231SD(x, x, rest)
	})
	length, other := XMM(), XMM()
	VEXTRACTF128(Imm(1), sum, length)
	VADDPD(sum.AsX(), length, length)
	VPERMILPD(Imm(1), length, other)
	VADDSD(other, length, length)
	VADDSD(rest, length, length)
	VSQRTSD(length, length, length)
	// A row of zeros is multiplied with 0, not with 1/0.
	scale, none := XMM(), XMM()
	VXORPD(none, none, none)
	VXORPD(scale, scale, scale)
	zeros := label("zeros")
	VUCOMISD(none, length)
	JEQ(LabelRef(zeros))
	one := GP64()
	MOVQ(U64(math.Float64bits(1)), one)
	VMOVQ(one, scale)
	VDIVSD(length, scale, scale)
	Label(zeros)
	factor := YMM()
	VBROADCASTSD(scale, factor)
	eachQuad(n, func(at reg.GPVirtual) {
		x, y := YMM(), XMM()
		VCVTPS2PD(Mem{Base: src, Index: at, Scale: 1}, x)
		VMULPD(factor, x, x)
		VCVTPD2PSY(x, y)
		VMOVUPS(y, Mem{Base: dst, Index: at, Scale: 1})
	}, func(at reg.GPVirtual) {
		x := widened(Mem{Base: src, Index: at, Scale: 1})
		VMULSD(scale, x, x)
		VCVTSD2SS(x, x, x)
		VMOVSS(x, Mem{Base: dst, Index: at, Scale: 1})
	})
	end()
}

// eachQuad runs four for groups of four values at byte offset at, and one for each value that is left.
func eachQuad(n reg.GPVirtual, four, one func(at reg.GPVirtual)) {
	left, at := clone(n), zero64()
	quads, rest, done := label("quads"), label("rest"), label("done")
	Label(quads)
	CMPQ(left, count(4))
	JL(LabelRef(rest))
	four(at)
	ADDQ(count(16), at)
	SUBQ(count(4), left)
	JMP(LabelRef(quads))
	Label(rest)
	TESTQ(left, left)
	JZ(LabelRef(done))
	one(at)
	ADDQ(count(4), at)
	DECQ(left)
	JMP(LabelRef(rest))
	Label(done)
}

// widened is one float32 value as a float64.
func widened(from Mem) reg.VecVirtual {
	x := XMM()
	VMOVSS(from, x)
	VCVTSS2SD(x, x, x)
	return x
}

// mean adds rows up column by column, in two chains.
func (s ISA) mean() {
	TEXT("Mean", NOSPLIT, "func(dst, src *float32, lds, rows, n int, share float32)")
	Pragma("noescape")
	Doc("Mean adds rows up and scales the sums:", "", "\tdst[i] = share * Σ src[row*lds+i]")
	dst, src, lds, rows, n := parameter("dst"), parameter("src"), bytesOf(parameter("lds")), parameter("rows"), parameter("n")
	share := s.vector()
	VBROADCASTSS(NewParamAddr("share", 40), share)
	at := zero64()
	s.eachVector(n, at, func(m *mask) {
		even, odd, x := s.zeroed(), s.zeroed(), s.vector()
		from, left := clone(src), clone(rows)
		ADDQ(at, from)
		pairs, single, done := label("pairs"), label("single"), label("summed")
		Label(pairs)
		CMPQ(left, count(2))
		JL(LabelRef(single))
		for _, sum := range []reg.VecVirtual{even, odd} {
			s.load(Mem{Base: from}, m, x)
			VADDPS(x, sum, sum)
			ADDQ(lds, from)
		}
		SUBQ(count(2), left)
		JMP(LabelRef(pairs))
		Label(single)
		TESTQ(left, left)
		JZ(LabelRef(done))
		s.load(Mem{Base: from}, m, x)
		VADDPS(x, even, even)
		Label(done)
		VADDPS(odd, even, even)
		VMULPS(share, even, even)
		s.store(even, m, Mem{Base: dst, Index: at, Scale: 1})
	})
	end()
}

func (s ISA) rotate() {
	TEXT("Rotate", NOSPLIT, "func(dst, src, cos, sin *float32, n int)")
	Pragma("noescape")
	Doc("Rotate turns neighbours of a head; n is even:", "",
		"\tdst[i] = src[i]*cos[i] - src[i+1]*sin[i]",
		"\tdst[i+1] = src[i+1]*cos[i+1] + src[i]*sin[i+1]")
	dst, src, cos, sin, n, at := parameter("dst"), parameter("src"), parameter("cos"), parameter("sin"), parameter("n"), zero64()
	s.eachVector(n, at, func(m *mask) {
		x, y, c := s.vector(), s.vector(), s.vector()
		s.load(Mem{Base: src, Index: at, Scale: 1}, m, x)
		VPERMILPS(Imm(0b10_11_00_01), x, y)
		s.load(Mem{Base: sin, Index: at, Scale: 1}, m, c)
		VMULPS(c, y, y)
		s.load(Mem{Base: cos, Index: at, Scale: 1}, m, c)
		VFMADDSUB213PS(y, c, x)
		s.store(x, m, Mem{Base: dst, Index: at, Scale: 1})
	})
	end()
}
