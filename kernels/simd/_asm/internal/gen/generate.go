package gen

import (
	"github.com/goclip/goclip/kernels/simd/_asm/internal/approx"
	. "github.com/mmcloughlin/avo/build"
)

// Write makes all kernels of an instruction set, to the files that avo's flags name.
func Write(s ISA) {
	ConstraintExpr("amd64,!purego")
	for rows := 1; rows <= s.Rows; rows++ {
		s.gemm(rows)
	}
	s.copyRows()
	s.relu()
	for _, a := range approx.Activations {
		s.activate(a)
	}
	s.zip("Add", "+", VADDPS)
	s.zip("Mul", "*", VMULPS)
	s.layerNorm()
	s.normalize()
	s.mean()
	s.rotate()
	s.softmax()
	s.packRow()
	s.narrow()
	s.widenAll()
	s.transpose()
	s.depthwise()
	s.ceiling()
	s.int8()
	Generate()
}
