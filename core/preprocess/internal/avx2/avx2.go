// Package avx2 holds the inner loops of decoding and resizing for amd64 processors with AVX2 and BMI2. Each computes what the
// loop in its documentation computes, to the last bit. The assembly is generated: see core/preprocess/_asm.
package avx2

//go:generate go run -C ../../_asm/internal/avx2 . -pkg avx2 -out ../../../internal/avx2/kernels_amd64.s -stubs ../../../internal/avx2/kernels_amd64.go
