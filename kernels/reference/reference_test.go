package reference_test

import (
	"testing"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/kerneltest"
	"github.com/goclip/goclip/kernels/reference"
)

// The suite on the device that it compares with: this shows that cases build, guards hold and runs repeat.
func TestDevice(t *testing.T) {
	for _, p := range kernels.Precisions() {
		t.Run(p.String(), func(t *testing.T) { kerneltest.Run(t, reference.New(reference.Options{Precision: p})) })
	}
}
