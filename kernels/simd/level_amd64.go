//go:build !purego

package simd

import (
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
	if cpuid.CPU.Supports(cpuid.AVX2, cpuid.FMA3, cpuid.F16C, cpuid.AVX512F, cpuid.AVX512DQ, cpuid.AVX512BW, cpuid.AVX512VL) {
		list = append(list, &levelAVX512)
	}
	return list
}

// ask is what generated matrix kernels ask for: four lines with each block.
const ask = 4 * 64

var levelAVX2 = level{
	name:    "avx2",
	columns: 16,
	ask:     ask,
	gemm: []func(a, b, c, bias, residual, next *float32, blocks, ldc, ldr, n, accumulate int){
		nil, avx2.Gemm1, avx2.Gemm2, avx2.Gemm3, avx2.Gemm4, avx2.Gemm5, avx2.Gemm6},
	narrow: avx2.Narrow, widen: avx2.Widen,
	activations: [...]func(dst *float32, ldd int, src *float32, lds, rows, n int){
		kernels.Identity: avx2.Copy, kernels.ReLU: avx2.ReLU, kernels.GELU: avx2.GELU, kernels.GELUTanh: avx2.GELUTanh,
		kernels.QuickGELU: avx2.QuickGELU, kernels.SiLU: avx2.SiLU, kernels.Sigmoid: avx2.Sigmoid},
	add: avx2.Add, mul: avx2.Mul, layerNorm: avx2.LayerNorm, normalize: avx2.Normalize, mean: avx2.Mean,
	rotate: avx2.Rotate, softmax: avx2.Softmax, packRow: avx2.PackRow, transpose8: avx2.Transpose8,
	depthwise: avx2.Depthwise, ceiling: avx2.Ceiling, operations: 2 * 96 * 8,
}

var levelAVX512 = level{
	name:    "avx512",
	columns: 32,
	ask:     ask,
	gemm: []func(a, b, c, bias, residual, next *float32, blocks, ldc, ldr, n, accumulate int){
		nil, avx512.Gemm1, avx512.Gemm2, avx512.Gemm3, avx512.Gemm4, avx512.Gemm5, avx512.Gemm6, avx512.Gemm7, avx512.Gemm8,
		avx512.Gemm9, avx512.Gemm10, avx512.Gemm11, avx512.Gemm12, avx512.Gemm13, avx512.Gemm14},
	narrow: avx512.Narrow, widen: avx512.Widen,
	activations: [...]func(dst *float32, ldd int, src *float32, lds, rows, n int){
		kernels.Identity: avx512.Copy, kernels.ReLU: avx512.ReLU, kernels.GELU: avx512.GELU, kernels.GELUTanh: avx512.GELUTanh,
		kernels.QuickGELU: avx512.QuickGELU, kernels.SiLU: avx512.SiLU, kernels.Sigmoid: avx512.Sigmoid},
	add: avx512.Add, mul: avx512.Mul, layerNorm: avx512.LayerNorm, normalize: avx512.Normalize, mean: avx512.Mean,
	rotate: avx512.Rotate, softmax: avx512.Softmax, packRow: avx512.PackRow, transpose8: avx512.Transpose8,
	depthwise: avx512.Depthwise, ceiling: avx512.Ceiling, operations: 2 * 96 * 16,
}
