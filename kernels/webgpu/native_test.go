//go:build !(js && wasm)

package webgpu

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gogpu/naga"
	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/shaders"
)

// Without the zeroing a module is shorter, and it can be read to its end.
func TestWithoutZeroing(t *testing.T) {
	for _, name := range shaders.Names() {
		whole, err := naga.Compile(shaders.Source(name))
		require.NoError(t, err)
		words, err := spirv(shaders.Source(name))
		require.NoError(t, err)
		if strings.Contains(shaders.Source(name), "var<workgroup>") {
			require.Less(t, 4*len(words), len(whole), "%s zeroes no workgroup array any more", name)
		} else {
			require.Equal(t, len(whole), 4*len(words), name)
		}
		again, err := withoutZeroing(words)
		require.NoError(t, err)
		require.Equal(t, words, again)
	}
	for _, broken := range [][]uint32{nil, {1, 2, 3, 4, 5, 0}, {1, 2, 3, 4, 5, 3 << 16}} {
		_, err := withoutZeroing(broken)
		require.Error(t, err)
	}
	_, err := spirv("fn main( {")
	require.Error(t, err)
}

// A device that is destroyed under a program is lost for all that follows, and closes without harm.
func TestLostDevice(t *testing.T) {
	d := openAny(t)
	w, err := d.Load(kernels.WeightSpec{Name: "w", Role: kernels.Matrix, Shape: kernels.Shape{3, 3}, Values: pattern(9, 1)})
	require.NoError(t, err)
	g := kernels.NewGraph()
	p, err := kernels.Compile(d, g, g.Linear(g.Floats(1, 3), w))
	require.NoError(t, err)
	in, out := kernels.Inputs{Floats: [][]float32{{1, 2, 3}}}, [][]float32{{0, 0, 0}}
	require.NoError(t, p.Run(context.Background(), in, out))
	d.gpu.Release()
	require.ErrorIs(t, p.Run(context.Background(), in, out), kernels.ErrDeviceLost)
	require.ErrorIs(t, p.Run(context.Background(), in, out), kernels.ErrDeviceLost)
	_, err = d.Begin(kernels.Plan{})
	require.ErrorIs(t, err, kernels.ErrDeviceLost)
	_, err = d.Load(kernels.WeightSpec{Name: "w", Role: kernels.Matrix, Shape: kernels.Shape{3, 3}, Values: pattern(9, 1)})
	require.ErrorIs(t, err, kernels.ErrDeviceLost)
	d.Unload(w)
	require.NoError(t, p.Close())
}

func TestExplainVulkan(t *testing.T) {
	d := &Device{}
	err := d.explain("a program", errors.New("vulkan: vkAllocateMemory failed: -2"))
	require.ErrorIs(t, err, kernels.ErrTooLarge)
	require.NoError(t, d.usable())
	err = d.explain("a program", errors.New("vulkan: vkQueueSubmit failed: -4"))
	require.ErrorIs(t, err, kernels.ErrDeviceLost)
	require.ErrorIs(t, d.usable(), kernels.ErrDeviceLost, "a lost device stays lost")
}
