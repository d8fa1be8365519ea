//go:build js && wasm

package main

import (
	"runtime/debug"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/webgpu"
)

// largestModel is how much memory the weights and the buffers of a model may take: what 32 bits address.
const largestModel = 4 << 30

// programBytes is what the program itself has in its memory, pictures that it decodes left out.
const programBytes = 40 << 20

// frugal makes the garbage collector keep the program's memory small while a model is loaded: a browser gets nothing of it back. What it
// returns ends that.
func frugal(n core.Need) func() {
	limit := debug.SetMemoryLimit(n.LoadingBytes + programBytes)
	percent := debug.SetGCPercent(25)
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
}

// admit refuses a model before its weights are fetched if the device cannot hold them. A GPU has memory of its own, of which
// browsers do not tell the size.
func (e *engine) admit(n core.Need) error {
	if _, ok := e.device().(*webgpu.Device); ok {
		return nil
	}
	bytes := n.WeightBytes + n.ProgramBytes
	choose := `load one tower (towers: "image" or "text"), or a smaller model`
	if e.options.Precision == kernels.Int8 {
		bytes -= n.MatrixBytes / 4 * 3
	} else if bytes-n.MatrixBytes/4*3 <= largestModel {
		choose = `load it with precision: "int8", or ` + choose
	}
	if bytes <= largestModel {
		return nil
	}
	return failuref(codeTooLarge, "the model needs %.1f GB, and a program in a browser has at most %.1f: %s", float64(bytes)/1e9,
		float64(largestModel)/1e9, choose)
}
