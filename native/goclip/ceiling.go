package main

import (
	"fmt"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/simd"
)

// ceilingTries is how often a ceiling is measured beside a row of bench: the best counts, as other programs only ever make
// it slower.
const ceilingTries = 10

// ceiling is what a device's arithmetic reaches at most in its precision, in 10^9 operations a second, on so many threads; 0 if that
// is not known, as for GPUs.
func ceiling(device kernels.Device, threads int) float64 {
	cpu, ok := device.(*simd.Device)
	if !ok {
		return 0
	}
	return cpu.Ceiling(threads, ceilingTries) / 1e9
}

// threadsOf is the number of a device's threads; 0 if it is not a CPU.
func threadsOf(device kernels.Device) int {
	if cpu, ok := device.(*simd.Device); ok {
		return cpu.Threads()
	}
	return 0
}

// ceilings is the line of bench that says what the machine can do.
func ceilings(device kernels.Device) string {
	threads := threadsOf(device)
	if threads == 0 {
		return ""
	}
	unit := "GFLOP/s"
	if device.Precision() == kernels.Int8 {
		unit = "Gop/s of whole numbers"
	}
	line := fmt.Sprintf("ceiling: %.1f %s on 1 thread", ceiling(device, 1), unit)
	if threads > 1 {
		line += fmt.Sprintf(", %.1f on %d", ceiling(device, threads), threads)
	}
	return line + "\n"
}

// against sets a row's share of the ceiling, measured before and after it: the best of the one against the best of the
// other.
func (r *benchRow) against(before, after float64) {
	if r.Ceiling = max(before, after); r.Ceiling > 0 {
		r.Share = r.GFLOPPS * r.Millis / r.Best / r.Ceiling
	}
}
