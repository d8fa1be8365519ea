package main

import (
	"fmt"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/reference"
	"github.com/goclip/goclip/kernels/simd"
	"github.com/goclip/goclip/kernels/webgpu"
)

// openDevice is the only place where goclip chooses what computes. auto is the CPU. gpu takes any adapter, also one that
// computes on the CPU: who asks for it by name wants it.
func (p *program) openDevice() (kernels.Device, error) {
	precision, err := p.chosenPrecision()
	if err != nil {
		return nil, err
	}
	switch p.device {
	case "auto", "cpu":
		return simd.New(simd.Options{Threads: p.threads, Precision: precision}), nil
	case "gpu":
		return webgpu.Open(webgpu.Options{AllowSoftware: true})
	case "reference":
		return reference.New(reference.Options{Precision: precision}), nil
	}
	panic("BUG: goclip: no device " + p.device)
}

// chosenPrecision is what --precision says; auto is float32, as the model was trained or released with.
func (p *program) chosenPrecision() (kernels.Precision, error) {
	if p.precision == "auto" {
		return kernels.F32, nil
	}
	precision, err := kernels.PrecisionOf(p.precision)
	if err != nil {
		return precision, err
	}
	cpu := p.device == "auto" || p.device == "cpu"
	if precision == kernels.F32 || cpu || p.device == "reference" {
		return precision, nil
	}
	return precision, fmt.Errorf("--precision %s is for a later version on a GPU: it computes in f32", precision)
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
	// SelfTest is the largest deviation from the known answers that it had to give first, as a share of the largest one.
	SelfTest float64 `json:"self_test"`
}

// adapterOf is nil for devices without a GPU.
func adapterOf(device kernels.Device) *adapter {
	gpu, ok := device.(*webgpu.Device)
	if !ok {
		return nil
	}
	i := gpu.Info()
	return &adapter{Name: i.Adapter, Vendor: i.Vendor, Driver: i.Driver, Backend: i.Backend, Type: i.Type, Software: i.Software,
		MaxBuffer: i.MaxBuffer, MaxBinding: i.MaxBinding, SelfTest: i.SelfTest}
}
