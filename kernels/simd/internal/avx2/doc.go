// Package avx2 has the kernels of package simd for AVX2 and FMA, in vectors of 8. They are generated: see _asm.
package avx2
