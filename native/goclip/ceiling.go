package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/simd"
)

// How often a ceiling is measured for bench's table, and between two runs of a tower: the best counts, as other programs only ever
// make it slower.
const (
	tableTries   = 10
	betweenTries = 2
)

// ceiling is what a device's arithmetic reaches at most in its precision on all of its threads, in 10^9 operations a second; 0 if
// that is not known, as for GPUs.
func ceiling(device kernels.Device) float64 {
	cpu, ok := device.(*simd.Device)
	if !ok {
		return 0
	}
	return cpu.Ceiling(cpu.Precision(), cpu.Threads(), betweenTries) / 1e9
}

// threadsOf is the number of a device's threads; 0 if it is not a CPU.
func threadsOf(device kernels.Device) int {
	if cpu, ok := device.(*simd.Device); ok {
		return cpu.Threads()
	}
	return 0
}

// ceilings is bench's table of what the machine can do, on one thread and on all.
func ceilings(device kernels.Device) string {
	cpu, ok := device.(*simd.Device)
	if !ok {
		return ""
	}
	crews := []int{1}
	if cpu.Threads() > 1 {
		crews = append(crews, cpu.Threads())
	}
	var b strings.Builder
	line := func(name, unit string, measure func(threads int) float64) {
		fmt.Fprintf(&b, "%-8s", name)
		for _, threads := range crews {
			fmt.Fprintf(&b, " %11.1f", measure(threads)/1e9)
		}
		fmt.Fprintf(&b, " %s\n", unit)
	}
	fmt.Fprintf(&b, "%-8s", "ceiling")
	for _, threads := range crews {
		fmt.Fprintf(&b, " %11s", map[bool]string{true: "1 thread", false: fmt.Sprintf("%d threads", threads)}[threads == 1])
	}
	b.WriteString("\n")
	precisions := []kernels.Precision{kernels.F32, kernels.Int8}
	if p := cpu.Precision(); !slices.Contains(precisions, p) {
		precisions = append(precisions, p)
	}
	for _, p := range precisions {
		unit := "GFLOP/s"
		if p == kernels.Int8 {
			unit = "Gop/s of whole numbers"
		}
		line(p.String(), unit, func(threads int) float64 { return cpu.Ceiling(p, threads, tableTries) })
	}
	line("memory", "GB/s", func(threads int) float64 { return cpu.Bandwidth(threads, 3) })
	b.WriteString("\n")
	return b.String()
}

// against sets a row's share of the ceiling, which was measured before the runs and after each: the median of the one against the
// median of the other, where a run has the better of its two neighbours. So both have the same clock and the same company.
func (r *benchRow) against(ceilings []float64) {
	var list []float64
	for i := 1; i < len(ceilings); i++ {
		list = append(list, max(ceilings[i-1], ceilings[i]))
	}
	slices.Sort(list)
	if r.Ceiling = list[len(list)/2]; r.Ceiling > 0 {
		r.Share = r.GFLOPPS / r.Ceiling
	}
}
