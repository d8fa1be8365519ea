//go:build (!amd64 && !arm64) || purego

package simd

// assembled are the levels in assembly: none here.
func assembled() []*level { return nil }
