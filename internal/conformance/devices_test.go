package conformance_test

import (
	"testing"

	"github.com/goclip/goclip/internal/conformance"
	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/reference"
	"github.com/goclip/goclip/kernels/simd"
)

// run holds a device against everything that the original implementations computed.
func run(t *testing.T, dev kernels.Device) {
	defer dev.Close()
	t.Run("models", func(t *testing.T) { conformance.Models(t, dev) })
	t.Run("examples", func(t *testing.T) { conformance.Examples(t, dev) })
}

func TestReference(t *testing.T) { run(t, reference.New()) }

func TestCPU(t *testing.T) { run(t, simd.New(simd.Options{})) }
