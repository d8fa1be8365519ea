package webgpu

import (
	"fmt"

	"github.com/goclip/goclip/kernels"
)

// weight is a loaded tensor: the parts of a product's matrix or filter, a vector with its bias behind it, both on the GPU, or
// the values of a table, on the host.
type weight struct {
	shape  kernels.Shape
	format kernels.Precision
	parts  []*part
	memory
	table []float32
}

// memories visits the buffers of a weight.
func (w *weight) memories() []*memory {
	list := []*memory{&w.memory}
	for _, p := range w.parts {
		list = append(list, &p.memory)
	}
	return list
}

// Load brings a weight onto the GPU, a Table into a slice.
func (d *Device) Load(s kernels.WeightSpec) (kernels.Weight, error) {
	if err := s.Check(); err != nil {
		return kernels.Weight{}, fmt.Errorf("webgpu: %w", err)
	}
	w := &weight{shape: append(kernels.Shape{}, s.Shape...)}

	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.usable(); err != nil {
		return kernels.Weight{}, err
	}
	if err := d.guard("weight "+s.Name, func() error { return d.load(w, s) }); err != nil {
		for _, m := range w.memories() {
			d.free(m)
		}
		return kernels.Weight{}, err
	}
	d.next++
	d.weights[d.next] = w
	return kernels.Weight{ID: d.next, Role: s.Role, Shape: w.shape, Bias: s.Bias != nil}, nil
}

func (d *Device) load(w *weight, s kernels.WeightSpec) error {
	switch s.Role {
	case kernels.Table:
		w.table = append([]float32(nil), s.Values...)
		return nil
	case kernels.Vector:
		if err := d.fits("weight "+s.Name, len(s.Values)+len(s.Bias)); err != nil {
			return err
		}
		w.memory = memory{label: s.Name, bytes: floats(len(s.Values) + len(s.Bias))}
		return d.fill(&w.memory, func(yield func(uint64, []byte) error) error {
			if err := yield(0, bytesOf(s.Values)); err != nil {
				return err
			}
			return yield(4*uint64(len(s.Values)), bytesOf(s.Bias))
		})
	}
	depth := len(s.Values) / s.Shape[0]
	if s.Role == kernels.Matrix && d.precision.Fits(s.Values, depth) {
		w.format = d.precision
	}
	w.parts = partsOf(s.Name, s.Shape[0], depth, w.format, d.bindable())
	for _, p := range w.parts {
		if err := d.fits("a part of weight "+s.Name, int(p.bytes/4)); err != nil {
			return err
		}
		err := d.fill(&p.memory, func(yield func(uint64, []byte) error) error { return p.packed(s, w.format, yield) })
		if err != nil {
			return err
		}
	}
	return nil
}

// fill makes a buffer of the pieces that it is handed.
func (d *Device) fill(m *memory, pieces func(yield func(at uint64, data []byte) error) error) error {
	if err := d.allocate(m, storage); err != nil {
		return err
	}
	if err := pieces(func(at uint64, data []byte) error { return d.upload(m, at, data) }); err != nil {
		return err
	}
	return d.settle()
}

// Unload frees a weight.
func (d *Device) Unload(w kernels.Weight) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if loaded := d.weights[w.ID]; loaded != nil {
		for _, m := range loaded.memories() {
			d.free(m)
		}
		delete(d.weights, w.ID)
	}
}
