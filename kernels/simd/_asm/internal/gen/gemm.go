package gen

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// ahead is how many lines of the next panel a block of depth products asks for.
const ahead = 4

// gemm is the matrix kernel for a tile of so many rows: every sum stays in a register from the first product to the last.
func (s ISA) gemm(rows int) {
	TEXT(fmt.Sprintf("Gemm%d", rows), NOSPLIT,
		"func(a, b, c, bias, residual, next *float32, blocks, ldc, ldr, n, accumulate int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("Gemm%d computes a tile of %d rows and n columns, at most %d:", rows, rows, columns*s.lanes()),
		"",
		"\tsum := 0",
		"\tfor block := range blocks {",
		fmt.Sprintf("\t\tfor k := range %d {", depth),
		fmt.Sprintf("\t\t\tsum += a[(block*%d+row)*%d+k] * b[(block*%d+k)*%d+column]", rows, depth, depth, columns*s.lanes()),
		"\t\t}",
		"\t}",
		"\tc[row*ldc+column] = sum + bias[column] + residual[row*ldr+column]",
		"",
		"accumulate 1 adds what c holds; bias and residual may be nil; next is memory that will be needed soon.")
	restore := flushDenormals()
	a, b, next, blocks := parameter("a"), parameter("b"), parameter("next"), parameter("blocks")
	acc := make([][columns]reg.VecVirtual, rows)
	for r := range acc {
		for j := range columns {
			acc[r][j] = s.zeroed()
		}
	}
	// The tile's memory is needed at the end: it is asked for now, so that the sums do not wait for it.
	askRows := func(pointer, stride string) {
		from, step := parameter(pointer), bytesOf(parameter(stride))
		for r := range rows {
			for at := 0; at < columns*s.bytes(); at += 64 {
				PREFETCHT0(Mem{Base: from, Disp: at})
			}
			if r+1 < rows {
				ADDQ(step, from)
			}
		}
	}
	askRows("c", "ldc")
	none := label("none")
	residual := parameter("residual")
	TESTQ(residual, residual)
	JZ(LabelRef(none))
	askRows("residual", "ldr")
	Label(none)
	var right [columns]reg.VecVirtual
	for j := range columns {
		right[j] = s.vector()
	}
	left := s.vector()
	// Half a block at a time makes half the code at the same speed. From the first half of a block to the second and from there to
	// the next block are different distances, which change places.
	const half = depth / 2
	SHLQ(Imm(1), blocks)
	distance := GP64()
	MOVQ(U32(4*half), distance)
	loop := label("blocks")
	Label(loop)
	for k := range half {
		for j := range columns {
			VMOVUPS(Mem{Base: b, Disp: (k*columns + j) * s.bytes()}, right[j])
		}
		if k < ahead/2 {
			PREFETCHT1(Mem{Base: next, Disp: 64 * k})
		}
		for r := range rows {
			VBROADCASTSS(Mem{Base: a, Disp: 4 * (r*depth + k)}, left)
			for j := range columns {
				VFMADD231PS(right[j], left, acc[r][j])
			}
		}
	}
	ADDQ(distance, a)
	NEGQ(distance)
	ADDQ(count(4*depth*rows), distance)
	ADDQ(count(half*columns*s.bytes()), b)
	ADDQ(count(64*ahead/2), next)
	DECQ(blocks)
	JNZ(LabelRef(loop))

	n := parameter("n")
	if !s.Wide { // with AVX-512 a mask costs nothing
		part := label("part")
		CMPQ(n, count(columns*s.lanes()))
		JL(LabelRef(part))
		s.finish(acc, nil, left)
		restore()
		end()
		Label(part)
	}
	s.finish(acc, s.masks(n, columns), left)
	restore()
	end()
}

// flushDenormals lets the processor take numbers too small for a full mantissa as zeros: it would need 200 times as long for
// them. The state belongs to the thread, so that the function returned puts it back before Go code runs again.
func flushDenormals() (restore func()) {
	flush, restore := denormals()
	flush()
	return restore
}

// denormals is flushDenormals for code that flushes later, or not at all.
func denormals() (flush, restore func()) {
	const bits = 1<<15 | 1<<6 // results and operands
	was, is, state := AllocLocal(4), AllocLocal(4), GP32()
	STMXCSR(was)
	MOVL(was, state)
	ORL(U32(bits), state)
	MOVL(state, is)
	return func() { LDMXCSR(is) }, func() { LDMXCSR(was) }
}

// finish adds what belongs to the sums and stores them.
func (s ISA) finish(acc [][columns]reg.VecVirtual, masks []mask, spare reg.VecVirtual) {
	masked := func(j int) *mask {
		if masks == nil {
			return nil
		}
		return &masks[j]
	}
	c, ldc := parameter("c"), bytesOf(parameter("ldc"))
	addRows := func(from, stride reg.GPVirtual) {
		for r := range acc {
			for j := range columns {
				s.addMemory(Mem{Base: from, Disp: j * s.bytes()}, masked(j), acc[r][j], spare)
			}
			if r+1 < len(acc) {
				ADDQ(stride, from)
			}
		}
	}
	fresh := label("fresh")
	accumulate := parameter("accumulate")
	TESTQ(accumulate, accumulate)
	JZ(LabelRef(fresh))
	addRows(clone(c), ldc)
	Label(fresh)

	unbiased := label("unbiased")
	bias := parameter("bias")
	TESTQ(bias, bias)
	JZ(LabelRef(unbiased))
	for j := range columns {
		VMOVUPS(Mem{Base: bias, Disp: j * s.bytes()}, spare)
		for r := range acc {
			VADDPS(spare, acc[r][j], acc[r][j])
		}
	}
	Label(unbiased)

	alone := label("alone")
	residual := parameter("residual")
	TESTQ(residual, residual)
	JZ(LabelRef(alone))
	addRows(residual, bytesOf(parameter("ldr")))
	Label(alone)

	for r := range acc {
		for j := range columns {
			s.store(acc[r][j], masked(j), Mem{Base: c, Disp: j * s.bytes()})
		}
		if r+1 < len(acc) {
			ADDQ(ldc, c)
		}
	}
}
