package gen

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// laneDepth is how many lanes of a row lie side by side in a panel of rows whose lanes hold several values each.
const laneDepth = 4

// multiply adds the products of two vectors of lanes to sums; it may overwrite left if last says that nobody needs it again.
type multiply func(right, left, sum, spare reg.VecVirtual, last bool)

// dot is a matrix kernel for values shorter than 32 bits, of which every lane holds several. It multiplies only: sums go to a
// small tile that stays in the first cache, and settle brings them from there to their place.
func (s ISA) dot(name, what string, rows int, multiply multiply) {
	TEXT(fmt.Sprintf("%s%d", name, rows), NOSPLIT, "func(a, b, sums, start, next *float32, blocks int)")
	Pragma("noescape")
	width := columns * s.lanes()
	Doc(fmt.Sprintf("%s%d adds up %s for %d rows and %d columns:", name, rows, what, rows, width),
		"",
		fmt.Sprintf("\tsums[row*%d+column] = start[column] + Σ a[(block*%d+row)*%d+k] · b[(block*%d+k)*%d+column]",
			width, rows, laneDepth, laneDepth, width),
		"",
		fmt.Sprintf("over all blocks and k < %d; next is memory that will be needed soon.", laneDepth))
	a, b, next, blocks := parameter("a"), parameter("b"), parameter("next"), parameter("blocks")
	start := parameter("start")
	acc := make([][columns]reg.VecVirtual, rows)
	for r := range acc {
		for j := range columns {
			acc[r][j] = s.vector()
			if r == 0 {
				VMOVUPS(Mem{Base: start, Disp: j * s.bytes()}, acc[r][j])
			} else {
				VMOVAPS(acc[0][j], acc[r][j])
			}
		}
	}
	var right [columns]reg.VecVirtual
	for j := range columns {
		right[j] = s.vector()
	}
	left, spare := s.vector(), s.vector()
	// Half a block at a time, as gemm does.
	const half = laneDepth / 2
	SHLQ(Imm(1), blocks)
	distance := GP64()
	MOVQ(U32(4*half), distance)
	loop := label("blocks")
	Label(loop)
	for k := range half {
		for j := range columns {
			VMOVUPS(Mem{Base: b, Disp: (k*columns + j) * s.bytes()}, right[j])
		}
		if k == 0 {
			PREFETCHT1(Mem{Base: next})
		}
		for r := range rows {
			VBROADCASTSS(Mem{Base: a, Disp: 4 * (r*laneDepth + k)}, left)
			for j := range columns {
				multiply(right[j], left, acc[r][j], spare, j == columns-1)
			}
		}
	}
	ADDQ(distance, a)
	NEGQ(distance)
	ADDQ(count(4*laneDepth*rows), distance)
	ADDQ(count(half*columns*s.bytes()), b)
	ADDQ(count(64), next)
	DECQ(blocks)
	JNZ(LabelRef(loop))
	sums := parameter("sums")
	for r := range acc {
		for j := range columns {
			VMOVUPS(acc[r][j], Mem{Base: sums, Disp: (r*columns + j) * s.bytes()})
		}
	}
	end()
}

// ask prefetches the memory of a tile.
func (s ISA) ask() {
	TEXT("Ask", NOSPLIT, "func(rows *float32, stride, count int)")
	Doc("Ask tells the processor that rows of a tile, stride values apart, will be needed.")
	from, stride, n := parameter("rows"), bytesOf(parameter("stride")), parameter("count")
	loop := label("rows")
	Label(loop)
	for at := 0; at < columns*s.bytes(); at += 64 {
		PREFETCHT0(Mem{Base: from, Disp: at})
	}
	ADDQ(stride, from)
	DECQ(n)
	JNZ(LabelRef(loop))
	RET()
}

// dotBytes is four products of a byte without and one with a sign; AVX-512 has it, and so does AVX-VNNI in its own encoding.
func (s ISA) dotBytes(right, left, sum, _ reg.VecVirtual, _ bool) {
	if s.Wide {
		VPDPBUSD(right, left, sum)
	} else {
		vexDotBytes(right, left, sum)
	}
}

// dotPairs is two products of integers of 16 bits.
func dotPairs(right, left, sum, spare reg.VecVirtual, last bool) {
	product := spare
	if last {
		product = left
	}
	VPMADDWD(right, left, product)
	VPADDD(product, sum, sum)
}

// settle brings the sums of a tile to their place.
func (s ISA) settle(name string, whole bool) {
	TEXT(name, NOSPLIT, "func(dst, sums, scales, ends, residual *float32, ldd, ldr, rows, n int)")
	Pragma("noescape")
	width := columns * s.lanes()
	sum := fmt.Sprintf("sums[row*%d+column]", width)
	if whole {
		sum = fmt.Sprintf("float32(%s) * (scales[row] * ends[column])", sum)
	}
	Doc(name+" finishes the sums of a tile, n columns of each row; residual may be nil:", "",
		fmt.Sprintf("\tdst[row*ldd+column] = %s + ends[%d+column] + residual[row*ldr+column]", sum, width))
	restore := flushDenormals()
	dst, sums, ends, residual := parameter("dst"), parameter("sums"), parameter("ends"), parameter("residual")
	ldd, ldr := bytesOf(parameter("ldd")), bytesOf(parameter("ldr"))
	rows, n := parameter("rows"), parameter("n")
	var scales reg.GPVirtual
	if whole {
		scales = parameter("scales")
	}
	loop := label("rows")
	Label(loop)
	scale := s.vector()
	if whole {
		VBROADCASTSS(Mem{Base: scales}, scale)
		ADDQ(count(4), scales)
	}
	at := zero64()
	s.eachVector(clone(n), at, func(m *mask) {
		x := s.vector()
		VMOVUPS(Mem{Base: sums, Index: at, Scale: 1}, x)
		bias := Mem{Base: ends, Index: at, Scale: 1, Disp: columns * s.bytes()}
		if whole {
			w := s.vector()
			VCVTDQ2PS(x, x)
			VMULPS(Mem{Base: ends, Index: at, Scale: 1}, scale, w)
			VFMADD213PS(bias, w, x)
		} else {
			VADDPS(bias, x, x)
		}
		alone := label("alone")
		TESTQ(residual, residual)
		JZ(LabelRef(alone))
		s.addMemory(Mem{Base: residual, Index: at, Scale: 1}, m, x, s.vector())
		Label(alone)
		s.store(x, m, Mem{Base: dst, Index: at, Scale: 1})
	})
	ADDQ(ldd, dst)
	ADDQ(count(columns*s.bytes()), sums)
	TESTQ(residual, residual)
	next := label("next")
	JZ(LabelRef(next))
	ADDQ(ldr, residual)
	Label(next)
	DECQ(rows)
	JNZ(LabelRef(loop))
	restore()
	end()
}

// quantize rounds a row as kernels.QuantizeRow does, to bytes or to integers of 16 bits. Magnitudes are compared as integers, so
// that a NaN is the largest.
func (s ISA) quantize(name string, pairs bool) {
	group, what := 16, "bytes"
	if pairs {
		group, what = 8, "integers of 16 bits"
	}
	TEXT(name, NOSPLIT, "func(dst, scale, src *float32, stride, n int, flip uint32)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s rounds n values to multiples of scale[0], the largest magnitude divided by 127: round(src[i] * (127/largest)), as", name),
		fmt.Sprintf("%s in blocks of %d that are stride lanes of 32 bits apart, with zeros behind the last one. flip changes bits in all", what, group),
		"lanes.")
	dst, src, stride, n := parameter("dst"), parameter("src"), bytesOf(parameter("stride")), parameter("n")
	magnitude := s.vector()
	VBROADCASTSS(table("magnitude", 1, func(int) uint32 { return math.MaxInt32 }), magnitude)
	most, at := s.zeroed(), zero64()
	s.eachVector(clone(n), at, func(m *mask) {
		x := s.vector()
		PREFETCHT0(Mem{Base: src, Index: at, Scale: 1, Disp: 2048})
		s.load(Mem{Base: src, Index: at, Scale: 1}, m, x)
		VANDPS(magnitude, x, x)
		VPMAXUD(x, most, most)
	})
	largest := s.across(most, func(a, b, to Op) { VPMAXUD(a, b, to) })

	steps, scale, inverse, finite := XMM(), XMM(), XMM(), XMM()
	VMOVSS(s.memory(127), steps)
	VDIVSS(steps, largest, scale)
	VDIVSS(largest, steps, inverse)
	VCMPSS(Imm(2), s.memory(math.MaxFloat32), inverse, finite) // at most; false for a NaN
	VANDPS(finite, inverse, inverse)
	VMOVSS(scale, Mem{Base: parameter("scale")})
	// A denormal number rounds to zero, unless all of the row are next to that: only then it is multiplied as what it is.
	flush, restore := denormals()
	bits, exact := GP32(), label("exact")
	VMOVD(inverse, bits)
	CMPL(bits, U32(math.Float32bits(0x1p125)))
	JAE(LabelRef(exact))
	flush()
	Label(exact)
	factor, flip := s.vector(), XMM()
	VBROADCASTSS(inverse, factor)
	VBROADCASTSS(NewParamAddr("flip", 40), flip)

	vectors := group / s.lanes()
	if pairs {
		vectors = 1
	}
	block := func(masks []mask) {
		var whole [2]reg.VecVirtual
		for i := range vectors {
			whole[i] = s.vector()
			var m *mask
			if masks != nil {
				m = &masks[i]
			}
			s.load(Mem{Base: src, Disp: i * s.bytes()}, m, whole[i])
			VMULPS(factor, whole[i], whole[i])
			VCVTPS2DQ(whole[i], whole[i])
		}
		x := XMM()
		switch high := XMM(); {
		case pairs:
			VEXTRACTI128(Imm(1), whole[0], high)
			VPACKSSDW(high, whole[0].AsX(), x)
		case s.Wide:
			VPMOVSDB(whole[0], x)
		default:
			VPACKSSDW(whole[1], whole[0], whole[0])
			VPERMQ(Imm(0b11_01_10_00), whole[0], whole[0])
			VEXTRACTI128(Imm(1), whole[0], high)
			VPACKSSWB(high, whole[0].AsX(), x)
		}
		VPXOR(flip, x, x)
		VMOVDQU(x, Mem{Base: dst})
	}
	loop, part, done := label("blocks"), label("part"), label("done")
	Label(loop)
	CMPQ(n, count(group))
	JL(LabelRef(part))
	block(nil)
	ADDQ(count(4*group), src)
	ADDQ(stride, dst)
	SUBQ(count(group), n)
	JMP(LabelRef(loop))
	Label(part)
	TESTQ(n, n)
	JZ(LabelRef(done))
	block(s.masks(n, vectors))
	Label(done)
	restore()
	end()
}

// lanesCeiling is ceiling for products of lanes.
func (s ISA) lanesCeiling(name string, multiply multiply) {
	const chains = 12
	TEXT(name+"Ceiling", NOSPLIT, "func(rounds int)")
	Doc(name + "Ceiling multiplies and adds as fast as the machine can: 96 vectors a round.")
	rounds := parameter("rounds")
	acc := make([]reg.VecVirtual, chains)
	for i := range acc {
		acc[i] = s.zeroed()
	}
	x, left, spare := s.zeroed(), s.zeroed(), s.vector()
	loop := label("rounds")
	Label(loop)
	for range 8 {
		for _, a := range acc {
			multiply(x, left, a, spare, false)
		}
	}
	DECQ(rounds)
	JNZ(LabelRef(loop))
	end()
}

// dotPairsBF16 is two products of bfloat16.
func dotPairsBF16(right, left, sum, _ reg.VecVirtual, _ bool) { dotBF16(right, left, sum) }

// bf16 writes the kernels of kernels.BF16 for processors that multiply bfloat16.
func (s ISA) bf16() {
	for rows := 1; rows <= s.Rows; rows++ {
		s.dot("PairsBF16x", "products of two bfloat16", rows, dotPairsBF16)
	}
	s.lanesCeiling("PairsBF16", dotPairsBF16)
	s.settle("SettleFloats", false)
}

// int8 writes the kernels of kernels.Int8.
func (s ISA) int8() {
	for rows := 1; rows <= s.Rows; rows++ {
		s.dot("Bytes", "products of four bytes, those of a without a sign,", rows, s.dotBytes)
	}
	s.lanesCeiling("Bytes", s.dotBytes)
	if !s.Wide {
		for rows := 1; rows <= s.Rows; rows++ {
			s.dot("Pairs", "products of two integers of 16 bits", rows, dotPairs)
		}
		s.lanesCeiling("Pairs", dotPairs)
		s.quantize("QuantizePairs", true)
	}
	s.quantize("QuantizeBytes", false)
	s.settle("Settle", true)
	s.ask()
}
