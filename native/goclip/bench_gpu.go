package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/webgpu"
)

// opRow is one kind of a tower's steps on a GPU, in JSON.
type opRow struct {
	Model  string `json:"model"`
	Device string `json:"device"`
	Tower  string `json:"tower"`
	Batch  int    `json:"batch"`
	// Op is the shader, Variant what was put into it.
	Op         string  `json:"op"`
	Variant    string  `json:"variant,omitempty"`
	Count      int     `json:"count"` // in one forward pass
	Workgroups int     `json:"workgroups"`
	Millis     float64 `json:"ms"`              // of one
	GFLOP      float64 `json:"gflop"`           // of one
	LeastBytes float64 `json:"least_bytes"`     // that one reads and writes, each once
	MovedBytes float64 `json:"requested_bytes"` // that its workgroups ask memory for, caches aside
}

// programRow is what a forward pass is on a GPU, in JSON.
type programRow struct {
	Model       string `json:"model"`
	Device      string `json:"device"`
	Tower       string `json:"tower"`
	Batch       int    `json:"batch"`
	Dispatches  int    `json:"dispatches"` // in one submission
	WeightBytes int64  `json:"weight_bytes"`
	BufferBytes int64  `json:"buffer_bytes"`
	ResultBytes int64  `json:"result_bytes"`
}

// measureGPU finds what a GPU does at most, which bench compares its rows with; nothing for other devices.
func (o *benching) measureGPU(ctx context.Context, device kernels.Device) error {
	d, ok := device.(*webgpu.Device)
	if !ok {
		return nil
	}
	operations, bandwidth, err := d.Ceiling(ctx)
	if err != nil {
		return err
	}
	o.gpuCeiling = operations / 1e9
	if !o.json {
		tiles := d.Tiles()
		fmt.Fprintf(o.out, "ceiling: %.1f GFLOP/s, %.1f GB/s; tiles %s and %s\n", o.gpuCeiling, bandwidth/1e9, tiles.Few, tiles.Many)
	}
	return nil
}

// eachOps shows the steps of every tower and batch.
func (o *benching) eachOps(ctx context.Context, device kernels.Device, list []benched) error {
	for _, b := range list {
		for _, items := range o.batch {
			if err := o.benchOps(ctx, device, b, items); err != nil {
				return err
			}
		}
	}
	return nil
}

// benchOps shows a tower's steps on a GPU one by one.
func (o *benching) benchOps(ctx context.Context, device kernels.Device, b benched, items int) error {
	d, ok := device.(*webgpu.Device)
	if !ok {
		return fmt.Errorf("--ops: only a GPU's steps can be told apart, not those of %s", device.Name())
	}
	weights, err := b.load(d)
	defer func() {
		for _, w := range weights {
			d.Unload(w)
		}
	}()
	if err != nil {
		return err
	}
	g := kernels.NewGraph()
	var tensors []kernels.Tensor
	for _, out := range b.record(g, weights, items) {
		tensors = append(tensors, out.Tensor)
	}
	profile, err := d.Profile(ctx, g, tensors...)
	if err != nil {
		return fmt.Errorf("batch %d: %w", items, err)
	}
	whole := programRow{Model: b.model, Device: d.Name(), Tower: b.name, Batch: items, Dispatches: profile.Dispatches,
		WeightBytes: profile.WeightBytes, BufferBytes: profile.BufferBytes, ResultBytes: profile.ResultBytes}
	if o.json {
		if err := o.emit(whole); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(o.out, "%s, batch %d: %d dispatches in one submission, %s of weights, %s of buffers, %d bytes of results\n",
			b.name, items, whole.Dispatches, mebibytes(whole.WeightBytes), mebibytes(whole.BufferBytes), whole.ResultBytes)
		fmt.Fprintf(o.out, "%-14s %5s %7s %9s %9s %9s %9s %9s\n", "op", "count", "groups", "ms", "GFLOP/s", "MFLOP", "MB least", "MB asked")
	}
	for _, k := range profile.Kinds {
		op, variant, _ := strings.Cut(k.Shader, " ")
		row := opRow{Model: b.model, Device: d.Name(), Tower: b.name, Batch: items, Op: op, Variant: variant, Count: k.Count,
			Workgroups: k.Workgroups, Millis: k.Millis, GFLOP: k.Operations / 1e9, LeastBytes: k.Least, MovedBytes: k.Moved}
		if err := o.showOp(row); err != nil {
			return err
		}
	}
	return o.out.Flush()
}

func (o *benching) showOp(r opRow) error {
	if o.json {
		return o.emit(r)
	}
	_, err := fmt.Fprintf(o.out, "%-14s %5d %7d %9.3f %9.1f %9.1f %9.2f %9.2f\n", r.Op, r.Count, r.Workgroups, r.Millis,
		r.GFLOP/r.Millis*1e3, r.GFLOP*1e3, r.LeastBytes/1e6, r.MovedBytes/1e6)
	return err
}
