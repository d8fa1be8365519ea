//go:build !purego

package simd

import (
	"unsafe"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/simd/internal/avx2"
	"github.com/goclip/goclip/kernels/simd/internal/avx512"
	"github.com/klauspost/cpuid/v2"
)

// assembled are the levels in assembly that this machine has, the fastest last.
func assembled() []*level {
	var list []*level
	if cpuid.CPU.Supports(cpuid.AVX2, cpuid.FMA3, cpuid.F16C) {
		list = append(list, &levelAVX2)
	}
	if cpuid.CPU.Supports(cpuid.AVX2, cpuid.FMA3, cpuid.F16C, cpuid.AVXVNNI) {
		list = append(list, &levelVNNI)
	}
	if cpuid.CPU.Supports(cpuid.AVX2, cpuid.FMA3, cpuid.F16C, cpuid.AVX512F, cpuid.AVX512DQ, cpuid.AVX512BW, cpuid.AVX512VL) {
		list = append(list, &levelAVX512)
	}
	return list
}

// ask is what generated matrix kernels ask for: four lines with each block.
const ask = 4 * 64

var levelAVX2 = func() level {
	l := level{
		name:    "avx2",
		columns: 16,
		ask:     ask,
		gemm: []matrixKernel{
			nil, avx2.Gemm1, avx2.Gemm2, avx2.Gemm3, avx2.Gemm4, avx2.Gemm5, avx2.Gemm6},
		activations: [...]func(dst *float32, ldd int, src *float32, lds, rows, n int){
			kernels.Identity: avx2.Copy, kernels.ReLU: avx2.ReLU, kernels.GELU: avx2.GELU, kernels.GELUTanh: avx2.GELUTanh,
			kernels.QuickGELU: avx2.QuickGELU, kernels.SiLU: avx2.SiLU, kernels.Sigmoid: avx2.Sigmoid},
		add: avx2.Add, mul: avx2.Mul, layerNorm: avx2.LayerNorm, normalize: avx2.Normalize, mean: avx2.Mean,
		rotate: avx2.Rotate, softmax: avx2.Softmax, packRow: avx2.PackRow, transpose8: avx2.Transpose8,
		depthwise: avx2.Depthwise, ceiling: avx2.Ceiling, operations: 2 * 96 * 8,
	}
	l.forms[kernels.F32] = l.floats()
	l.forms[kernels.F16] = l.halves(kernels.F16, avx2.Narrow, avx2.Widen)
	l.forms[kernels.BF16] = l.halves(kernels.BF16, narrowBF16, avx2.WidenBF16).rounding(avx2.PackBF16)
	l.forms[kernels.Int8] = pairsAVX2
	return l
}()

// levelVNNI is AVX2 with products of bytes.
var levelVNNI = func() level {
	l := levelAVX2
	l.name = "vnni"
	l.forms[kernels.Int8] = bytesAVX2
	return l
}()

var pairsAVX2 = form{precision: kernels.Int8, columns: 16, values: 2, depth: laneDepth, stored: 2, ask: ask / 2,
	pack: signed(avx2.QuantizePairs), row: signed(avx2.QuantizePairs), narrow: narrowPairs, widen: avx2.WidenPairs,
	dot: []func(a, b, sums, start, next *float32, blocks int){
		nil, avx2.Pairs1, avx2.Pairs2, avx2.Pairs3, avx2.Pairs4, avx2.Pairs5, avx2.Pairs6},
	settle: avx2.Settle, prefetch: avx2.Ask, ceiling: avx2.PairsCeiling, operations: 2 * 96 * 8 * 2}

var bytesAVX2 = form{precision: kernels.Int8, columns: 16, values: 4, depth: laneDepth, stored: 4, ask: ask / 2, offset: 128,
	pack: unsigned(avx2.QuantizeBytes), row: signed(avx2.QuantizeBytes),
	dot: []func(a, b, sums, start, next *float32, blocks int){
		nil, avx2.Bytes1, avx2.Bytes2, avx2.Bytes3, avx2.Bytes4, avx2.Bytes5, avx2.Bytes6},
	settle: avx2.Settle, prefetch: avx2.Ask, ceiling: avx2.BytesCeiling, operations: 2 * 96 * 8 * 4}

// narrowBF16 rounds 8*blocks values to bfloat16.
func narrowBF16(dst *uint16, src *float32, blocks int) {
	avx2.PackPairsBF16((*float32)(unsafe.Pointer(dst)), src, 4, 8*blocks)
}

var levelAVX512 = func() level {
	l := level{
		name:    "avx512",
		columns: 32,
		ask:     ask,
		gemm: []matrixKernel{
			nil, avx512.Gemm1, avx512.Gemm2, avx512.Gemm3, avx512.Gemm4, avx512.Gemm5, avx512.Gemm6, avx512.Gemm7, avx512.Gemm8,
			avx512.Gemm9, avx512.Gemm10, avx512.Gemm11, avx512.Gemm12, avx512.Gemm13, avx512.Gemm14},
		activations: [...]func(dst *float32, ldd int, src *float32, lds, rows, n int){
			kernels.Identity: avx512.Copy, kernels.ReLU: avx512.ReLU, kernels.GELU: avx512.GELU, kernels.GELUTanh: avx512.GELUTanh,
			kernels.QuickGELU: avx512.QuickGELU, kernels.SiLU: avx512.SiLU, kernels.Sigmoid: avx512.Sigmoid},
		add: avx512.Add, mul: avx512.Mul, layerNorm: avx512.LayerNorm, normalize: avx512.Normalize, mean: avx512.Mean,
		rotate: avx512.Rotate, softmax: avx512.Softmax, packRow: avx512.PackRow, transpose8: avx512.Transpose8,
		depthwise: avx512.Depthwise, ceiling: avx512.Ceiling, operations: 2 * 96 * 16,
	}
	l.forms[kernels.F32] = l.floats()
	l.forms[kernels.F16] = l.halves(kernels.F16, avx512.Narrow, avx512.Widen)
	l.forms[kernels.BF16] = l.halves(kernels.BF16, narrowBF16, avx512.WidenBF16).rounding(avx2.PackBF16)
	l.forms[kernels.Int8] = pairsAVX2
	if cpuid.CPU.Supports(cpuid.AVX512VNNI) {
		l.forms[kernels.Int8] = bytesAVX512
	}
	if cpuid.CPU.Supports(cpuid.AVX512BF16) && cpuid.CPU.VendorID != cpuid.Intel {
		l.forms[kernels.BF16] = pairsBF16
	}
	return l
}()

// pairsBF16 multiplies bfloat16 by AVX512-BF16. AMD documents twice the rate of float32 for that (Zen 4); Intel's processors, which
// have other units for bfloat16, do it at half the rate.
var pairsBF16 = form{precision: kernels.BF16, columns: 32, values: 2, depth: laneDepth, stored: 4, ask: ask / 2,
	pack: packPairsBF16, row: packPairsBF16,
	dot: []func(a, b, sums, start, next *float32, blocks int){
		nil, avx512.PairsBF16x1, avx512.PairsBF16x2, avx512.PairsBF16x3, avx512.PairsBF16x4, avx512.PairsBF16x5, avx512.PairsBF16x6,
		avx512.PairsBF16x7, avx512.PairsBF16x8, avx512.PairsBF16x9, avx512.PairsBF16x10, avx512.PairsBF16x11, avx512.PairsBF16x12,
		avx512.PairsBF16x13, avx512.PairsBF16x14},
	settle: avx512.SettleFloats, prefetch: avx512.Ask, ceiling: avx512.PairsBF16Ceiling, operations: 2 * 96 * 16 * 2}

func packPairsBF16(dst, _, src *float32, stride, n int) { avx2.PackPairsBF16(dst, src, stride, n) }

var bytesAVX512 = form{precision: kernels.Int8, columns: 32, values: 4, depth: laneDepth, stored: 4, ask: ask / 2, offset: 128,
	pack: unsigned(avx512.QuantizeBytes), row: signed(avx512.QuantizeBytes),
	dot: []func(a, b, sums, start, next *float32, blocks int){
		nil, avx512.Bytes1, avx512.Bytes2, avx512.Bytes3, avx512.Bytes4, avx512.Bytes5, avx512.Bytes6, avx512.Bytes7, avx512.Bytes8,
		avx512.Bytes9, avx512.Bytes10, avx512.Bytes11, avx512.Bytes12, avx512.Bytes13, avx512.Bytes14},
	settle: avx512.Settle, prefetch: avx512.Ask, ceiling: avx512.BytesCeiling, operations: 2 * 96 * 16 * 4}
