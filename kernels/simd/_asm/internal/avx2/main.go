// Command avx2 writes the kernels of package simd/internal/avx2.
package main

import "github.com/goclip/goclip/kernels/simd/_asm/internal/gen"

func main() { gen.Write(gen.ISA{Wide: false, Rows: 6}) }
