// Package gen writes the kernels of package simd once for every width of vector. What an instruction set lacks or names
// otherwise is in this file; the kernels themselves read the same for all.
package gen

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// ISA is an instruction set with the tile of its matrix kernel.
type ISA struct {
	Wide bool // AVX-512; otherwise AVX2 with FMA
	Rows int  // the most rows of a tile
}

// columns is how many vectors a tile is wide.
const columns = 2

// depth is how many values of a row lie side by side in a panel of rows.
const depth = 8

// lanes is the number of float32 values in a vector.
func (s ISA) lanes() int {
	if s.Wide {
		return 16
	}
	return 8
}

// bytes is the size of a vector.
func (s ISA) bytes() int { return 4 * s.lanes() }

func (s ISA) vector() reg.VecVirtual {
	if s.Wide {
		return ZMM()
	}
	return YMM()
}

func (s ISA) zero(v reg.VecVirtual) {
	if s.Wide {
		VPXORQ(v, v, v)
	} else {
		VXORPS(v, v, v)
	}
}

func (s ISA) zeroed() reg.VecVirtual {
	v := s.vector()
	s.zero(v)
	return v
}

// mask covers the first lanes of a vector.
type mask struct {
	k reg.OpmaskVirtual // AVX-512
	v reg.VecVirtual    // AVX2
}

// masks covers the first n lanes of so many vectors that follow each other; with AVX-512 n may be all of them, with AVX2 less.
func (s ISA) masks(n reg.GPVirtual, vectors int) []mask {
	list := make([]mask, vectors)
	if s.Wide {
		bits, shift := GP64(), GP64()
		MOVQ(U32(1), bits)
		MOVQ(n, shift)
		SHLXQ(shift, bits, bits)
		DECQ(bits)
		for i := range list {
			list[i].k = K()
			KMOVW(bits.As32(), list[i].k)
			if i+1 < vectors {
				SHRQ(Imm(16), bits)
			}
		}
		return list
	}
	at, table := GP64(), GP64()
	LEAQ(s.maskTable(), table)
	MOVQ(n, at)
	NEGQ(at)
	for i := range list {
		list[i].v = YMM()
		VMOVUPS(Mem{Base: table, Index: at, Scale: 4, Disp: 4 * 8 * (2 + i)}, list[i].v)
	}
	return list
}

// maskTable is 16 lanes of ones, then 16 of zeros: reading it from lane 16-n on gives n lanes of ones.
func (s ISA) maskTable() Mem {
	return table("lanes", 32, func(i int) uint32 {
		if i < 16 {
			return math.MaxUint32
		}
		return 0
	})
}

// load reads a vector, or with a mask its first lanes and zeros behind them.
func (s ISA) load(from Mem, m *mask, to reg.VecVirtual) {
	switch {
	case m == nil:
		VMOVUPS(from, to)
	case s.Wide:
		VMOVUPS_Z(from, m.k, to)
	default:
		VMASKMOVPS(from, m.v, to)
	}
}

// store writes a vector, or with a mask its first lanes.
func (s ISA) store(from reg.VecVirtual, m *mask, to Mem) {
	switch {
	case m == nil:
		VMOVUPS(from, to)
	case s.Wide:
		VMOVUPS(from, m.k, to)
	default:
		VMASKMOVPS(from, m.v, to)
	}
}

// addMemory is to += memory, in the masked lanes only if there is a mask.
func (s ISA) addMemory(from Mem, m *mask, to, spare reg.VecVirtual) {
	switch {
	case m == nil:
		VADDPS(from, to, to)
	case s.Wide:
		VADDPS(from, to, m.k, to)
	default:
		VMASKMOVPS(from, m.v, spare)
		VADDPS(spare, to, to)
	}
}

// keep zeroes the lanes outside the mask.
func (s ISA) keep(v reg.VecVirtual, m *mask) {
	switch {
	case m == nil:
	case s.Wide:
		VMOVAPS_Z(v, m.k, v)
	default:
		VANDPS(v, m.v, v)
	}
}

// low is the lower half of a vector, or the quarter, as a register of its own size.
func (s ISA) halve(v reg.VecVirtual, join func(a, b, to Op)) reg.VecVirtual {
	y := v
	if s.Wide {
		y = YMM()
		VEXTRACTF64X4(Imm(1), v, y)
		join(v.AsY(), y, y)
	}
	x := XMM()
	VEXTRACTF128(Imm(1), y.AsY(), x)
	join(y.AsX(), x, x)
	return x
}

// across joins all lanes of a vector into lane 0 of a register of 128 bits.
func (s ISA) across(v reg.VecVirtual, join func(a, b, to Op)) reg.VecVirtual {
	x := s.halve(v, join)
	t := XMM()
	VPERMILPS(Imm(0b01_00_11_10), x, t)
	join(t, x, x)
	VPERMILPS(Imm(0b10_11_00_01), x, t)
	join(t, x, x)
	return x
}

func addTo(a, b, to Op) { VADDPS(a, b, to) }
func maxTo(a, b, to Op) { VMAXPS(a, b, to) }

// table is read-only data, once in a file.
var tables = map[string]Mem{}

func table(name string, n int, at func(i int) uint32) Mem {
	if m, ok := tables[name]; ok {
		return m
	}
	m := GLOBL(name, RODATA|NOPTR)
	for i := range n {
		DATA(4*i, U32(at(i)))
	}
	tables[name] = m
	return m
}

// memory is a constant in every lane, in memory.
func (s ISA) memory(value float32) Mem {
	bits := math.Float32bits(value)
	return table(fmt.Sprintf("f%08x", bits), s.lanes(), func(int) uint32 { return bits })
}

// constant is a constant in every lane of a register.
func (s ISA) constant(value float32) reg.VecVirtual {
	v := s.vector()
	VBROADCASTSS(table(fmt.Sprintf("f%08x", math.Float32bits(value)), s.lanes(), func(int) uint32 { return math.Float32bits(value) }), v)
	return v
}

// constants is a constant for each value: in registers while they last, which is always with AVX-512, and then in memory.
func (s ISA) constants(registers int, values ...float32) []Op {
	list := make([]Op, len(values))
	for i, v := range values {
		if s.Wide || i < registers {
			list[i] = s.constant(v)
		} else {
			list[i] = s.memory(v)
		}
	}
	return list
}

// Parameters of the function that is being written.
func parameter(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }

// bytesOf turns a count of float32 values into bytes.
func bytesOf(n reg.GPVirtual) reg.GPVirtual {
	SHLQ(Imm(2), n)
	return n
}

// labels are unique in a function.
var labelCount int

func label(name string) string {
	labelCount++
	return fmt.Sprintf("%s%d", name, labelCount)
}

// eachVector runs body for the vectors of n values, at byte offset at; the last, partial one has a mask. n is used up.
func (s ISA) eachVector(n reg.GPVirtual, at reg.GPVirtual, body func(m *mask)) {
	loop, rest, done := label("vectors"), label("rest"), label("done")
	Label(loop)
	CMPQ(n, count(s.lanes()))
	JL(LabelRef(rest))
	body(nil)
	ADDQ(count(s.bytes()), at)
	SUBQ(count(s.lanes()), n)
	JMP(LabelRef(loop))
	Label(rest)
	TESTQ(n, n)
	JZ(LabelRef(done))
	m := s.masks(n, 1)
	body(&m[0])
	Label(done)
}

// count is an immediate operand of 32 bits; the assembler shortens it where it can.
func count(n int) Op { return I32(int32(n)) }

func clone(r reg.GPVirtual) reg.GPVirtual {
	c := GP64()
	MOVQ(r, c)
	return c
}

func zero64() reg.GPVirtual {
	c := GP64()
	XORQ(c, c)
	return c
}

func end() {
	VZEROUPPER()
	RET()
}
