//go:build js && wasm

package webgpu

import (
	"context"
	"testing"

	"github.com/gogpu/wgpu"
	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/kernels"
)

// The library reports nothing of what a browser refuses; error scopes do.
func TestRefusals(t *testing.T) {
	d := openAny(t)
	require.ErrorContains(t, d.guard("a shader", func() error {
		_, err := d.compile("broken", "fn main( {")
		return err
	}), "webgpu: a shader: ")
	require.ErrorContains(t, d.guard("a buffer", func() error {
		return d.allocate(&memory{label: "both", bytes: 16}, wgpu.BufferUsageMapRead|wgpu.BufferUsageStorage)
	}), "webgpu: a buffer: ")
	require.NoError(t, d.usable())
}

// After an error that came without a call nothing is computed any more, and the device closes nevertheless.
func TestUncapturedError(t *testing.T) {
	d := openAny(t)
	d.watch.fail(kernels.ErrDeviceLost)
	_, err := d.Begin(kernels.Plan{})
	require.ErrorIs(t, err, kernels.ErrDeviceLost)
	require.NoError(t, d.Close())
}

func TestLostDevice(t *testing.T) {
	d := openAny(t)
	g := kernels.NewGraph()
	p, err := kernels.Compile(d, g, g.Act(g.Floats(1, 1), kernels.ReLU))
	require.NoError(t, err)
	d.watch.device.Call("destroy")
	in, out := kernels.Inputs{Floats: [][]float32{{1}}}, [][]float32{{0}}
	require.ErrorIs(t, p.Run(context.Background(), in, out), kernels.ErrDeviceLost)
	require.ErrorIs(t, p.Run(context.Background(), in, out), kernels.ErrDeviceLost)
	_, err = d.Begin(kernels.Plan{})
	require.ErrorIs(t, err, kernels.ErrDeviceLost)
}
