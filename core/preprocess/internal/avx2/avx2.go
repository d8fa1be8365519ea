// Package avx2 holds the inner loops of decoding and resizing for amd64 processors with AVX2. Each computes what the loop in
// its documentation computes, to the last bit. The assembly is generated: see core/preprocess/_asm.
package avx2
