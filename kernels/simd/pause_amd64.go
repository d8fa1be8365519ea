//go:build !purego

package simd

// pause tells the core that it spins, so that it leaves the other thread of the core alone.
func pause()
