//go:build !linux

package simd

func hugePages([]float32) {}
