package main

import (
	"context"
	"errors"

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

// server is the device of a command, and what takes its place when it fails: a GPU that was lost is opened again, once, and after
// that the CPU computes.
type server struct {
	*program
	ctx     context.Context
	opened  []kernels.Device
	rebuilt bool
}

// serve opens the device of a command. Where there is no GPU, or none that computes right, the CPU does what was asked of it.
func (p *program) serve(ctx context.Context) (*server, kernels.Device, error) {
	s := &server{program: p, ctx: ctx}
	device, err := p.openDevice(ctx)
	if err != nil && p.device == "gpu" && ctx.Err() == nil {
		device, err = s.onCPU(err)
	}
	if err != nil {
		return nil, nil, err
	}
	s.opened = append(s.opened, device)
	return s, device, nil
}

func (s *server) onCPU(failed error) (kernels.Device, error) {
	precision, err := s.chosenPrecision()
	if err != nil {
		return nil, err
	}
	device := s.openCPU(precision)
	s.warn("%s: computing on the CPU instead, %s", shown(reason(failed)), device.Name())
	return device, nil
}

// fallback gives the device after one that failed, which is closed: what still uses it goes on with the next one too. The CPU
// device has none after it.
func (s *server) fallback(failed error) (kernels.Device, error) {
	lost, ok := s.opened[len(s.opened)-1].(*webgpu.Device)
	if !ok {
		return nil, failed
	}
	software, precision := lost.Info().Software, lost.Precision()
	lost.Close()
	if errors.Is(failed, kernels.ErrDeviceLost) && !s.rebuilt {
		s.rebuilt = true
		s.warn("%s: starting it again", shown(reason(failed)))
		d, err := gpu.Open(s.ctx, precision, software)
		if err == nil {
			s.opened = append(s.opened, d)
			return d, nil
		}
		failed = err
	}
	device, err := s.onCPU(failed)
	if err == nil {
		s.opened = append(s.opened, device)
	}
	return device, err
}

// close closes all devices, the ones that failed too.
func (s *server) close() {
	for _, d := range s.opened {
		d.Close()
	}
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
