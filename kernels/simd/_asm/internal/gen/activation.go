package gen

import (
	"github.com/goclip/goclip/kernels/simd/_asm/internal/approx"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// exponent is what computes 2^y: the constants in registers or memory.
type exponent struct {
	poly          []Op
	one           reg.VecVirtual
	lowest, bound Op // y is kept in this range, so that results stay normal numbers
}

func (s ISA) exponent(registers int, lowest float32) exponent {
	e := exponent{one: s.constant(1)}
	list := s.constants(registers, append(approx.Exp2[:len(approx.Exp2):len(approx.Exp2)], lowest, 126)...)
	e.poly, e.lowest, e.bound = list[:len(approx.Exp2)], list[len(approx.Exp2)], list[len(approx.Exp2)+1]
	return e
}

// exp2 turns y into 2^y. A NaN stays: the second operand of MIN and MAX wins then.
func (s ISA) exp2(y reg.VecVirtual, e exponent) {
	n, p := s.vector(), s.vector()
	s.clamp(y, e.lowest, e.bound)
	if s.Wide {
		VRNDSCALEPS(Imm(0), y, n)
	} else {
		VROUNDPS(Imm(0), y, n)
	}
	VSUBPS(n, y, y)
	last := len(e.poly) - 1
	VMOVUPS(e.poly[last], p)
	for i := last - 1; i >= 0; i-- {
		VFMADD213PS(e.poly[i], y, p)
	}
	VFMADD213PS(e.one, p, y)
	if s.Wide {
		VSCALEFPS(n, y, y)
	} else {
		VCVTPS2DQ(n, n)
		VPSLLD(Imm(23), n, n)
		VPADDD(n, y, y)
	}
}

// clamp keeps y in range; a limit may be in memory, so that it is the first operand of the instruction.
func (s ISA) clamp(y reg.VecVirtual, low, high Op) {
	for _, limit := range []struct {
		op   Op
		join func(a, b, to Op)
	}{{high, func(a, b, to Op) { VMINPS(a, b, to) }}, {low, maxTo}} {
		r, ok := limit.op.(reg.VecVirtual)
		if !ok {
			r = s.vector()
			VMOVUPS(limit.op, r)
		}
		limit.join(y, r, y)
	}
}

// sigmoid turns y, which is -x·log₂e, into 1/(1 + 2^y).
func (s ISA) sigmoid(y reg.VecVirtual, e exponent) {
	s.exp2(y, e)
	VADDPS(e.one, y, y)
	s.reciprocal(y, e.one)
}

// reciprocal refines the machine's estimate with Newton steps to float32's precision; y is a normal number below 2^127.
func (s ISA) reciprocal(y, one reg.VecVirtual) {
	r, t := s.vector(), s.vector()
	if s.Wide {
		VRCP14PS(y, r)
	} else {
		VRCPPS(y, r)
	}
	// r += r(1 - yr)
	VMOVAPS(one, t)
	VFNMADD231PS(y, r, t)
	VFMADD213PS(r, r, t)
	VMOVAPS(t, y)
}

func (s ISA) activate(a approx.Activation) {
	s.activationRows(a.Name, a.Doc, func() func(x reg.VecVirtual) {
		e := s.exponent(4, -126)
		odd := s.constants(1, a.Scaled()...)
		var largest Op
		if a.Largest > 0 {
			largest = s.constants(0, a.Largest)[0]
		}
		return func(x reg.VecVirtual) {
			y := s.vector()
			if len(odd) == 1 {
				VMULPS(odd[0], x, y)
			} else {
				square := s.vector()
				VMULPS(x, x, square)
				if largest != nil {
					VMINPS(largest, square, square)
				}
				last := len(odd) - 1
				VMOVUPS(odd[last], y)
				for i := last - 1; i >= 0; i-- {
					VFMADD213PS(odd[i], square, y)
				}
				VMULPS(x, y, y)
			}
			s.sigmoid(y, e)
			if a.Gate {
				VMOVAPS(y, x)
			} else {
				VMULPS(y, x, x)
			}
		}
	})
}

// copyRows is the activation that changes nothing.
func (s ISA) copyRows() {
	s.activationRows("Copy", "nothing", func() func(x reg.VecVirtual) { return func(reg.VecVirtual) {} })
}

// ReLU lets a NaN pass, as the other activations do.
func (s ISA) relu() {
	s.activationRows("ReLU", "max(x, 0)", func() func(x reg.VecVirtual) {
		none := s.zeroed()
		return func(x reg.VecVirtual) { VMAXPS(x, none, x) }
	})
}

// activationRows is a function over rows of values with strides.
func (s ISA) activationRows(name, doc string, prepare func() func(x reg.VecVirtual)) {
	TEXT(name, NOSPLIT, "func(dst *float32, ldd int, src *float32, lds, rows, n int)")
	Pragma("noescape")
	Doc(name+" applies "+doc+" to n values of every row:", "", "\tdst[row*ldd+i] = f(src[row*lds+i])")
	dst, ldd, src, lds := parameter("dst"), bytesOf(parameter("ldd")), parameter("src"), bytesOf(parameter("lds"))
	rows, n := parameter("rows"), parameter("n")
	f := prepare()
	loop := label("rows")
	Label(loop)
	at := zero64()
	s.eachVector(clone(n), at, func(m *mask) {
		x := s.vector()
		s.load(Mem{Base: src, Index: at, Scale: 1}, m, x)
		f(x)
		s.store(x, m, Mem{Base: dst, Index: at, Scale: 1})
	})
	ADDQ(ldd, dst)
	ADDQ(lds, src)
	DECQ(rows)
	JNZ(LabelRef(loop))
	end()
}
