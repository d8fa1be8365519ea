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
	"strings"
	"sync"

	"github.com/goclip/goclip/kernels"
)

// Options choose how a device computes.
type Options struct {
	// Threads is the number of cores to use; 0 takes all that the process may use, which is also the most.
	Threads int
	// Level is one of Levels; "" takes what the environment variable GOCLIP_SIMD names, and without it the fastest.
	Level string
	// Half keeps the matrices in float16: half the memory, the same sums. The level must have kernels for it, as avx2 and
	// avx512 do; a matrix with values that float16 has no room for stays in float32.
	Half bool
}

// Device computes in float32 on the CPU.
type Device struct {
	level   *level
	note    string // what stands against what was asked for
	half    bool   // matrices are kept in float16
	threads int

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
	d := &Device{threads: o.Threads, weights: map[int]*weight{}}
	d.level, d.note = choose(o.Level)
	if d.half = o.Half && d.level.widen != nil; o.Half && !d.half {
		d.note = strings.TrimPrefix(d.note+"; this level has no float16", "; ")
	}
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
	return fmt.Sprintf("cpu (%s, %s, %s%s)", d.level.name, threads, d.Precision(), note)
}

// Precision is float32 or, with Half, float16.
func (d *Device) Precision() kernels.Precision {
	if d.half {
		return kernels.F16
	}
	return kernels.F32
}

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
		out := s.Shape[0]
		if in := len(s.Values) / out; d.half && s.Role == kernels.Matrix && fitsHalf(s.Values) {
			w.half = d.level.packHalf(s.Values, out, in)
		} else {
			w.values = d.level.packColumns(s.Values, out, in)
		}
		w.bias = aligned(roundUp(out, d.level.columns))
		copy(w.bias, s.Bias)
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
