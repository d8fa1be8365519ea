// Package lanes has the inner loops of decoding and resizing in the vector instructions of the processor: package avx2 on amd64, and a
// WebAssembly module with SIMD128 in browsers and Node. What each function computes is written at package avx2.
package lanes
