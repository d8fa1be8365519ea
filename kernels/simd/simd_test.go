package simd_test

import (
	"fmt"
	"testing"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/kerneltest"
	"github.com/goclip/goclip/kernels/simd"
)

// Every level in every precision. How workers share a program is the same in all of them, so that float32 stands for the others there.
func TestDevice(t *testing.T) {
	for _, level := range simd.Levels() {
		for _, precision := range kernels.Precisions() {
			threads := []int{3}
			if precision == kernels.F32 {
				threads = []int{1, 2, 5}
			}
			for _, n := range threads {
				t.Run(fmt.Sprintf("%s, %s, %d threads", level, precision, n), func(t *testing.T) {
					kerneltest.Run(t, simd.New(simd.Options{Threads: n, Level: level, Precision: precision}))
				})
			}
		}
	}
}
