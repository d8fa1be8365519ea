//go:build !(js && wasm)

package webgpu

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gogpu/gputypes"
	"github.com/gogpu/naga"
	"github.com/gogpu/wgpu"
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
	for _, text := range []string{"vulkan: vkAllocateMemory failed: -2", "allocator: allocation failed: vkAllocateMemory returned -2"} {
		require.ErrorIs(t, d.explain("a program", errors.New(text)), kernels.ErrTooLarge)
	}
	require.NoError(t, d.usable())
	err := d.explain("a program", errors.New("vulkan: vkQueueSubmit failed: -4"))
	require.ErrorIs(t, err, kernels.ErrDeviceLost)
	require.ErrorIs(t, d.usable(), kernels.ErrDeviceLost, "a lost device stays lost")
}

// Dynamic offsets would do with one bind group for all steps. On Vulkan the library leaves them out, without an error: two
// dispatches at different offsets read the same parameters. When this fails, slots need no bind groups of their own any more.
func TestDynamicOffsetsAreIgnored(t *testing.T) {
	d := openAny(t)
	if !d.vulkan() {
		t.Skip("the trap is Vulkan's")
	}
	group, err := d.gpu.CreateBindGroupLayout(&wgpu.BindGroupLayoutDescriptor{Entries: []wgpu.BindGroupLayoutEntry{
		{Binding: 0, Visibility: wgpu.ShaderStageCompute,
			Buffer: &gputypes.BufferBindingLayout{Type: gputypes.BufferBindingTypeUniform, HasDynamicOffset: true}},
		binding(1, gputypes.BufferBindingTypeStorage),
	}})
	require.NoError(t, err)
	defer group.Release()
	layout, err := d.gpu.CreatePipelineLayout(&wgpu.PipelineLayoutDescriptor{BindGroupLayouts: []*wgpu.BindGroupLayout{group}})
	require.NoError(t, err)
	defer layout.Release()
	module, err := d.compile("offsets", `
		@group(0) @binding(0) var<uniform> at: vec4<u32>;
		@group(0) @binding(1) var<storage, read_write> dst: array<u32>;
		@compute @workgroup_size(1) fn main() { dst[at.x] = 7u; }`)
	require.NoError(t, err)
	defer module.Release()
	compute, err := d.gpu.CreateComputePipeline(&wgpu.ComputePipelineDescriptor{Layout: layout, Module: module, EntryPoint: "main"})
	require.NoError(t, err)
	defer compute.Release()

	slots, dst, read := &memory{bytes: 2 * slotBytes}, &memory{bytes: 16}, &memory{bytes: 16}
	for m, usage := range map[*memory]wgpu.BufferUsage{slots: uniform, dst: storage, read: readback} {
		require.NoError(t, d.allocate(m, usage))
		defer d.free(m)
	}
	require.NoError(t, d.upload(slots, 0, bytesOf([]uint32{0, 0, 0, 0})))
	require.NoError(t, d.upload(slots, slotBytes, bytesOf([]uint32{1, 0, 0, 0})))
	require.NoError(t, d.upload(dst, 0, bytesOf([]uint32{0, 0, 0, 0})))
	require.NoError(t, d.settle())
	bound, err := d.gpu.CreateBindGroup(&wgpu.BindGroupDescriptor{Layout: group, Entries: []wgpu.BindGroupEntry{
		{Binding: 0, Buffer: slots.buffer, Size: slotBytes}, {Binding: 1, Buffer: dst.buffer, Size: dst.bytes},
	}})
	require.NoError(t, err)
	defer bound.Release()

	encoder, err := d.gpu.CreateCommandEncoder(nil)
	require.NoError(t, err)
	pass, err := encoder.BeginComputePass(nil)
	require.NoError(t, err)
	pass.SetPipeline(compute)
	for _, offset := range []uint32{0, slotBytes} {
		pass.SetBindGroup(0, bound, []uint32{offset})
		pass.Dispatch(1, 1, 1)
	}
	require.NoError(t, pass.End())
	encoder.CopyBufferToBuffer(dst.buffer, 0, read.buffer, 0, 16)
	commands, err := encoder.Finish()
	require.NoError(t, err)
	_, err = d.gpu.Queue().Submit(commands)
	require.NoError(t, err)
	require.NoError(t, d.wait())
	require.NoError(t, read.buffer.Map(context.Background(), wgpu.MapModeRead, 0, 16))
	mapped, err := read.buffer.MappedRange(0, 16)
	require.NoError(t, err)
	require.NotEqual(t, []byte{7, 0, 0, 0, 7, 0, 0, 0}, mapped.Bytes()[:8], "the library honours dynamic offsets now")
	mapped.Release()
	require.NoError(t, read.buffer.Unmap())
}
