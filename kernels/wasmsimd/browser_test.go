//go:build js && wasm

package wasmsimd

import (
	_ "embed"
	"fmt"
	"syscall/js"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/kerneltest"
)

//go:embed thread.js
var threadScript string

// startThread starts a worker of the browser or of Node.
func startThread() (worker js.Value, err error) {
	defer caught(&err)
	if process := js.Global().Get("process"); process.Truthy() && process.Get("getBuiltinModule").Truthy() {
		class := process.Call("getBuiltinModule", "node:worker_threads").Get("Worker")
		return class.New(threadScript, map[string]any{"eval": true}), nil
	}
	blob := js.Global().Get("Blob").New([]any{threadScript})
	return js.Global().Get("Worker").New(js.Global().Get("URL").Call("createObjectURL", blob)), nil
}

func TestDevice(t *testing.T) {
	for _, level := range Levels() {
		for _, precision := range []kernels.Precision{kernels.F32, kernels.Int8} {
			for _, threads := range []int{1, 3} {
				t.Run(fmt.Sprintf("%s, %s, %d threads", level, precision, threads), func(t *testing.T) {
					d, err := Open(Options{Precision: precision, Level: level, Threads: threads}, startThread)
					require.NoError(t, err)
					if canShare() {
						require.Equal(t, threads, d.Threads())
					}
					// syscall/js allocates for every call.
					kerneltest.RunAllocating(t, d, 50)
				})
			}
		}
	}
}
