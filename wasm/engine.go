//go:build js && wasm

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/goclip/goclip/internal/speed"
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

// engine is what computes a model, and what takes its place when it fails: a GPU that was lost is opened again, once, and after
// that the CPU computes.
type engine struct {
	options deviceOptions
	opened  []kernels.Device
	reason  string // why this device computes; empty if it was asked for and nothing stands against it
	rebuilt bool
}

// open opens the device that the options name. auto is the GPU if it is a real one, computes right and is faster.
func (o deviceOptions) open(ctx context.Context) (*engine, error) {
	e := &engine{options: o}
	switch o.device {
	case onWasm:
		return e, e.takeCPU("")
	case onWebGPU:
		d, err := webgpu.Open(webgpu.Options{AllowSoftware: true, Precision: o.Precision})
		if err != nil {
			return nil, &failure{codeUnsupported, err}
		}
		e.opened = append(e.opened, d)
		return e, tune(ctx, d)
	}
	gpu, err := webgpu.Open(webgpu.Options{Precision: o.Precision})
	if err != nil {
		return e, e.takeCPU(err.Error())
	}
	if err := e.takeCPU(""); err != nil { // it may not have the precision
		e.opened = append(e.opened, gpu)
		return e, tune(ctx, gpu)
	}
	ratio, err := compare(ctx, gpu, e.device())
	switch {
	case err != nil:
		e.reason = err.Error()
	case ratio < speed.Worthwhile:
		e.reason = fmt.Sprintf("%s is %.2g times as fast", gpu.Name(), ratio)
	default:
		err = e.close()
		e.opened, e.reason = []kernels.Device{gpu}, fmt.Sprintf("%.2g times as fast as the CPU", ratio)
		return e, err
	}
	return e, errors.Join(gpu.Close(), ctx.Err())
}

// compare is how many times as fast as the CPU the GPU is.
func compare(ctx context.Context, gpu *webgpu.Device, cpu kernels.Device) (float64, error) {
	if err := tune(ctx, gpu); err != nil {
		return 0, err
	}
	mine, err := speed.Block(ctx, gpu, 1)
	if err != nil {
		return 0, err
	}
	other, err := speed.Block(ctx, cpu, 1)
	return other.Seconds() / mine.Seconds(), err
}

// tuned are the tiles that were fastest on an adapter, for all models of this program.
var tuned = map[string]webgpu.Tiles{}

// tune chooses the tiles of a real GPU.
func tune(ctx context.Context, d *webgpu.Device) error {
	if d.Info().Software || d.SetTiles(ctx, tuned[d.Name()]) {
		return nil
	}
	tiles, err := d.Tune(ctx)
	if err == nil {
		tuned[d.Name()] = tiles
	}
	return err
}

func (e *engine) takeCPU(reason string) error {
	if p := e.options.Precision; p != kernels.F32 && p != kernels.Int8 {
		return failuref(codeUnsupported, `load: the device "wasm" has no precision %q: use "f32", "int8" or "auto"`, p)
	}
	d, err := e.options.openCPU()
	if err == nil {
		e.opened, e.reason = append(e.opened, d), reason
	}
	return err
}

// device is the one that computes now.
func (e *engine) device() kernels.Device { return e.opened[len(e.opened)-1] }

// fallback gives the device after one that failed.
func (e *engine) fallback(failed error) (kernels.Device, error) {
	if _, ok := e.device().(*webgpu.Device); !ok {
		return nil, failed
	}
	if errors.Is(failed, kernels.ErrDeviceLost) && !e.rebuilt {
		e.rebuilt = true
		if d, err := webgpu.Open(webgpu.Options{AllowSoftware: true, Precision: e.options.Precision}); err == nil {
			e.opened, e.reason = append(e.opened, d), failed.Error()
			return d, nil
		}
	}
	err := e.takeCPU(failed.Error())
	return e.device(), err
}

func (e *engine) close() error {
	var err error
	for _, d := range e.opened {
		err = errors.Join(err, d.Close())
	}
	return err
}

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
