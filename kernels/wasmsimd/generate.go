package wasmsimd

//go:generate go run ./internal/emit -out .
