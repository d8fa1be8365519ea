//go:build js && wasm

package main

import (
	"errors"
	"syscall/js"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/wasmsimd"
)

// mostThreads is how many threads are started unasked. More share the memory of the machine, and rarely help.
const mostThreads = 8

// deviceOptions choose what computes.
type deviceOptions struct {
	device string // onAuto, onWasm or onWebGPU
	wasmsimd.Options
	thread js.Value // function that starts a thread, if given
}

// readDevice checks the options of load that are about the device.
func readDevice(v js.Value) (deviceOptions, error) {
	var o deviceOptions
	switch o.device = text(v.Get("device"), onAuto); o.device {
	case onAuto, onWasm, onWebGPU:
	default:
		return o, failuref(codeArgument, `load: there is no device %q: use "auto", "webgpu" or "wasm"`, o.device)
	}
	if precision := text(v.Get("precision"), "auto"); precision != "auto" {
		var err error
		if o.Precision, err = kernels.PrecisionOf(precision); err != nil {
			return o, failuref(codeArgument, `load: there is no precision %q: use "auto", "f32", "f16", "bf16" or "int8"`, precision)
		}
	}
	o.Threads = min(mostThreads, cores())
	if threads := v.Get("threads"); given(threads) {
		n, ok := whole(threads)
		if !ok || n < 0 {
			return o, failuref(codeArgument, "load: threads must be a whole number, 0 for as many as are useful")
		}
		if n > 0 {
			o.Threads = n
		}
	}
	if o.Level = text(v.Get("level"), ""); o.Level != "" && o.Level != wasmsimd.Plain && o.Level != wasmsimd.Relaxed {
		return o, failuref(codeArgument, "load: there is no level %q: use %q or %q", o.Level, wasmsimd.Plain, wasmsimd.Relaxed)
	}
	if o.thread = v.Get("thread"); given(o.thread) && o.thread.Type() != js.TypeFunction {
		return o, failuref(codeArgument, "load: thread must be a function that starts a worker")
	}
	return o, nil
}

// cores is how many threads the machine says it runs at once.
func cores() int {
	if navigator := js.Global().Get("navigator"); navigator.Truthy() {
		if n, ok := whole(navigator.Get("hardwareConcurrency")); ok {
			return max(1, n)
		}
	}
	process := js.Global().Get("process") // Node 20 has no navigator
	if process.Truthy() && process.Get("getBuiltinModule").Type() == js.TypeFunction {
		return process.Call("getBuiltinModule", "node:os").Call("availableParallelism").Int()
	}
	return 1
}

// openCPU starts the device of the processor.
func (o deviceOptions) openCPU() (*wasmsimd.Device, error) {
	var start func() (js.Value, error)
	if given(o.thread) {
		start = func() (worker js.Value, err error) {
			defer func() {
				if thrown, ok := recover().(js.Error); ok {
					err = thrown
				}
			}()
			return o.thread.Invoke(), nil
		}
	}
	device, err := wasmsimd.Open(o.Options, start)
	if errors.Is(err, wasmsimd.ErrNoVectors) {
		return nil, &failure{codeUnsupported, err}
	}
	return device, err
}
