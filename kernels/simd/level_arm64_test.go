//go:build !purego

package simd

import (
	"testing"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/kerneltest"
)

// Processors without products of bytes take a form that others have, too, and must be right where nobody tests on one.
func TestBaseBytes(t *testing.T) {
	l := levelNEON
	l.forms[kernels.Int8] = baseBytesNEON
	if err := l.selfTest(); err != nil {
		t.Fatal(err)
	}
	kerneltest.Run(t, &Device{level: &l, precision: kernels.Int8, threads: 2, weights: map[int]*weight{}})
}
