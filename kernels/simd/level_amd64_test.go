//go:build !purego

package simd

import (
	"errors"
	"testing"

	"github.com/goclip/goclip/internal/hardware"
	"github.com/goclip/goclip/kernels/kerneltest"
	"github.com/klauspost/cpuid/v2"
)

// Forms that a machine has and does not use, since it is faster without: they must be right all the same.
func TestOtherForms(t *testing.T) {
	for _, c := range []struct {
		name  string
		has   bool
		level level
		form  form
	}{
		{"avx512bf16", cpuid.CPU.Supports(cpuid.AVX512F, cpuid.AVX512DQ, cpuid.AVX512BW, cpuid.AVX512VL, cpuid.AVX512BF16), levelAVX512, pairsBF16},
		{"avx512 without vnni", cpuid.CPU.Supports(cpuid.AVX512F, cpuid.AVX512DQ, cpuid.AVX512BW, cpuid.AVX512VL), levelAVX512, pairsAVX2},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !c.has {
				hardware.Missing(t, c.name, errors.New("the processor lacks it"))
			}
			l, p := c.level, c.form.precision
			l.forms[p] = c.form
			if err := l.selfTest(); err != nil {
				t.Fatal(err)
			}
			kerneltest.Run(t, &Device{level: &l, precision: p, threads: 2, weights: map[int]*weight{}})
		})
	}
}
