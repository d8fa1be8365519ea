package simd

import (
	"context"

	"github.com/goclip/goclip/kernels"
)

// program is a list of steps over buffers that it owns.
type program struct {
	device          *Device
	level           *level
	buffers         [][]float32
	ints            [][]int32
	crew            crew
	scratch         [][]float32 // by worker
	scratchSize     int
	shared          []float32 // packed rows that one step leaves for the next
	sharedSize      int
	last            *multiplication // that was added
	inputs, outputs []kernels.Ref
}

// Begin allocates a program's buffers.
func (d *Device) Begin(plan kernels.Plan) (kernels.Encoder, error) {
	p := &program{device: d, level: d.level, ints: make([][]int32, len(plan.Ints))}
	for _, n := range plan.Buffers {
		p.buffers = append(p.buffers, aligned(n))
	}
	return p, nil
}

// lightWork is the number of multiplications below which a step is not worth sharing.
const lightWork = 1 << 14

// add appends a step of so many units; work is a rough count of its multiplications.
func (p *program) add(units, work int, run func(worker, unit int)) {
	if work < lightWork {
		p.crew.steps = append(p.crew.steps, step{1, func(worker, _ int) {
			for unit := range units {
				run(worker, unit)
			}
		}})
		return
	}
	p.crew.steps = append(p.crew.steps, step{units, run})
}

// addRows appends a step that works row by row, in units of several rows.
func (p *program) addRows(shape kernels.Shape, workPerRow int, run func(item, row int)) {
	rows := shape.Rows()
	total := shape.Items() * rows
	const unit = 8
	p.add(ceilDiv(total, unit), total*workPerRow, func(_, u int) {
		for i := u * unit; i < min(total, (u+1)*unit); i++ {
			run(i/rows, i%rows)
		}
	})
}

// needScratch makes sure that every worker has this much memory of its own while a step runs.
func (p *program) needScratch(values int) { p.scratchSize = max(p.scratchSize, values) }

// needShared makes sure that there is this much memory for packed rows.
func (p *program) needShared(values int) { p.sharedSize = max(p.sharedSize, values) }

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

// even reports whether all rows of all items are equally far apart.
func (v *view) even() bool {
	return v.ref.Shape.Items() == 1 || v.ref.Item == v.ref.Shape.Rows()*v.ref.Row
}

// Finish gives the workers their scratch memory.
func (p *program) Finish(inputs, outputs []kernels.Ref) (kernels.Program, error) {
	p.inputs, p.outputs = inputs, outputs
	for range p.device.threads {
		p.scratch = append(p.scratch, aligned(p.scratchSize))
	}
	p.shared = aligned(p.sharedSize)
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
	if err := p.crew.run(ctx, p.device.threads); err != nil {
		return err
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
	p.buffers, p.scratch, p.shared, p.crew.steps = nil, nil, nil, nil
	return nil
}
