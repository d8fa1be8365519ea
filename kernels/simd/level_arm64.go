//go:build !purego

package simd

import (
	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/simd/internal/neon"
)

// assembled is the level in assembly that every arm64 processor has.
func assembled() []*level { return []*level{&levelNEON} }

var levelNEON = func() level {
	l := portable
	l.name, l.columns, l.gemm = "neon", neon.Columns, l.gemm[:1:1]
	for rows := 1; rows <= neon.Rows; rows++ {
		l.gemm = append(l.gemm, neon.Gemm(rows))
	}
	l.activations = [...]func(dst *float32, ldd int, src *float32, lds, rows, n int){
		kernels.Identity: neon.Copy, kernels.ReLU: neon.ReLU, kernels.GELU: neon.GELU, kernels.GELUTanh: neon.GELUTanh,
		kernels.QuickGELU: neon.QuickGELU, kernels.SiLU: neon.SiLU, kernels.Sigmoid: neon.Sigmoid}
	l.add, l.mul, l.softmax = neon.Add, neon.Mul, neon.Softmax
	l.ceiling, l.operations = neon.Ceiling, 2*96*4
	return l
}()
