package kerneltest

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/goclip/goclip/kernels"
)

// smallSteps is how many steps small has once it is fused.
const smallSteps = 3*7 + 1

// small is a program with an integer input, products and attention.
func small(b *bench) []kernels.Tensor {
	x := b.value(2, 5, 12)
	for range 3 {
		x = b.block(x, 3, true, kernels.GELU)
	}
	return []kernels.Tensor{b.Gather(x, b.numbers([]int{2}, 4, 1))}
}

func boundsAllocations(t *testing.T, dev kernels.Device, perStep int) {
	b := newBench(t, dev)
	defer b.close()
	program, out := b.compile(small(b))
	defer program.Close()
	ctx := context.Background()
	if n := testing.AllocsPerRun(20, func() {
		if err := program.Run(ctx, b.inputs, out); err != nil {
			t.Fatal(err)
		}
	}); n > float64(perStep*smallSteps) {
		t.Errorf("Run allocates %v times, allowed %d for each of %d steps", n, perStep, smallSteps)
	}
}

func stopsWhenCancelled(t *testing.T, dev kernels.Device) {
	b := newBench(t, dev)
	defer b.close()
	program, out := b.compile(small(b))
	defer program.Close()
	for asked := range 2 {
		if err := program.Run(&ending{Context: context.Background(), left: asked}, b.inputs, out); !errors.Is(err, context.Canceled) {
			t.Errorf("Run with a context that has ended when it is asked for time %d gives %v, want %v", asked+1, err, context.Canceled)
		}
	}
	if err := program.Run(context.Background(), b.inputs, out); err != nil {
		t.Errorf("Run after a cancelled Run: %v", err)
	}
}

// ending is a context that ends after it has been asked so many times: the first one who asks stands before the device.
type ending struct {
	context.Context
	mu   sync.Mutex
	left int
}

func (e *ending) Err() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.left == 0 {
		return context.Canceled
	}
	e.left--
	return nil
}

// loadsWhileRunning opens and closes another model's weights beside a program that runs.
func loadsWhileRunning(t *testing.T, dev kernels.Device) {
	b := newBench(t, dev)
	defer b.close()
	program, out := b.compile(small(b))
	defer program.Close()
	var group sync.WaitGroup
	group.Go(func() {
		for range 20 {
			w, err := dev.Load(kernels.WeightSpec{Name: "other", Role: kernels.Matrix, Shape: kernels.Shape{3, 3}, Values: make([]float32, 9)})
			if err != nil {
				t.Errorf("Load beside Run: %v", err)
				return
			}
			dev.Unload(w)
		}
	})
	for range 20 {
		if err := program.Run(context.Background(), b.inputs, out); err != nil {
			t.Errorf("Run beside Load: %v", err)
		}
	}
	group.Wait()
}

func givesTheSameTwice(t *testing.T, dev kernels.Device) {
	b := newBench(t, dev)
	defer b.close()
	program, out := b.compile(small(b))
	defer program.Close()
	var first []float32
	for i := range 5 {
		if err := program.Run(context.Background(), b.inputs, out); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = slices.Clone(out[0])
		}
		if !slices.Equal(first, out[0]) {
			t.Fatalf("Run %d of the same program gives other numbers", i+1)
		}
	}
}

// forgetsBadInputs runs a program on NaN and then on numbers: nothing of the first Run may be left in scratch memory.
func forgetsBadInputs(t *testing.T, dev kernels.Device) {
	b := newBench(t, dev)
	defer b.close()
	// Widths that no tile divides leave padding in every packed row.
	x := b.Linear(b.value(1, 5, 13), b.matrix(13, 13))
	x = b.Attention(x, x, x, 1, false)
	x = b.Linear(b.Linear(x, b.matrix(29, 13)), b.matrix(7, 29))
	program, out := b.compile([]kernels.Tensor{x})
	defer program.Close()
	run := func() []float32 {
		if err := program.Run(context.Background(), b.inputs, out); err != nil {
			t.Fatal(err)
		}
		return slices.Clone(out[0])
	}
	want := run()
	good := slices.Clone(b.inputs.Floats[0])
	for i := range b.inputs.Floats[0] {
		b.inputs.Floats[0][i] = float32(math.NaN())
	}
	run()
	copy(b.inputs.Floats[0], good)
	if !slices.Equal(want, run()) {
		t.Error("a Run on NaN changes the results of the next one")
	}
}

// showsBadInputs multiplies rows, some with a NaN or an infinity: what comes of these is no number, in any precision, and of others is.
func showsBadInputs(t *testing.T, dev kernels.Device) {
	const rows, depth = 16, 70
	b := newBench(t, dev)
	defer b.close()
	program, out := b.compile([]kernels.Tensor{b.Linear(b.value(1, rows, depth), b.matrix(9, depth))})
	defer program.Close()
	bad := func(row int) bool { return row%5 == 1 }
	for row := range rows {
		if bad(row) {
			b.inputs.Floats[0][row*depth+4*row] = float32([]float64{math.NaN(), math.Inf(1), math.Inf(-1)}[row/5%3])
		}
	}
	if err := program.Run(context.Background(), b.inputs, out); err != nil {
		t.Fatal(err)
	}
	for i, v := range out[0] {
		if number := v-v == 0; number == bad(i/9) {
			t.Fatalf("row %d, which has a value that is no number: %v, gives %v", i/9, bad(i/9), v)
		}
	}
}

func loadsAfterUnloading(t *testing.T, dev kernels.Device) {
	for range 3 {
		run(t, dev, testCase{build: small})
	}
}

// refusesNoNumbers loads weights with NaN and infinities among their values, at every place that a loop may treat apart.
func refusesNoNumbers(t *testing.T, dev kernels.Device) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for at := range 9 {
			spec := kernels.WeightSpec{Name: "block.3.up", Role: kernels.Matrix, Shape: kernels.Shape{3, 2}, Values: make([]float32, 6), Bias: make([]float32, 3)}
			if at < 6 {
				spec.Values[at] = float32(v)
			} else {
				spec.Bias[at-6] = float32(v)
			}
			w, err := dev.Load(spec)
			if err == nil {
				dev.Unload(w)
				t.Errorf("Load takes %v at place %d", v, at)
			} else if !strings.Contains(err.Error(), spec.Name) {
				t.Errorf("Load does not say which weight holds %v: %v", v, err)
			}
		}
	}
}
