// Package wasmsimd runs programs on the CPU of a browser, or of Node, in WebAssembly's vectors and on several threads.
//
// Go's own wasm has neither vectors nor threads. So the kernels are a second, small module (internal/emit writes it) with a memory of its own:
// weights and values live there, as they do on a GPU. A program is a list of steps in that memory, and a Run is one call, or a few
// for a long one, that replays it.
//
//	browser.go       the module in a browser or in Node, and its threads
//	thread.js        what a thread runs
//	memory.go        the module's memory
//	weight.go        weights, packed
//	program.go       steps; rows.go, product.go, convolution.go encode them
//	internal/layout  what device and module agree on
//	internal/emit    the kernels
//	../../internal/wasm  the assembler that they are written with
//
// # Why is the module not written in C or Rust?
//
// A kernel lives from keeping its sums in registers, and an assembler of a few hundred lines gives that without a toolchain that everybody
// who builds goclip would need. `go generate` writes the same bytes everywhere.
//
// # How do threads meet?
//
// Every thread is a worker with an instance of the module on the same memory. A step has units, which are drawn by adding 1 to a number
// whose upper half is the step's address: whoever draws late gets a unit of the step that is current by then. The thread that runs the
// program waits until all units are done, not until all threads have come: so a thread that is late, or never comes, costs time only. Threads
// spin during a run, since steps take microseconds and waking takes longer, sleep where that lasts, and park after the run.
//
// # Why are there two modules?
//
// Relaxed SIMD has fused multiplication and addition, and dot products of bytes. It is newer than SIMD128, which all supported
// browsers have. What bytes beyond 127 count as there is up to the processor: the device asks it once, and takes the
// exact products of 16-bit integers where it cannot use it.
package wasmsimd

import "github.com/goclip/goclip/kernels"

// The levels.
const (
	Plain   = "simd128"
	Relaxed = "relaxed"
)

// Options choose how a device computes.
type Options struct {
	// Precision of the matrices: F32 or Int8.
	Precision kernels.Precision
	// Threads is the number of threads that compute.
	Threads int
	// Level is one of Levels; "" takes the fastest.
	Level string
}
