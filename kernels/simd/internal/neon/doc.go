// Package neon has kernels of package simd for arm64, whose processors all have vectors of 4: the products and what has
// exponentials. For the rest generic serves. The assembly is generated: see _asm.
package neon
