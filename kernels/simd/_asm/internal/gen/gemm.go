package gen

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// ahead is how many lines of the next panel a block of depth products asks for.
const ahead = 4

// gemm is the matrix kernel for tiles of so many rows: every sum stays in a register from the first product to the last.
func (s ISA) gemm(rows int) {
	TEXT(fmt.Sprintf("Gemm%d", rows), NOSPLIT,
		"func(a, b, c, bias, residual, next *float32, blocks, lda, ldc, ldr, n, accumulate, tiles, asking int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("Gemm%d computes tiles of %d rows and n columns, at most %d, that lie one below the other in c:", rows, rows, columns*s.lanes()),
		"",
		"\tfor tile := range tiles {",
		"\t\tsum := 0",
		"\t\tfor block := range blocks {",
		fmt.Sprintf("\t\t\tfor k := range %d {", depth),
		fmt.Sprintf("\t\t\t\tsum += a[tile*lda+(block*%d+row)*%d+k] * b[(block*%d+k)*%d+column]", rows, depth, depth, columns*s.lanes()),
		"\t\t\t}",
		"\t\t}",
		fmt.Sprintf("\t\tc[(tile*%d+row)*ldc+column] = sum + bias[column] + residual[(tile*%d+row)*ldr+column]", rows, rows),
		"\t}",
		"",
		"accumulate 1 adds what c holds; bias and residual may be nil. next is memory that will be needed soon: the first tile asks for",
		"some of it, and so does each of the next ones, up to asking, for what follows.")
	restore := flushDenormals() // once for all tiles: the processor waits for what is under way at either end
	t := s.tiles(rows)
	tile := label("tile")
	Label(tile)
	acc, spare := s.sums(t)

	next, part := label("next"), label("part")
	if s.Wide { // with AVX-512 a mask costs nothing
		s.finish(t, acc, s.masks(parameter("n"), columns), spare)
	} else {
		CMPQ(parameter("n"), count(columns*s.lanes()))
		JL(LabelRef(part))
		s.finish(t, acc, nil, spare)
	}
	Label(next)
	ADDQ(bytesOf(parameter("lda")), t.a)
	DECQ(t.asking)
	CMOVQLE(parameter("b"), t.next)
	DECQ(t.tiles)
	JNZ(LabelRef(tile))
	restore()
	end()
	if !s.Wide {
		Label(part)
		s.finish(t, acc, s.masks(parameter("n"), columns), spare)
		JMP(LabelRef(next))
	}
}

// tiles is where the matrix kernel stands: its tile's operands, and how many tiles are left.
type tiles struct {
	rows                 int
	a, c, residual, next reg.GPVirtual
	tiles, asking        reg.GPVirtual
}

func (s ISA) tiles(rows int) tiles {
	return tiles{rows, parameter("a"), parameter("c"), parameter("residual"), parameter("next"), parameter("tiles"), parameter("asking")}
}

// sums multiplies and adds up a tile.
func (s ISA) sums(t tiles) (acc [][columns]reg.VecVirtual, spare reg.VecVirtual) {
	acc = make([][columns]reg.VecVirtual, t.rows)
	for r := range acc {
		for j := range columns {
			acc[r][j] = s.zeroed()
		}
	}
	// The tile's memory is needed at the end: it is asked for now, so that the sums do not wait for it.
	askRows := func(from reg.GPVirtual, stride string) {
		step := bytesOf(parameter(stride))
		for r := range t.rows {
			for at := 0; at < columns*s.bytes(); at += 64 {
				PREFETCHT0(Mem{Base: from, Disp: at})
			}
			if r+1 < t.rows {
				ADDQ(step, from)
			}
		}
	}
	askRows(clone(t.c), "ldc")
	none := label("none")
	TESTQ(t.residual, t.residual)
	JZ(LabelRef(none))
	askRows(clone(t.residual), "ldr")
	Label(none)
	var right [columns]reg.VecVirtual
	for j := range columns {
		right[j] = s.vector()
	}
	left := s.vector()
	// Half a block at a time makes half the code at the same speed. From the first half of a block to the second and from there to
	// the next block are different distances, which change places.
	const half = depth / 2
	a, b, blocks := clone(t.a), parameter("b"), parameter("blocks")
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
			PREFETCHT1(Mem{Base: t.next, Disp: 64 * k})
		}
		for r := range t.rows {
			VBROADCASTSS(Mem{Base: a, Disp: 4 * (r*depth + k)}, left)
			for j := range columns {
				VFMADD231PS(right[j], left, acc[r][j])
			}
		}
	}
	ADDQ(distance, a)
	NEGQ(distance)
	ADDQ(count(4*depth*t.rows), distance)
	ADDQ(count(half*columns*s.bytes()), b)
	ADDQ(count(64*ahead/2), t.next)
	DECQ(blocks)
	JNZ(LabelRef(loop))
	return acc, left
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

// finish adds what belongs to the sums of a tile, stores them, and goes on to the rows below.
func (s ISA) finish(t tiles, acc [][columns]reg.VecVirtual, masks []mask, spare reg.VecVirtual) {
	masked := func(j int) *mask {
		if masks == nil {
			return nil
		}
		return &masks[j]
	}
	addRows := func(from, stride reg.GPVirtual) {
		for r := range acc {
			for j := range columns {
				s.addMemory(Mem{Base: from, Disp: j * s.bytes()}, masked(j), acc[r][j], spare)
			}
			ADDQ(stride, from)
		}
	}
	ldc := bytesOf(parameter("ldc"))
	fresh := label("fresh")
	accumulate := parameter("accumulate")
	TESTQ(accumulate, accumulate)
	JZ(LabelRef(fresh))
	addRows(clone(t.c), ldc)
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
	TESTQ(t.residual, t.residual)
	JZ(LabelRef(alone))
	addRows(t.residual, bytesOf(parameter("ldr")))
	Label(alone)

	for r := range acc {
		for j := range columns {
			s.store(acc[r][j], masked(j), Mem{Base: t.c, Disp: j * s.bytes()})
		}
		ADDQ(ldc, t.c)
	}
}
