package preprocess

//go:generate go run -C _asm ./internal/avx2 -pkg avx2 -out ../internal/avx2/kernels_amd64.s -stubs ../internal/avx2/kernels_amd64.go
//go:generate go run ./internal/lanes/emit -out internal/lanes/pictures.wasm
