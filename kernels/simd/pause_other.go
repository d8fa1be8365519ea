//go:build !amd64 || purego

package simd

func pause() {}
