package simd_test

import (
	"fmt"
	"testing"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/kerneltest"
	"github.com/goclip/goclip/kernels/simd"
)

func TestDevice(t *testing.T) {
	for _, level := range simd.Levels() {
		for _, precision := range kernels.Precisions() {
			for _, threads := range []int{1, 2, 5} {
				t.Run(fmt.Sprintf("%s, %s, %d threads", level, precision, threads), func(t *testing.T) {
					kerneltest.Run(t, simd.New(simd.Options{Threads: threads, Level: level, Precision: precision}))
				})
			}
		}
	}
}
