package webgpu

import (
	"fmt"

	"github.com/gogpu/gputypes"
	"github.com/gogpu/wgpu"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/shaders"
)

// layout is how shaders with the same number of operands are bound: 0 the parameters, 1 the result, from 2 the operands.
// Layouts are spelled out, since the ones that a pipeline derives from its shader fit no other pipeline.
type layout struct {
	group    *wgpu.BindGroupLayout
	pipeline *wgpu.PipelineLayout
}

func (l *layout) release() {
	released(l.pipeline)
	released(l.group)
}

// pipeline is a compiled shader.
type pipeline struct {
	*layout
	module  *wgpu.ShaderModule
	compute *wgpu.ComputePipeline
}

func (p *pipeline) release() {
	released(p.compute)
	released(p.module)
}

// layout finds or makes the layout for a number of operands.
func (d *Device) layout(operands int) (*layout, error) {
	if l := d.layouts[operands]; l != nil {
		return l, nil
	}
	label := fmt.Sprintf("%d operands", operands)
	entries := []wgpu.BindGroupLayoutEntry{
		binding(0, gputypes.BufferBindingTypeUniform),
		binding(1, gputypes.BufferBindingTypeStorage),
	}
	for i := range operands {
		entries = append(entries, binding(2+i, gputypes.BufferBindingTypeReadOnlyStorage))
	}
	group, err := d.gpu.CreateBindGroupLayout(&wgpu.BindGroupLayoutDescriptor{Label: label, Entries: entries})
	if err != nil {
		return nil, err
	}
	whole, err := d.gpu.CreatePipelineLayout(&wgpu.PipelineLayoutDescriptor{
		Label: label, BindGroupLayouts: []*wgpu.BindGroupLayout{group},
	})
	if err != nil {
		group.Release()
		return nil, err
	}
	l := &layout{group: group, pipeline: whole}
	d.layouts[operands] = l
	return l, nil
}

func binding(i int, kind gputypes.BufferBindingType) wgpu.BindGroupLayoutEntry {
	return wgpu.BindGroupLayoutEntry{
		Binding:    uint32(i),
		Visibility: wgpu.ShaderStageCompute,
		Buffer:     &gputypes.BufferBindingLayout{Type: kind},
	}
}

// pipeline finds or compiles a shader with constants. The key tells all of that, and is the label too.
func (d *Device) pipeline(key, shader string, constants []shaders.Constant, operands int) (*pipeline, error) {
	if p := d.pipelines[key]; p != nil {
		return p, nil
	}
	l, err := d.layout(operands)
	if err != nil {
		return nil, fmt.Errorf("layout of %s: %w", key, err)
	}
	module, err := d.compile(key, shaders.Source(shader, constants...))
	if err != nil {
		return nil, fmt.Errorf("shader %s: %w: %w", key, kernels.ErrIncapable, err)
	}
	compute, err := d.gpu.CreateComputePipeline(&wgpu.ComputePipelineDescriptor{
		Label: key, Layout: l.pipeline, Module: module, EntryPoint: "main",
	})
	if err != nil {
		module.Release()
		return nil, fmt.Errorf("pipeline %s: %w: %w", key, kernels.ErrIncapable, err)
	}
	p := &pipeline{layout: l, module: module, compute: compute}
	d.pipelines[key] = p
	return p, nil
}
