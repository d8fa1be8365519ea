package main

import (
	"context"

	"github.com/goclip/goclip/internal/standby"
	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/reference"
	"github.com/goclip/goclip/kernels/simd"
	"github.com/goclip/goclip/kernels/webgpu"
	"github.com/goclip/goclip/native/gpu"
)

// openDevice opens what --device names and nothing else; auto is the GPU where that is worth it. With serve it is the only place
// where goclip chooses what computes.
func (p *program) openDevice(ctx context.Context) (kernels.Device, error) {
	precision, err := p.chosenPrecision()
	if err != nil {
		return nil, err
	}
	switch p.device {
	case "auto":
		cpu := p.openCPU(precision)
		if d, _ := gpu.Faster(ctx, cpu); d != nil {
			return d, cpu.Close()
		}
		return cpu, nil
	case "cpu":
		return p.openCPU(precision), nil
	case "gpu":
		// Who asks for it by name wants any adapter, also one that computes on the CPU.
		return gpu.Open(ctx, precision, true)
	case "reference":
		return reference.New(reference.Options{Precision: precision}), nil
	}
	panic("BUG: goclip: no device " + p.device)
}

func (p *program) openCPU(precision kernels.Precision) kernels.Device {
	return simd.New(simd.Options{Threads: p.threads, Precision: precision})
}

// serve opens the device of a command, and says what takes its place when it fails. Where there is no GPU, or none that computes right,
// the CPU does what was asked of it.
func (p *program) serve(ctx context.Context) (*standby.Devices, error) {
	d := &standby.Devices{
		Reopen: func(lost kernels.Device, failed error) (kernels.Device, error) {
			p.warn("%s: starting it again", shown(reason(failed)))
			return gpu.Open(ctx, lost.Precision(), lost.(*webgpu.Device).Info().Software)
		},
		CPU: p.onCPU,
	}
	device, err := p.openDevice(ctx)
	if err != nil && p.device == "gpu" && ctx.Err() == nil {
		device, err = p.onCPU(err)
	}
	if err != nil {
		return nil, err
	}
	_, more := device.(*webgpu.Device)
	d.Use(device, !more)
	return d, nil
}

func (p *program) onCPU(failed error) (kernels.Device, error) {
	precision, err := p.chosenPrecision()
	if err != nil {
		return nil, err
	}
	device := p.openCPU(precision)
	p.warn("%s: computing on the CPU instead, %s", shown(reason(failed)), device.Name())
	return device, nil
}

// chosenPrecision is what --precision says; auto is float32: no other one is within allowedDifference of the original on every
// model, and a user who did not ask must not get other results.
func (p *program) chosenPrecision() (kernels.Precision, error) {
	if p.precision == "auto" {
		return kernels.F32, nil
	}
	return kernels.PrecisionOf(p.precision)
}

// adapter describes the GPU behind a device.
type adapter struct {
	Name     string `json:"name"`
	Vendor   string `json:"vendor"`
	Driver   string `json:"driver"`
	Backend  string `json:"backend"`
	Type     string `json:"type"`
	Software bool   `json:"software"` // it computes on the CPU
	// MaxBuffer is the number of bytes that one buffer, MaxBinding that a shader's view of one may have.
	MaxBuffer  uint64 `json:"max_buffer"`
	MaxBinding uint64 `json:"max_binding"`
	// What a workgroup may have: invocations, and bytes of memory that they share.
	WorkgroupInvocations uint32   `json:"workgroup_invocations"`
	WorkgroupMemory      uint32   `json:"workgroup_memory"`
	Features             []string `json:"features"`
	// Tiles are what its products are divided into.
	Tiles webgpu.Tiles `json:"tiles"`
	// SelfTest is the largest deviation from the known answers that it had to give first, as a share of the largest one.
	SelfTest float64 `json:"self_test"`
	// Note says why it does not compute in the precision that was asked for.
	Note string `json:"note,omitempty"`
}

// adapterOf is nil for devices without a GPU.
func adapterOf(device kernels.Device) *adapter {
	d, ok := device.(*webgpu.Device)
	if !ok {
		return nil
	}
	i := d.Info()
	return &adapter{Name: i.Adapter, Vendor: i.Vendor, Driver: i.Driver, Backend: i.Backend, Type: i.Type, Software: i.Software,
		MaxBuffer: i.MaxBuffer, MaxBinding: i.MaxBinding, WorkgroupInvocations: i.WorkgroupInvocations, WorkgroupMemory: i.WorkgroupMemory,
		Features: append([]string{}, i.Features...), Tiles: d.Tiles(), SelfTest: i.SelfTest, Note: i.Note}
}
