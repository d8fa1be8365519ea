// Package simd runs programs on CPUs with all cores, in the widest vectors that they have. README.md beside it is the tour:
// packing, tiles and registers.
//
// # Why assembly?
//
// A matrix kernel lives from keeping its sums in registers, all of them, from the first product to the last. Compilers
// spill some. So the kernels are written by a generator (_asm) once for each instruction set, and the same functions in
// plain Go (internal/generic) say what they compute.
//
// # Why are weights packed?
//
// A product's inner loop reads a few columns of the weight side by side. Packing them at load into panels of that many
// columns makes every read of the hot loop sequential, and the padding at the edges leaves it without a branch.
//
// # Why a self-test?
//
// Nobody can test every processor, emulator and hypervisor. A level computes known answers before it is used for the first
// time; where one is wrong, the next lower level is taken, and [Device.Name] says so.
package simd

import (
	"fmt"
	"sync"

	"github.com/goclip/goclip/kernels"
)

// Options choose how a device computes.
type Options struct {
	// Threads is the number of cores to use; 0 takes all that the process may use, which is also the most.
	Threads int
	// Level is one of Levels; "" takes what the environment variable GOCLIP_SIMD names, and without it the fastest.
	Level string
	// Precision is how matrices are kept and multiplied. F16 and BF16 take half the memory of F32, Int8 a quarter.
	Precision kernels.Precision
}

// Device computes on the CPU.
type Device struct {
	level     *level
	note      string // what stands against what was asked for
	precision kernels.Precision
	threads   int

	running sync.Mutex // one program of the device runs at a time

	mu      sync.Mutex // guards what follows
	weights map[int]*weight
	next    int
}

// New makes a device. A level that is not there or not well is not used: Name says what is used instead, and why.
func New(o Options) *Device {
	if o.Threads < 1 || o.Threads > cap(cores) {
		o.Threads = cap(cores)
	}
	d := &Device{threads: o.Threads, precision: o.Precision, weights: map[int]*weight{}}
	d.level, d.note = choose(o.Level)
	return d
}

// Name says what computes, with which level and on how many threads.
func (d *Device) Name() string {
	threads := "1 thread"
	if d.threads > 1 {
		threads = fmt.Sprintf("%d threads", d.threads)
	}
	note := ""
	if d.note != "" {
		note = "; " + d.note
	}
	return fmt.Sprintf("cpu (%s, %s, %s%s)", d.level.name, threads, d.precision, note)
}

// Precision is that of Options.
func (d *Device) Precision() kernels.Precision { return d.precision }

// Threads is the number of cores that a program uses at most.
func (d *Device) Threads() int { return d.threads }

// Load packs a weight.
func (d *Device) Load(s kernels.WeightSpec) (kernels.Weight, error) {
	if err := s.Check(); err != nil {
		return kernels.Weight{}, fmt.Errorf("simd: %w", err)
	}
	w := &weight{}
	switch s.Role {
	case kernels.Matrix, kernels.Filter:
		f := &d.level.forms[kernels.F32]
		out := s.Shape[0]
		in := len(s.Values) / out
		if s.Role == kernels.Matrix && d.precision.Fits(s.Values, in) {
			f = &d.level.forms[d.precision]
		}
		w = f.load(d.level, s.Values, s.Bias, out, in)
	default:
		w.values = append(aligned(len(s.Values))[:0], s.Values...)
		w.bias = append(aligned(len(s.Bias))[:0], s.Bias...)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.next++
	d.weights[d.next] = w
	return kernels.Weight{ID: d.next, Role: s.Role, Shape: append(kernels.Shape{}, s.Shape...), Bias: s.Bias != nil}, nil
}

// Unload frees a weight.
func (d *Device) Unload(w kernels.Weight) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.weights, w.ID)
}

func (d *Device) weight(id int) *weight {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.weights[id]
}

// Close frees all weights.
func (d *Device) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.weights)
	return nil
}
