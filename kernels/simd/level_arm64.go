//go:build !purego

package simd

import (
	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/simd/internal/generic"
	"github.com/goclip/goclip/kernels/simd/internal/neon"
	"github.com/klauspost/cpuid/v2"
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
	l.forms[kernels.F32] = l.floats()
	l.forms[kernels.F16] = l.halves(kernels.F16, neon.Narrow, neon.Widen)
	l.forms[kernels.BF16] = l.halves(kernels.BF16, generic.NarrowBFloat16, neon.WidenBF16).rounding(generic.PackBFloat16)
	l.forms[kernels.Int8] = baseBytesNEON
	if cpuid.CPU.Supports(cpuid.ASIMDDP) {
		l.forms[kernels.Int8] = bytesNEON
	}
	return l
}()

// bytesNEON multiplies bytes where a processor has the instructions for that (FEAT_DotProd).
var bytesNEON = form{precision: kernels.Int8, columns: neon.Columns, values: 4, depth: laneDepth, stored: 4,
	pack: neon.QuantizeBytes, row: neon.QuantizeBytes,
	dot: []func(a, b, sums, start, next *float32, blocks int){
		nil, neon.Bytes1, neon.Bytes2, neon.Bytes3, neon.Bytes4, neon.Bytes5, neon.Bytes6, neon.Bytes7, neon.Bytes8},
	settle: neon.Settle, ceiling: neon.BytesCeiling, operations: 2 * 96 * 4 * 4}

// baseBytesNEON does so with instructions that all have, at about float32's rate: what it saves is memory.
var baseBytesNEON = func() form {
	f := bytesNEON
	f.dot = []func(a, b, sums, start, next *float32, blocks int){nil, neon.BaseBytes1, neon.BaseBytes2, neon.BaseBytes3, neon.BaseBytes4}
	f.ceiling, f.operations = neon.Ceiling, 2*96*4
	return f
}()
