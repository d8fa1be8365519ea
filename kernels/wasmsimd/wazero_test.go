//go:build !js

package wasmsimd

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/kerneltest"
)

// memoryModule is a module of a memory, "memory", of one page up to 4 GiB.
const memoryModule = "\x00asm\x01\x00\x00\x00" + "\x05\x06\x01\x01\x01\x80\x80\x04" + "\x07\x0a\x01\x06memory\x02\x00"

// runtimeHost runs a module natively: wazero knows SIMD128, but neither relaxed SIMD nor threads.
type runtimeHost struct {
	runtime wazero.Runtime
	memory  api.Memory
	exports [exportDot8]api.Function
	stack   [16]uint64
}

func newRuntimeHost(t *testing.T) host {
	ctx := context.Background()
	config := wazero.NewRuntimeConfig().WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesThreads)
	h := &runtimeHost{runtime: wazero.NewRuntimeWithConfig(ctx, config)}
	t.Cleanup(h.close)
	memory, err := h.runtime.InstantiateWithConfig(ctx, []byte(memoryModule), wazero.NewModuleConfig().WithName("env"))
	require.NoError(t, err)
	h.memory = memory.ExportedMemory("memory")
	module, err := h.runtime.Instantiate(ctx, plainModule)
	require.NoError(t, err)
	for i := range h.exports {
		h.exports[i] = module.ExportedFunction(exportNames[i])
	}
	return h
}

func (h *runtimeHost) grow(bytes uint64) error {
	if have := uint64(h.memory.Size()); have < bytes {
		if _, ok := h.memory.Grow(uint32((bytes - have) / pageBytes)); !ok {
			return context.DeadlineExceeded
		}
	}
	return nil
}

func (h *runtimeHost) write(at uint32, data []byte) {
	if !h.memory.Write(at, data) {
		panic("BUG: a write behind the end")
	}
}

func (h *runtimeHost) read(data []byte, at uint32) {
	from, _ := h.memory.Read(at, uint32(len(data)))
	copy(data, from)
}

func (h *runtimeHost) call(f export, arguments []uint64) (uint32, error) {
	n := copy(h.stack[:], arguments)
	err := h.exports[f].CallWithStack(context.Background(), h.stack[:max(n, 1)])
	return uint32(h.stack[0]), err
}

func (h *runtimeHost) sleeps() uint64 { return 0 }

func (h *runtimeHost) close() { h.runtime.Close(context.Background()) }

func TestDevice(t *testing.T) {
	for _, precision := range []kernels.Precision{kernels.F32, kernels.Int8} {
		t.Run(precision.String(), func(t *testing.T) {
			d, err := newDevice(newRuntimeHost(t), mostPages, false, Options{Precision: precision})
			require.NoError(t, err)
			t.Run("activations", func(t *testing.T) { testActivations(t, d) })
			kerneltest.Run(t, d)
		})
	}
}

func spec(rows, values int) kernels.WeightSpec {
	return kernels.WeightSpec{Name: "block.3.up", Role: kernels.Matrix, Shape: kernels.Shape{rows, values}, Values: make([]float32, rows*values)}
}

// A device with 8 MiB says what does not fit, and goes on with what does.
func TestTooLarge(t *testing.T) {
	d, err := newDevice(newRuntimeHost(t), 8<<20/pageBytes, false, Options{})
	require.NoError(t, err)
	defer d.Close()
	for range 3 {
		_, err = d.Load(spec(2048, 2048))
		require.ErrorIs(t, err, kernels.ErrTooLarge)
		require.ErrorContains(t, err, "weight block.3.up")
		_, err = d.Begin(kernels.Plan{Buffers: []int{1 << 20, 1 << 20}})
		require.ErrorIs(t, err, kernels.ErrTooLarge)
	}
	g := kernels.NewGraph()
	for range 3 {
		w, err := d.Load(spec(1024, 1024))
		require.NoError(t, err)
		_, err = kernels.Compile(d, g, g.Linear(g.Floats(512, 1, 1024), w))
		require.ErrorIs(t, err, kernels.ErrTooLarge)
		d.Unload(w)
	}
	require.Equal(t, d.staging.bytes, d.heap.used()/alignment*alignment-slack, "all that is taken")
}

func TestLoadParts(t *testing.T) {
	d, err := newDevice(newRuntimeHost(t), mostPages, false, Options{})
	require.NoError(t, err)
	defer d.Close()
	table := kernels.WeightSpec{Name: "table", Role: kernels.Table, Shape: kernels.Shape{3, 4}}
	values := []float32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	// load hands over so many values, five at a time, in one slice.
	load := func(values []float32) (kernels.Weight, error) {
		return d.LoadParts(table, func(use func([]float32) error) error {
			var part [5]float32
			for at := 0; at < len(values); at += 5 {
				if err := use(part[:copy(part[:], values[at:])]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	w, err := load(values)
	require.NoError(t, err)
	g := kernels.NewGraph()
	p, err := kernels.Compile(d, g, g.Embed(w, g.Ints(1, 3)))
	require.NoError(t, err)
	out := make([]float32, 12)
	require.NoError(t, p.Run(context.Background(), kernels.Inputs{Ints: [][]int32{{2, 0, 1}}}, [][]float32{out}))
	require.Equal(t, []float32{8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 6, 7}, out)

	taken := d.heap.used()
	_, err = load(values[:11])
	require.ErrorContains(t, err, "weight table has 11 values")
	_, err = load(append(slices.Clone(values), 12))
	require.ErrorContains(t, err, "more values")
	_, err = load([]float32{0, 1, 2, 3, 4, 5, float32(math.NaN())})
	require.ErrorContains(t, err, "NaN as number 6")
	broken := errors.New("the network is gone")
	_, err = d.LoadParts(table, func(func([]float32) error) error { return broken })
	require.ErrorIs(t, err, broken)
	_, err = d.LoadParts(spec(3, 5), nil)
	require.ErrorContains(t, err, "in parts")
	require.Equal(t, taken, d.heap.used(), "what failed was given back")
	require.NoError(t, d.Close())
	_, err = load(values)
	require.ErrorIs(t, err, kernels.ErrDeviceLost)
}

func TestAfterClose(t *testing.T) {
	d, err := newDevice(newRuntimeHost(t), mostPages, false, Options{})
	require.NoError(t, err)
	w, err := d.Load(spec(3, 5))
	require.NoError(t, err)
	g := kernels.NewGraph()
	p, err := kernels.Compile(d, g, g.Linear(g.Floats(2, 5), w))
	require.NoError(t, err)
	require.NoError(t, d.Close())
	require.NoError(t, d.Close())
	_, err = d.Load(spec(3, 5))
	require.ErrorIs(t, err, kernels.ErrDeviceLost)
	_, err = d.Begin(kernels.Plan{})
	require.ErrorIs(t, err, kernels.ErrDeviceLost)
	in, out := kernels.Inputs{Floats: [][]float32{make([]float32, 10)}}, [][]float32{make([]float32, 6)}
	require.ErrorIs(t, p.Run(context.Background(), in, out), kernels.ErrDeviceLost)
	require.NoError(t, p.Close())
}

func TestPrecisions(t *testing.T) {
	_, err := newDevice(newRuntimeHost(t), mostPages, false, Options{Precision: kernels.BF16})
	require.ErrorContains(t, err, "bf16")
}
