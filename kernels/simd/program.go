package simd

import (
	"context"

	"github.com/goclip/goclip/kernels"
)

// program is a list of steps over buffers that it owns.
type program struct {
	device          *Device
	buffers         [][]float32
	ints            [][]int32
	steps           []step
	scratch         [][]float32 // by worker
	scratchSize     int
	inputs, outputs []kernels.Ref
}

// Begin allocates a program's buffers.
func (d *Device) Begin(plan kernels.Plan) (kernels.Encoder, error) {
	p := &program{device: d, ints: make([][]int32, len(plan.Ints))}
	for _, n := range plan.Buffers {
		p.buffers = append(p.buffers, make([]float32, n))
	}
	return p, nil
}

// lightWork is the number of multiplications below which a step is not worth sharing.
const lightWork = 1 << 14

// add appends a step of so many units; work is a rough count of its multiplications.
func (p *program) add(units, work int, run func(worker, unit int)) {
	p.steps = append(p.steps, step{units: units, run: run, light: work < lightWork})
}

// addRows appends a step that works row by row, in units of several rows.
func (p *program) addRows(shape kernels.Shape, workPerRow int, run func(item, row int)) {
	rows := shape.Rows()
	total := shape.Items() * rows
	const unit = 8
	p.add((total+unit-1)/unit, total*workPerRow, func(_, u int) {
		for i := u * unit; i < min(total, (u+1)*unit); i++ {
			run(i/rows, i%rows)
		}
	})
}

// needScratch makes sure that every worker has this much memory of its own while a step runs.
func (p *program) needScratch(values int) { p.scratchSize = max(p.scratchSize, values) }

// memory is where a reference's numbers are.
func (p *program) memory(r kernels.Ref) []float32 {
	if r.Kind == kernels.Constant {
		return p.device.weight(r.Index).values
	}
	return p.buffers[r.Index]
}

// rows gives access to the rows of a reference.
func (p *program) rows(r kernels.Ref) view {
	return view{memory: p.memory(r), ref: r, width: r.Shape.Width()}
}

// view reads rows of a reference whose memory is known.
type view struct {
	memory []float32
	ref    kernels.Ref
	width  int
}

func (v *view) row(item, row int) []float32 {
	at := v.ref.Offset + item*v.ref.Item + row*v.ref.Row
	return v.memory[at : at+v.width]
}

// Finish gives the workers their scratch memory.
func (p *program) Finish(inputs, outputs []kernels.Ref) (kernels.Program, error) {
	p.inputs, p.outputs = inputs, outputs
	for range p.device.pool.threads {
		p.scratch = append(p.scratch, make([]float32, p.scratchSize))
	}
	return p, nil
}

// Run computes the outputs.
func (p *program) Run(ctx context.Context, in kernels.Inputs, out [][]float32) error {
	p.device.running.Lock()
	defer p.device.running.Unlock()
	for i, ref := range p.inputs {
		copy(p.buffers[ref.Index], in.Floats[i])
	}
	copy(p.ints, in.Ints)
	for i := range p.steps {
		p.device.pool.do(ctx, &p.steps[i])
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	for i, ref := range p.outputs {
		from, to := p.rows(ref), out[i]
		for item := range ref.Shape.Items() {
			for row := range ref.Shape.Rows() {
				to = to[copy(to, from.row(item, row)):]
			}
		}
	}
	return nil
}

// Close frees the buffers.
func (p *program) Close() error {
	p.buffers, p.steps, p.scratch = nil, nil, nil
	return nil
}
