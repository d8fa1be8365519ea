package simd

//go:generate go run -C _asm ./internal/avx2 -pkg avx2 -out ../internal/avx2/kernels_amd64.s -stubs ../internal/avx2/kernels_amd64.go
//go:generate go run -C _asm ./internal/avx512 -pkg avx512 -out ../internal/avx512/kernels_amd64.s -stubs ../internal/avx512/kernels_amd64.go
//go:generate go run -C _asm ./internal/neon -out ../internal/neon/kernels_arm64.s -stubs ../internal/neon/kernels_arm64.go
