package zoo

import (
	"fmt"

	"github.com/goclip/goclip/core/checkpoint"
	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/kernels"
)

// shape is what each of a parameter's sources must look like, before any part of it is taken.
func (r rule) shape(p tower.Param) kernels.Shape {
	shape := append(kernels.Shape{}, p.Shape...)
	shape[0] /= len(r.values)
	switch r.layout {
	case transposed:
		shape[0], shape[1] = shape[1], shape[0]
	case filterOIHW:
		shape = kernels.Shape{shape[0], shape[3], shape[1], shape[2]}
	}
	return shape
}

// read appends a source's values.
func (s source) read(c *checkpoint.Checkpoint, to []float32) ([]float32, error) {
	values, err := c.Floats(s.name, nil)
	if err != nil {
		return nil, err
	}
	if s.of > 0 {
		n := len(values) / s.of
		values = values[s.part*n : (s.part+1)*n]
	}
	if to == nil {
		return values, nil
	}
	return append(to, values...), nil
}

// assemble reads a parameter and brings it into the tower's layout.
func (r rule) assemble(c *checkpoint.Checkpoint, p tower.Param) (values, bias []float32, err error) {
	for _, s := range r.values {
		if values, err = s.read(c, values); err != nil {
			return nil, nil, err
		}
	}
	for _, s := range r.bias {
		if bias, err = s.read(c, bias); err != nil {
			return nil, nil, err
		}
	}
	if len(values) != p.Shape.Elements() || (p.Bias && len(bias) != p.Shape[0]) {
		return nil, nil, fmt.Errorf("zoo: %s has %d values and %d bias values for shape %v", p.Name, len(values), len(bias), p.Shape)
	}
	switch r.layout {
	case transposed:
		values = transpose(values, p.Shape[0], p.Shape[1])
	case filterOIHW:
		values = channelsLast(values, p.Shape)
	}
	if _, ok := c.Lookup(r.scale); ok && r.scale != "" {
		gamma, err := c.Floats(r.scale, nil)
		if err != nil {
			return nil, nil, err
		}
		scaleOutputs(values, bias, gamma)
	}
	return values, bias, nil
}

// transpose turns [in, out] into [out, in].
func transpose(values []float32, out, in int) []float32 {
	turned := make([]float32, len(values))
	for o := range out {
		for i := range in {
			turned[o*in+i] = values[i*out+o]
		}
	}
	return turned
}

// channelsLast turns [out, in, kernel, kernel] into shape, which is [out, kernel, kernel, in].
func channelsLast(values []float32, shape kernels.Shape) []float32 {
	taps, channels := shape[1]*shape[2], shape[3]
	turned := make([]float32, len(values))
	for o := range shape[0] {
		filter := values[o*taps*channels:]
		for tap := range taps {
			for c := range channels {
				turned[(o*taps+tap)*channels+c] = filter[c*taps+tap]
			}
		}
	}
	return turned
}

// scaleOutputs folds a layer scale gamma into the product before it: gamma·(Wx+b) = (gamma·W)x + gamma·b.
func scaleOutputs(values, bias, gamma []float32) {
	width := len(values) / len(gamma)
	for o, g := range gamma {
		row := values[o*width : (o+1)*width]
		for i := range row {
			row[i] *= g
		}
		if bias != nil {
			bias[o] *= g
		}
	}
}

// Load reads the weights of one tower, one at a time, and hands each to load; the slices are not used again.
func (m *Model) Load(params []tower.Param, image bool, load func(tower.Param, []float32, []float32) error) error {
	scheme := m.text
	if image {
		scheme = m.image
	}
	for _, p := range params {
		r, ok := scheme.rule(p)
		if !ok {
			panic("BUG: zoo: no rule for " + p.Name)
		}
		values, bias, err := r.assemble(m.Checkpoint, p)
		if err != nil {
			return err
		}
		if err := load(p, values, bias); err != nil {
			return err
		}
	}
	return nil
}
