// Package kerneltest is the conformance suite of devices. A device joins with one line:
//
//	func TestDevice(t *testing.T) { kerneltest.Run(t, simd.New(simd.Options{})) }
//
// Every op runs at awkward sizes against the reference device, with guards round every buffer; then whole tiny towers.
package kerneltest

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/reference"
)

// testCase is one small program. build records it on whatever device the bench holds, with the same random numbers on
// each, and returns its outputs.
type testCase struct {
	name string
	// tolerance is the largest difference allowed in float32 and float16, as a share of the largest value.
	tolerance float64
	build     func(b *bench) []kernels.Tensor
}

// Run checks a device against the reference of the same precision, and closes it.
func Run(t *testing.T, dev kernels.Device) {
	t.Helper()
	RunAllocating(t, dev, 0)
}

// RunAllocating is Run for a device over a library that allocates itself: a GPU's commands are encoded anew for every
// submission. perStep is how often a Run may allocate for each step of its program.
func RunAllocating(t *testing.T, dev kernels.Device, perStep int) {
	t.Helper()
	t.Logf("device: %s", dev.Name())
	defer func() {
		if err := dev.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}()
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) { compare(t, dev, c) })
	}
	t.Run("allocations", func(t *testing.T) { boundsAllocations(t, dev, perStep) })
	t.Run("cancel", func(t *testing.T) { stopsWhenCancelled(t, dev) })
	t.Run("repeat", func(t *testing.T) { givesTheSameTwice(t, dev) })
	t.Run("after NaN", func(t *testing.T) { forgetsBadInputs(t, dev) })
	t.Run("with NaN", func(t *testing.T) { showsBadInputs(t, dev) })
	t.Run("load while running", func(t *testing.T) { loadsWhileRunning(t, dev) })
	t.Run("no numbers", func(t *testing.T) { refusesNoNumbers(t, dev) })
	t.Run("reload", func(t *testing.T) { loadsAfterUnloading(t, dev) })
}

func cases() []testCase {
	var all []testCase
	for _, part := range [][]testCase{linearCases(), convolutionCases(), attentionCases(), rowCases(), viewCases(), towerCases()} {
		all = append(all, part...)
	}
	return all
}

// compare runs a case on the reference and on the device: plainly, since guards hand over whole buffers and so hide how a
// device finds outputs that are parts of one, and guarded.
func compare(t *testing.T, dev kernels.Device, c testCase) {
	want := run(t, reference.New(reference.Options{Precision: dev.Precision()}), c)
	for _, d := range []kernels.Device{
		dev,
		&guard{Device: dev, t: t, poison: float32(math.NaN())},
		&guard{Device: dev, t: t, poison: 7777.5},
	} {
		got := run(t, d, c)
		for i := range want {
			agree(t, c.allowed(dev.Precision()), i, want[i], got[i])
		}
	}
}

// allowed is the tolerance in a precision. Where rows are rounded before they are multiplied, the last bit of a sum decides
// now and then which way a value goes in the next product: only the first one is as exact.
func (c testCase) allowed(p kernels.Precision) float64 {
	if strings.HasPrefix(c.name, "tower/") {
		switch p {
		case kernels.BF16:
			return max(c.tolerance, 1e-2)
		case kernels.Int8:
			return max(c.tolerance, 5e-2)
		}
	}
	return c.tolerance
}

func agree(t *testing.T, allowed float64, output int, want, got []float32) {
	t.Helper()
	var largest, worst float64
	at := 0
	for _, v := range want {
		largest = max(largest, math.Abs(float64(v)))
	}
	for i := range want {
		d := math.Abs(float64(want[i]) - float64(got[i]))
		if math.IsNaN(d) {
			t.Fatalf("output %d: value %d of %d is %v, want %v", output, i, len(want), got[i], want[i])
		}
		if d > worst {
			worst, at = d, i
		}
	}
	if worst > allowed*(largest+1e-30) {
		t.Errorf("output %d: value %d of %d is %v, want %v: off by %.2e of the largest value, allowed %.0e",
			output, at, len(want), got[at], want[at], worst/largest, allowed)
	}
}

// run records a case on a device, runs it once and returns its outputs.
func run(t *testing.T, dev kernels.Device, c testCase) [][]float32 {
	t.Helper()
	b := newBench(t, dev)
	defer b.close()
	program, out := b.compile(c.build(b))
	defer program.Close()
	if err := program.Run(context.Background(), b.inputs, out); err != nil {
		t.Fatalf("Run: %v", err)
	}
	return out
}
