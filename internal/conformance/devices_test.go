package conformance_test

import (
	"errors"
	"testing"

	"github.com/goclip/goclip/internal/conformance"
	"github.com/goclip/goclip/internal/hardware"
	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/reference"
	"github.com/goclip/goclip/kernels/simd"
	"github.com/goclip/goclip/kernels/webgpu"
)

// run holds a device against everything that the original implementations computed. Probabilities are compared in float32.
func run(t *testing.T, dev kernels.Device) {
	defer dev.Close()
	t.Run("models", func(t *testing.T) { conformance.Models(t, dev) })
	if dev.Precision() == kernels.F32 {
		t.Run("examples", func(t *testing.T) { conformance.Examples(t, dev) })
	}
}

func TestReference(t *testing.T) {
	for _, p := range kernels.Precisions() {
		t.Run(p.String(), func(t *testing.T) { run(t, reference.New(reference.Options{Precision: p})) })
	}
}

func TestWebGPU(t *testing.T) {
	for _, p := range kernels.Precisions() {
		t.Run(p.String(), func(t *testing.T) {
			dev, err := webgpu.Open(webgpu.Options{AllowSoftware: true, Precision: p})
			if errors.Is(err, webgpu.ErrNoAdapter) {
				hardware.Missing(t, "webgpu", err)
			}
			if err != nil {
				t.Fatal(err)
			}
			run(t, dev)
		})
	}
}

func TestCPU(t *testing.T) {
	for _, level := range simd.Levels() {
		for _, p := range kernels.Precisions() {
			t.Run(level+"/"+p.String(), func(t *testing.T) { run(t, simd.New(simd.Options{Level: level, Precision: p})) })
		}
	}
}
