package gen

import (
	"math"

	"github.com/goclip/goclip/kernels/simd/_asm/internal/approx"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// softmax reads a row of scores and writes shares as a row of a panel, ready to be the left side of a product.
func (s ISA) softmax() {
	TEXT("Softmax", NOSPLIT, "func(dst, scores *float32, stride, n, blocks int, scale float32)")
	Pragma("noescape")
	Doc("Softmax turns n scores, at least 1, into shares that sum to 1, in blocks of 8 that are stride values apart, with zeros",
		"behind the last one. It leaves its exponentials in scores:", "",
		"\ttop := max(scores[i])",
		"\tscores[i] = exp(scale * (scores[i]-top))",
		"\tdst[i/8*stride+i%8] = scores[i] / Σ scores")
	dst, scores, stride := parameter("dst"), parameter("scores"), bytesOf(parameter("stride"))
	n, blocks := parameter("n"), parameter("blocks")
	// Scores far below the highest give shares of next to nothing, but not denormals, which the next product would meet.
	e := s.exponent(4, -90)

	top := s.constant(float32(math.Inf(-1)))
	at := zero64()
	s.eachVector(clone(n), at, func(m *mask) {
		x := s.vector()
		switch {
		case m == nil:
			VMAXPS(Mem{Base: scores, Index: at, Scale: 1}, top, top)
		case s.Wide:
			VMAXPS(Mem{Base: scores, Index: at, Scale: 1}, top, m.k, top)
		default:
			VMASKMOVPS(Mem{Base: scores, Index: at, Scale: 1}, m.v, x)
			VBLENDVPS(m.v, x, top, x)
			VMAXPS(x, top, top)
		}
	})
	highest := s.vector()
	VBROADCASTSS(s.across(top, maxTo), highest)

	factor := s.vector()
	VBROADCASTSS(NewParamAddr("scale", 40), factor)
	VMULPS(s.constants(0, approx.Log2e)[0], factor, factor)
	sum := s.zeroed()
	XORQ(at, at)
	s.eachVector(clone(n), at, func(m *mask) {
		x := s.vector()
		s.load(Mem{Base: scores, Index: at, Scale: 1}, m, x)
		VSUBPS(highest, x, x)
		VMULPS(factor, x, x)
		s.exp2(x, e)
		s.keep(x, m)
		s.store(x, m, Mem{Base: scores, Index: at, Scale: 1})
		VADDPS(x, sum, sum)
	})
	total := s.across(sum, addTo)
	one := XMM()
	VMOVSS(s.memory(1), one)
	VDIVSS(total, one, one)
	share := YMM()
	VBROADCASTSS(one, share)

	narrow := ISA{Wide: false}
	whole, part, zeros, done := label("whole"), label("part"), label("zeros"), label("done")
	x := YMM()
	Label(whole)
	CMPQ(n, count(depth))
	JL(LabelRef(part))
	VMULPS(Mem{Base: scores}, share, x)
	VMOVUPS(x, Mem{Base: dst})
	ADDQ(count(4*depth), scores)
	ADDQ(stride, dst)
	SUBQ(count(depth), n)
	DECQ(blocks)
	JMP(LabelRef(whole))
	Label(part)
	TESTQ(n, n)
	JZ(LabelRef(zeros))
	m := narrow.masks(n, 1)
	VMASKMOVPS(Mem{Base: scores}, m[0].v, x)
	VMULPS(share, x, x)
	VMOVUPS(x, Mem{Base: dst})
	ADDQ(stride, dst)
	DECQ(blocks)
	Label(zeros)
	VXORPS(x, x, x)
	again := label("again")
	Label(again)
	TESTQ(blocks, blocks)
	JLE(LabelRef(done))
	VMOVUPS(x, Mem{Base: dst})
	ADDQ(stride, dst)
	DECQ(blocks)
	JMP(LabelRef(again))
	Label(done)
	end()
}
