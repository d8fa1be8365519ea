package zoo

import (
	"fmt"
	"slices"

	"github.com/goclip/goclip/core/checkpoint"
	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/kernels"
)

// need is a tensor that a rule reads.
type need struct {
	name   string
	shape  kernels.Shape
	buffer bool // a running statistic, which PyTorch does not count as a parameter
}

// needs lists the tensors that a rule reads for a parameter, each once.
func (r rule) needs(p tower.Param) []need {
	var list []need
	add := func(more ...need) {
		for _, n := range more {
			if !slices.ContainsFunc(list, func(have need) bool { return have.name == n.name }) {
				list = append(list, n)
			}
		}
	}
	for _, t := range r.terms() {
		for _, s := range t.values {
			add(need{name: s.name, shape: s.whole(t.shape(p))})
		}
		for _, s := range t.bias {
			if s.name == "" {
				continue
			}
			add(need{name: s.name, shape: s.whole(kernels.Shape{p.Shape[0] / len(t.bias)})})
		}
		add(t.before.needs(p.Shape.Width())...)
		add(t.after.needs(p.Shape[0])...)
		for _, name := range t.scales {
			add(need{name: name, shape: kernels.Shape{p.Shape[0]}})
		}
	}
	return list
}

func (b batchNorm) needs(width int) []need {
	if b.stem == "" {
		return nil
	}
	shape := kernels.Shape{width}
	return []need{{b.stem + ".weight", shape, false}, {b.stem + ".bias", shape, false},
		{b.stem + ".running_mean", shape, true}, {b.stem + ".running_var", shape, true}}
}

// whole is the shape of the tensor that a source of this shape is part of.
func (s source) whole(shape kernels.Shape) kernels.Shape {
	shape = append(kernels.Shape{}, shape...)
	shape[0] *= max(1, s.of)
	return shape
}

// term is one product of the sum that a rule describes, with all factors that apply to it.
type term struct {
	rule
	scales []string
}

// terms writes a rule out as a sum.
func (r rule) terms() []term {
	list := []term{{rule: r}}
	for _, branch := range r.plus {
		list = append(list, branch.terms()...)
	}
	for i := range list {
		if r.scale != "" {
			list[i].scales = append(list[i].scales, r.scale)
		}
		if i > 0 && r.minus {
			list[i].minus = !list[i].minus
		}
	}
	return list
}

// shape is what each of the term's sources must look like, before any part of it is taken.
func (t term) shape(p tower.Param) kernels.Shape {
	shape := append(kernels.Shape{}, p.Shape...)
	shape[0] /= len(t.values)
	switch t.layout {
	case transposed:
		shape[0], shape[1] = shape[1], shape[0]
	case filterOIHW:
		side := t.side(p)
		shape = kernels.Shape{shape[0], p.Shape.Width(), side, side}
	case filterHWIO:
		side := t.side(p)
		shape = kernels.Shape{side, side, p.Shape.Width(), shape[0]}
	}
	return shape
}

// side is the side of the term's filters; a matrix is a filter of one pixel.
func (t term) side(p tower.Param) int {
	switch {
	case t.kernel > 0:
		return t.kernel
	case len(p.Shape) == 4:
		return p.Shape[1]
	default:
		return 1
	}
}

// assemble reads a parameter, brings it into the tower's layout and folds into it what the rule says. What is folded is
// computed in float64 and rounded once. The values may lie in room, if it is large enough.
func (r rule) assemble(c *checkpoint.Checkpoint, p tower.Param, room []float32) (values, bias []float32, err error) {
	if r.known != nil {
		return r.known, nil, nil
	}
	terms := r.terms()
	if len(terms) == 1 {
		return terms[0].alone(c, p, room)
	}
	sum, sumBias := make([]float64, p.Shape.Elements()), make([]float64, p.Shape[0])
	for _, t := range terms {
		values, bias, err := t.read(c, p, nil)
		if err != nil {
			return nil, nil, err
		}
		a, err := t.affine(c, p.Shape[0])
		if err != nil {
			return nil, nil, err
		}
		t.addTo(sum, values, a, p)
		for o := range sumBias {
			sumBias[o] += a.shift[o]
			if bias != nil {
				sumBias[o] += a.factor[o] * float64(bias[o])
			}
		}
	}
	return rounded(sum), rounded(sumBias), nil
}

func rounded(values []float64) []float32 {
	out := make([]float32, len(values))
	for i, v := range values {
		out[i] = float32(v)
	}
	return out
}

// alone is a parameter of one term. Its own slices are changed, so that nothing is held twice.
func (t term) alone(c *checkpoint.Checkpoint, p tower.Param, room []float32) (values, bias []float32, err error) {
	if values, bias, err = t.read(c, p, room); err != nil {
		return nil, nil, err
	}
	if bias == nil && p.Bias && t.before.stem+t.after.stem != "" {
		bias = make([]float32, p.Shape[0])
	}
	if t.blank && len(values) >= p.Shape.Width() {
		clear(values[:p.Shape.Width()])
	}
	if len(values) != p.Shape.Elements() || (p.Bias && len(bias) != p.Shape[0]) {
		return nil, nil, fmt.Errorf("zoo: %s has %d values and %d bias values for shape %v", p.Name, len(values), len(bias), p.Shape)
	}
	if t.before.stem != "" {
		a, err := t.before.affine(c, p.Shape.Width())
		if err != nil {
			return nil, nil, err
		}
		foldBefore(values, bias, a)
	}
	if t.after.stem == "" && len(t.scales) == 0 {
		return values, bias, nil
	}
	a, err := t.affine(c, p.Shape[0])
	if err != nil {
		return nil, nil, err
	}
	foldAfter(values, bias, a)
	return values, bias, nil
}

// read reads a term's tensors, into room if it is large enough, and brings them into the tower's layout.
func (t term) read(c *checkpoint.Checkpoint, p tower.Param, room []float32) (values, bias []float32, err error) {
	if values = room[:0]; cap(values) < p.Shape.Elements() {
		values = make([]float32, 0, p.Shape.Elements())
	}
	for _, s := range t.values {
		if t.layout != transposed || len(t.values) == 1 {
			if values, err = s.read(c, values); err != nil {
				return nil, nil, err
			}
			continue
		}
		part, err := s.read(c, nil)
		if err != nil {
			return nil, nil, err
		}
		values = append(values, transpose(part, p.Shape[0]/len(t.values), p.Shape[1])...)
	}
	for _, s := range t.bias {
		if s.name == "" {
			bias = append(bias, make([]float32, p.Shape[0]/len(t.bias))...)
			continue
		}
		if bias, err = s.read(c, bias); err != nil {
			return nil, nil, err
		}
	}
	switch t.layout {
	case transposed:
		if len(t.values) == 1 {
			values = transpose(values, p.Shape[0], p.Shape[1])
		}
	case filterHWIO:
		values = transpose(values, p.Shape[0], len(values)/p.Shape[0])
	case filterOIHW:
		side := t.side(p)
		values = channelsLast(values, kernels.Shape{p.Shape[0], side, side, p.Shape.Width()})
	}
	return values, bias, nil
}

// read appends a source's values. A whole tensor is read to its place where to has room for it.
func (s source) read(c *checkpoint.Checkpoint, to []float32) ([]float32, error) {
	if s.of > 0 {
		values, err := c.Floats(s.name, nil)
		if err != nil {
			return nil, err
		}
		n := len(values) / s.of
		return append(to, values[s.part*n:(s.part+1)*n]...), nil
	}
	values, err := c.Floats(s.name, to[len(to):])
	switch {
	case err != nil:
		return nil, err
	case len(to) == 0:
		return values, nil
	case len(values) <= cap(to)-len(to):
		return to[:len(to)+len(values)], nil
	}
	return append(to, values...), nil
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
