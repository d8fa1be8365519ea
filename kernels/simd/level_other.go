//go:build !amd64 || purego

package simd

// assembled are the levels in assembly: none here.
func assembled() []*level { return nil }
