// Package reference runs programs in plain Go with one obvious loop for each op and float64 sums. It is the oracle that
// every other device is tested against; nothing here is meant to be fast.
package reference

import (
	"context"
	"fmt"
	"sync"

	"github.com/goclip/goclip/kernels"
)

// weight is a loaded tensor, as it came, or rounded to the precision of the device.
type weight struct {
	shape        kernels.Shape
	values, bias []float32
	precision    kernels.Precision // of values, and of what they are multiplied with
}

// Options choose how a device computes.
type Options struct {
	// Precision of the matrices: what a fast device of that precision should give.
	Precision kernels.Precision
}

// Device computes with float64 accumulation on one core.
type Device struct {
	precision kernels.Precision

	running sync.Mutex // one program runs at a time

	mu      sync.Mutex // guards what follows
	weights map[int]weight
	next    int
}

// New makes a reference device.
func New(o Options) *Device { return &Device{precision: o.Precision, weights: map[int]weight{}} }

// Name is "reference (f32, float64 sums)", or so with another precision.
func (d *Device) Name() string { return fmt.Sprintf("reference (%s, float64 sums)", d.precision) }

// Precision is that of Options.
func (d *Device) Precision() kernels.Precision { return d.precision }

// Load keeps a copy of the weight.
func (d *Device) Load(s kernels.WeightSpec) (kernels.Weight, error) {
	if err := s.Check(); err != nil {
		return kernels.Weight{}, fmt.Errorf("reference: %w", err)
	}
	shape := append(kernels.Shape{}, s.Shape...)
	w := weight{shape: shape, values: append([]float32(nil), s.Values...), bias: append([]float32(nil), s.Bias...)}
	if s.Role == kernels.Matrix && d.precision.Fits(s.Values, shape.Width()) {
		w.precision = d.precision
		whole := make([]int8, shape.Width())
		for row := range shape.Items() {
			round(w.values[row*len(whole):][:len(whole)], whole, w.precision)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.next++
	d.weights[d.next] = w
	return kernels.Weight{ID: d.next, Role: s.Role, Shape: shape, Bias: s.Bias != nil}, nil
}

// Unload forgets the weight.
func (d *Device) Unload(w kernels.Weight) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.weights, w.ID)
}

func (d *Device) weight(id int) weight {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.weights[id]
}

// Close forgets all weights.
func (d *Device) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.weights)
	return nil
}

// Begin starts a program.
func (d *Device) Begin(plan kernels.Plan) (kernels.Encoder, error) {
	p := &program{device: d, ints: make([][]int32, len(plan.Ints))}
	for _, n := range plan.Buffers {
		p.buffers = append(p.buffers, make([]float32, n))
	}
	return p, nil
}

// program is a list of closures over the buffers.
type program struct {
	device          *Device
	buffers         [][]float32
	ints            [][]int32
	steps           []func()
	inputs, outputs []kernels.Ref
}

func (p *program) step(f func()) { p.steps = append(p.steps, f) }

// row is row r of item i.
func (p *program) row(ref kernels.Ref, item, r int) []float32 {
	var memory []float32
	if ref.Kind == kernels.Value {
		memory = p.buffers[ref.Index]
	} else {
		memory = p.device.weight(ref.Index).values
	}
	at := ref.At(item, r)
	return memory[at : at+ref.Shape.Width()]
}

// each calls f for every row of every item of a shape.
func each(shape kernels.Shape, f func(item, row int)) {
	for i := range shape.Items() {
		for r := range shape.Rows() {
			f(i, r)
		}
	}
}

// Finish ends the recording.
func (p *program) Finish(inputs, outputs []kernels.Ref) (kernels.Program, error) {
	p.inputs, p.outputs = inputs, outputs
	return p, nil
}

// Run computes the outputs, step by step.
func (p *program) Run(ctx context.Context, in kernels.Inputs, out [][]float32) error {
	p.device.running.Lock()
	defer p.device.running.Unlock()
	for i, ref := range p.inputs {
		copy(p.buffers[ref.Index], in.Floats[i])
	}
	copy(p.ints, in.Ints)
	for _, step := range p.steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		step()
	}
	for i, ref := range p.outputs {
		at := out[i]
		for item := range ref.Shape.Items() {
			for r := range ref.Shape.Rows() {
				at = at[copy(at, p.row(ref, item, r)):]
			}
		}
	}
	return nil
}

// Close frees the buffers.
func (p *program) Close() error {
	p.buffers, p.steps = nil, nil
	return nil
}
