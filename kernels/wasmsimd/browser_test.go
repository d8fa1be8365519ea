//go:build js && wasm

package wasmsimd

import (
	_ "embed"
	"errors"
	"fmt"
	"syscall/js"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/kerneltest"
	"github.com/goclip/goclip/kernels/wasmsimd/internal/layout"
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
					t.Run("activations", func(t *testing.T) { testActivations(t, d) })
					// syscall/js allocates for every call.
					kerneltest.RunAllocating(t, d, 50)
				})
			}
		}
	}
}

// A thread that fails takes the device with it; threads that do not come do not.
func TestFailingThreads(t *testing.T) {
	if !canShare() {
		t.Skip("memory cannot be shared here")
	}
	run := func(d *Device) error {
		g := kernels.NewGraph()
		p, err := kernels.Compile(d, g, g.Act(g.Floats(64, 1024), kernels.GELU))
		require.NoError(t, err)
		in, out := make([]float32, 64*1024), make([]float32, 64*1024)
		return p.Run(t.Context(), kernels.Inputs{Floats: [][]float32{in}}, [][]float32{out})
	}
	d, err := Open(Options{Threads: 2}, startThread)
	require.NoError(t, err)
	require.NoError(t, run(d))
	js.Global().Get("Int32Array").New(d.host.(*browserHost).memory.Get("buffer")).SetIndex(layout.Abort/4, 1)
	require.ErrorIs(t, run(d), kernels.ErrDeviceLost)
	require.NoError(t, d.Close())

	d, err = Open(Options{Threads: 3}, func() (js.Value, error) { return js.Null(), errors.New("no") })
	require.NoError(t, err)
	require.Equal(t, 1, d.Threads())
	require.Contains(t, d.Reason(), "of 3 threads 1 came up")
	require.NoError(t, run(d))
	require.NoError(t, d.Close())

	broken := threadScript
	defer func() { threadScript = broken }()
	threadScript = "throw new Error('a script that fails')"
	d, err = Open(Options{Threads: 2}, startThread)
	require.NoError(t, err)
	require.Equal(t, 1, d.Threads())
	require.NoError(t, run(d))
	require.NoError(t, d.Close())
}

// BenchmarkBlock computes a block of a transformer as wide as ViT-B/32's for a single picture.
func BenchmarkBlock(b *testing.B) {
	const tokens, width, heads = 50, 768, 12
	for _, level := range Levels() {
		for _, precision := range []kernels.Precision{kernels.F32, kernels.Int8} {
			for _, threads := range []int{1, 2} {
				b.Run(fmt.Sprintf("%s/%s/%d", level, precision, threads), func(b *testing.B) {
					d, err := Open(Options{Precision: precision, Level: level, Threads: threads}, startThread)
					require.NoError(b, err)
					defer d.Close()
					load := func(role kernels.Role, shape ...int) kernels.Weight {
						values := make([]float32, kernels.Shape(shape).Elements())
						for i := range values {
							values[i] = float32(i%17-8) / 256
						}
						w, err := d.Load(kernels.WeightSpec{Name: "bench", Role: role, Shape: shape, Values: values, Bias: make([]float32, shape[0])})
						require.NoError(b, err)
						return w
					}
					g := kernels.NewGraph()
					x := g.Floats(1, tokens, width)
					qkv := g.Split(g.Linear(g.LayerNorm(x, load(kernels.Vector, width), 1e-5), load(kernels.Matrix, 3*width, width)), 3)
					x = g.Add(x, g.Linear(g.Attention(qkv[0], qkv[1], qkv[2], heads, false), load(kernels.Matrix, width, width)))
					h := g.Act(g.Linear(g.LayerNorm(x, load(kernels.Vector, width), 1e-5), load(kernels.Matrix, 4*width, width)), kernels.QuickGELU)
					p, err := kernels.Compile(d, g, g.Add(x, g.Linear(h, load(kernels.Matrix, width, 4*width))))
					require.NoError(b, err)
					in := make([]float32, tokens*width)
					for i := range in {
						in[i] = float32(i%23-11) / 8
					}
					out := make([]float32, len(in))
					best := time.Hour // of all rounds: others use the machine, too
					for b.Loop() {
						start := time.Now()
						require.NoError(b, p.Run(b.Context(), kernels.Inputs{Floats: [][]float32{in}}, [][]float32{out}))
						best = min(best, time.Since(start))
					}
					const operations = 2 * (tokens*12*width*width + 2*tokens*tokens*width)
					b.ReportMetric(operations/best.Seconds()/1e9, "best-Gop/s")
				})
			}
		}
	}
}
