package gen

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// depthwise computes one pixel of all channels, a pair of vectors at a time.
func (s ISA) depthwise() {
	TEXT("Depthwise", NOSPLIT, "func(dst, bias, src, filter *float32, n, high, wide, srcRow, srcPixel, filterRow, filterPixel int)")
	Pragma("noescape")
	Doc("Depthwise adds up the high x wide taps of a filter that lie inside the picture, for n channels:", "",
		"\tdst[c] = bias[c] + Σ src[y*srcRow+x*srcPixel+c] * filter[y*filterRow+x*filterPixel+c]")
	// There are more numbers than registers: what the innermost loop does not need is loaded where it is used.
	src, filter, n := parameter("src"), parameter("filter"), parameter("n")
	srcPixel, filterPixel := bytesOf(parameter("srcPixel")), bytesOf(parameter("filterPixel"))
	add := func(name string, to reg.GPVirtual) { LEAQ(Mem{Base: to, Index: parameter(name), Scale: 4}, to) }

	at := zero64()
	taps := func(vectors int, m *mask) {
		sums := make([]reg.VecVirtual, vectors)
		bias := parameter("bias")
		for i := range sums {
			sums[i] = s.vector()
			s.load(Mem{Base: bias, Index: at, Scale: 1, Disp: i * s.bytes()}, m, sums[i])
		}
		fromRow, withRow := GP64(), GP64()
		LEAQ(Mem{Base: src, Index: at, Scale: 1}, fromRow)
		LEAQ(Mem{Base: filter, Index: at, Scale: 1}, withRow)
		rowsLeft := parameter("high")
		rows, across, done := label("rows"), label("across"), label("added")
		Label(rows)
		TESTQ(rowsLeft, rowsLeft)
		JLE(LabelRef(done))
		from, with, left := clone(fromRow), clone(withRow), parameter("wide")
		Label(across)
		x, w := s.vector(), s.vector()
		for i := range sums {
			s.load(Mem{Base: from, Disp: i * s.bytes()}, m, x)
			s.load(Mem{Base: with, Disp: i * s.bytes()}, m, w)
			VFMADD231PS(w, x, sums[i])
		}
		ADDQ(srcPixel, from)
		ADDQ(filterPixel, with)
		DECQ(left)
		JNZ(LabelRef(across))
		add("srcRow", fromRow)
		add("filterRow", withRow)
		DECQ(rowsLeft)
		JMP(LabelRef(rows))
		Label(done)
		dst := parameter("dst")
		for i := range sums {
			s.store(sums[i], m, Mem{Base: dst, Index: at, Scale: 1, Disp: i * s.bytes()})
		}
	}
	const vectors = 4
	groups, single := label("groups"), label("single")
	Label(groups)
	CMPQ(n, count(vectors*s.lanes()))
	JL(LabelRef(single))
	taps(vectors, nil)
	ADDQ(count(vectors*s.bytes()), at)
	SUBQ(count(vectors*s.lanes()), n)
	JMP(LabelRef(groups))
	Label(single)
	s.eachVector(n, at, func(m *mask) { taps(1, m) })
	end()
}

// ceiling does nothing but independent fused multiplications and additions, enough to keep every unit busy.
func (s ISA) ceiling() {
	const chains = 12
	TEXT("Ceiling", NOSPLIT, "func(rounds int)")
	Doc("Ceiling multiplies and adds as fast as the machine can: 96 vectors a round.")
	rounds := parameter("rounds")
	acc := make([]reg.VecVirtual, chains)
	for i := range acc {
		acc[i] = s.zeroed()
	}
	x := s.zeroed()
	loop := label("rounds")
	Label(loop)
	for range 8 {
		for _, a := range acc {
			VFMADD231PS(x, x, a)
		}
	}
	DECQ(rounds)
	JNZ(LabelRef(loop))
	end()
}
