package kernels

import (
	"context"
	"fmt"
)

// checked stands before a device's program and refuses inputs that would make it read or write out of bounds, so that
// no device has to.
type checked struct {
	Program
	inputs, outputs []Ref
	ints            []intUse
}

// Run checks the inputs and runs the device's program.
func (p *checked) Run(ctx context.Context, in Inputs, out [][]float32) error {
	if len(in.Floats) != len(p.inputs) || len(in.Ints) != len(p.ints) || len(out) != len(p.outputs) {
		return fmt.Errorf("kernels: the program takes %d float and %d integer inputs and gives %d outputs, have %d, %d and %d",
			len(p.inputs), len(p.ints), len(p.outputs), len(in.Floats), len(in.Ints), len(out))
	}
	for i, r := range p.inputs {
		if len(in.Floats[i]) != r.Shape.Elements() {
			return fmt.Errorf("kernels: input %d has %d values, want %v", i, len(in.Floats[i]), r.Shape)
		}
	}
	for i, u := range p.ints {
		if len(in.Ints[i]) != u.count {
			return fmt.Errorf("kernels: integer input %d has %d values, want %d", i, len(in.Ints[i]), u.count)
		}
		for _, v := range in.Ints[i] {
			if v < u.low || v > u.high {
				return fmt.Errorf("kernels: integer input %d holds %d, which is not in %d … %d", i, v, u.low, u.high)
			}
		}
	}
	for i, r := range p.outputs {
		if len(out[i]) != r.Shape.Elements() {
			return fmt.Errorf("kernels: output %d has room for %d values, want %v", i, len(out[i]), r.Shape)
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return p.Program.Run(ctx, in, out)
}
