// Package avx512 has the kernels of package simd for AVX-512 (F, DQ, BW, VL), in vectors of 16. They are generated: see _asm.
package avx512
