//go:build js && wasm

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/goclip/goclip/internal/speed"
	"github.com/goclip/goclip/internal/standby"
	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/wasmsimd"
	"github.com/goclip/goclip/kernels/webgpu"
)

// The devices by the names that load's options and clip.info have for them.
const (
	onAuto   = "auto"
	onWasm   = "wasm"
	onWebGPU = "webgpu"
)

// engine is what computes a model, and what takes its place when it fails.
type engine struct {
	options deviceOptions
	devices standby.Devices
	reason  string // why this device computes; empty if it was asked for and nothing stands against it
	changed func() // is told when another device computes, if it is not nil
}

// open opens the device that the options name. auto is the GPU if it is a real one, computes right and is faster.
func (o deviceOptions) open(ctx context.Context) (*engine, error) {
	e := &engine{options: o}
	e.devices = standby.Devices{Reopen: e.again, CPU: func(failed error) (kernels.Device, error) {
		e.reason = failed.Error()
		return e.openCPU()
	}}
	err := e.choose(ctx)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, errors.Join(err, e.devices.Close())
	}
	return e, nil
}

func (e *engine) choose(ctx context.Context) error {
	if e.options.device == onWasm {
		return e.takeCPU()
	}
	gpu, err := e.openGPU(ctx, e.options.device == onWebGPU)
	switch {
	case err != nil && e.options.device == onWebGPU:
		return &failure{codeUnsupported, err}
	case err != nil:
		e.reason = err.Error()
		return e.takeCPU()
	case e.options.device == onWebGPU || !onCPU(e.options.Precision):
		e.devices.Use(gpu, false)
		return nil
	}
	cpu, err := e.openCPU()
	if err != nil {
		return errors.Join(err, gpu.Close())
	}
	ratio, err := compare(ctx, gpu, cpu)
	if err == nil && ratio >= speed.Worthwhile {
		e.reason = fmt.Sprintf("%.2g times as fast as the CPU", ratio)
		e.devices.Use(gpu, false)
		return cpu.Close()
	}
	if e.reason = fmt.Sprintf("%s is %.2g times as fast", gpu.Name(), ratio); err != nil { // or a clock that stands still gives no number
		e.reason = err.Error()
	}
	e.devices.Use(cpu, true)
	return gpu.Close()
}

func (e *engine) takeCPU() error {
	cpu, err := e.openCPU()
	if err == nil {
		e.devices.Use(cpu, true)
	}
	return err
}

// compare is how many times as fast as the CPU the GPU is.
func compare(ctx context.Context, gpu *webgpu.Device, cpu kernels.Device) (float64, error) {
	mine, err := speed.Block(ctx, gpu, 1)
	if err != nil {
		return 0, err
	}
	other, err := speed.Block(ctx, cpu, 1)
	return other.Seconds() / mine.Seconds(), err
}

// tuned are the tiles that were fastest on an adapter, for all models of this program.
var tuned = map[string]webgpu.Tiles{}

// openGPU opens an adapter, a real one with the tiles that suit it. One that cannot be tuned computes nevertheless.
func (e *engine) openGPU(ctx context.Context, software bool) (*webgpu.Device, error) {
	d, err := webgpu.Open(webgpu.Options{AllowSoftware: software, Precision: e.options.Precision})
	if err != nil || d.Info().Software || d.SetTiles(ctx, tuned[d.Name()]) {
		return d, err
	}
	if tiles, err := d.Tune(ctx); err == nil {
		tuned[d.Name()] = tiles
	}
	return d, nil
}

// onCPU reports whether the CPU's device has a precision.
func onCPU(p kernels.Precision) bool { return p == kernels.F32 || p == kernels.Int8 }

// openCPU opens the CPU's device. What it has no precision for it computes in float32, unless it was asked for by name.
func (e *engine) openCPU() (kernels.Device, error) {
	o := e.options
	if !onCPU(o.Precision) {
		if o.device == onWasm {
			return nil, failuref(codeUnsupported, `load: the device "wasm" has no precision %q: use "f32", "int8" or "auto"`, o.Precision)
		}
		e.reason += fmt.Sprintf("; the CPU has no %s and computes in f32", o.Precision)
		o.Precision = kernels.F32
	}
	return o.openCPU()
}

// again opens a GPU that was lost once more.
func (e *engine) again(lost kernels.Device, failed error) (kernels.Device, error) {
	e.reason = failed.Error()
	return e.openGPU(context.Background(), lost.(*webgpu.Device).Info().Software)
}

// fallback gives the device after one that failed.
func (e *engine) fallback(failed error) (kernels.Device, error) {
	before := e.device()
	d, err := e.devices.Next(failed)
	if e.device() != before && e.changed != nil {
		e.changed()
	}
	return d, err
}

// device is the one that computes now.
func (e *engine) device() kernels.Device { return e.devices.Current() }

// described is what clip.info says of what computes.
type described struct {
	Device     string `json:"device"`
	DeviceName string `json:"device_name"`
	Level      string `json:"level,omitempty"`
	Reason     string `json:"reason"`
	Precision  string `json:"precision"`
	Threads    int    `json:"threads"`
}

func (e *engine) describe() described {
	d := e.device()
	s := described{Device: onWebGPU, DeviceName: d.Name(), Reason: e.reason, Precision: d.Precision().String(), Threads: 1}
	switch d := d.(type) {
	case *wasmsimd.Device:
		s.Device, s.Level, s.Threads = onWasm, d.Level(), d.Threads()
		s.Reason = strings.TrimPrefix(s.Reason+"; "+d.Reason(), "; ")
	case *webgpu.Device:
		if s.Reason == "" {
			s.Reason = d.Info().Note
		}
	}
	return s
}
