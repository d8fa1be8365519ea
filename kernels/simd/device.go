// Package simd runs programs on CPUs with all cores.
//
// Today it has one level, generic: portable Go, cache-blocked products over packed weights, no assembly. Levels in
// assembly join by replacing the microkernel and its tile; everything round it stays.
//
// # Why are weights packed?
//
// A product's inner loop reads a few columns of the weight side by side. Packing them at load into panels of that many
// columns (panel.go) makes every read of the hot loop sequential, and the padding at the edges leaves it without a branch.
package simd

import (
	"fmt"
	"runtime"
	"sync"

	"github.com/goclip/goclip/kernels"
)

// Options choose how a device computes.
type Options struct {
	// Threads is the number of cores to use; 0 takes all that the process may use.
	Threads int
}

// weight is a loaded tensor: packed panels for products, plain values otherwise.
type weight struct {
	values []float32
	bias   []float32 // padded to whole panels for products
}

// Device computes in float32 on the CPU.
type Device struct {
	pool *pool

	running sync.Mutex // one program at a time has the workers

	mu      sync.Mutex // guards what follows
	weights map[int]*weight
	next    int
}

// New starts a device and its worker goroutines.
func New(o Options) *Device {
	if o.Threads < 1 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	return &Device{pool: newPool(o.Threads), weights: map[int]*weight{}}
}

// Name says what computes, with which level and on how many threads.
func (d *Device) Name() string {
	return fmt.Sprintf("cpu (generic, %s, f32)", threads(d.pool.threads))
}

func threads(n int) string {
	if n == 1 {
		return "1 thread"
	}
	return fmt.Sprintf("%d threads", n)
}

// Load packs a weight.
func (d *Device) Load(s kernels.WeightSpec) (kernels.Weight, error) {
	if err := s.Check(); err != nil {
		return kernels.Weight{}, fmt.Errorf("simd: %w", err)
	}
	w := &weight{}
	switch s.Role {
	case kernels.Matrix, kernels.Filter:
		out := s.Shape[0]
		w.values = packColumns(s.Values, out, len(s.Values)/out)
		w.bias = make([]float32, roundUp(out, tileColumns))
		copy(w.bias, s.Bias)
	default:
		w.values = append([]float32(nil), s.Values...)
		w.bias = append([]float32(nil), s.Bias...)
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

// Close frees all weights and ends the workers.
func (d *Device) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.weights)
	d.pool.close()
	return nil
}
