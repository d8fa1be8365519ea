package webgpu

import (
	"fmt"

	"github.com/goclip/goclip/kernels"
)

// weight is a loaded tensor: its values and behind them its bias, on the GPU; the values of a table, on the host.
type weight struct {
	memory
	shape kernels.Shape
	table []float32
}

// Load brings a weight onto the GPU, a Table into a slice. Products without a bias get one of zeros.
func (d *Device) Load(s kernels.WeightSpec) (kernels.Weight, error) {
	if err := s.Check(); err != nil {
		return kernels.Weight{}, fmt.Errorf("webgpu: %w", err)
	}
	tail := s.Bias
	if s.Bias == nil && (s.Role == kernels.Matrix || s.Role == kernels.Filter) {
		tail = make([]float32, s.Shape[0])
	}
	w := &weight{shape: append(kernels.Shape{}, s.Shape...)}

	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.usable(); err != nil {
		return kernels.Weight{}, err
	}
	if s.Role == kernels.Table {
		w.table = append([]float32(nil), s.Values...)
	} else {
		if err := d.fits("weight "+s.Name, len(s.Values)+len(tail)); err != nil {
			return kernels.Weight{}, err
		}
		w.memory = memory{label: s.Name, bytes: floats(len(s.Values) + len(tail))}
		if err := d.guard("weight "+s.Name, func() error { return d.fill(&w.memory, s.Values, tail) }); err != nil {
			d.free(&w.memory)
			return kernels.Weight{}, err
		}
	}
	d.next++
	d.weights[d.next] = w
	return kernels.Weight{ID: d.next, Role: s.Role, Shape: w.shape, Bias: s.Bias != nil}, nil
}

// fill makes a buffer of these values, one after the other.
func (d *Device) fill(m *memory, values, tail []float32) error {
	if err := d.allocate(m, storage); err != nil {
		return err
	}
	if err := d.upload(m, 0, bytesOf(values)); err != nil {
		return err
	}
	if err := d.upload(m, 4*uint64(len(values)), bytesOf(tail)); err != nil {
		return err
	}
	return d.settle()
}

// Unload frees a weight.
func (d *Device) Unload(w kernels.Weight) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if loaded := d.weights[w.ID]; loaded != nil {
		d.free(&loaded.memory)
		delete(d.weights, w.ID)
	}
}
