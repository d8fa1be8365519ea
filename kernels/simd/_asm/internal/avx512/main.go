// Command avx512 writes the kernels of package simd/internal/avx512.
package main

import "github.com/goclip/goclip/kernels/simd/_asm/internal/gen"

func main() { gen.Write(gen.ISA{Wide: true, Rows: 14}) }
