// Package wasmsimd runs programs on the CPU of a browser, in WebAssembly's vectors.
package wasmsimd

import "github.com/goclip/goclip/kernels"

// Options choose how a device computes.
type Options struct {
	// Precision of the matrices: F32 or Int8.
	Precision kernels.Precision
	// Threads is the number of threads that compute.
	Threads int
}
