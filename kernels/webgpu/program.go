package webgpu

import (
	"context"
	"errors"
	"fmt"

	"github.com/gogpu/wgpu"

	"github.com/goclip/goclip/kernels"
)

var errProgramClosed = errors.New("webgpu: the program is closed")

// program is a list of dispatches and their buffers, first recorded, then finished.
type program struct {
	device *Device
	tiles  chosenTiles
	err    error // the first failure of the recording
	closed bool

	steps     []*step
	buffers   []*memory
	numbers   *memory // the integer inputs, one behind the other
	numbersAt []int   // where each begins
	host      []int32 // what is uploaded into numbers
	lookups   []*lookup
	whole     memory  // rows rounded for int8, of one product after the other
	empty     *memory // the device's, where a step has no such operand

	slots   memory // the steps' parameters
	results memory // what is mapped at the end of a Run

	inputs, outputs []kernels.Ref
	copies          []copyOut
}

// copyOut is a piece of an output on its way into results. Sizes are bytes.
type copyOut struct {
	from    *memory
	at      uint64
	into, n uint64
}

// Finish makes the program's buffers, compiles its shaders and binds every step.
func (p *program) Finish(inputs, outputs []kernels.Ref) (kernels.Program, error) {
	d := p.device
	p.inputs, p.outputs = inputs, outputs
	d.mu.Lock()
	defer d.mu.Unlock()
	if p.err == nil {
		p.err = d.usable()
	}
	if p.err == nil {
		p.err = d.guard("a program", p.build)
	}
	if p.err != nil {
		_ = unharmed(d.settle) // an upload that is under way must arrive before its buffer goes
		p.release()
		return nil, p.err
	}
	d.programs[p] = struct{}{}
	return p, nil
}

func (p *program) build() error {
	p.planCopies()
	if err := p.device.fits("rounded rows", int(p.whole.bytes/4)); err != nil {
		return err
	}
	p.slots = memory{label: "parameters", bytes: slotBytes * uint64(max(len(p.steps), 1))}
	for m, usage := range p.memories() {
		if err := p.device.allocate(m, usage); err != nil {
			return err
		}
	}
	params := make([]byte, p.slots.bytes)
	for i, s := range p.steps {
		if err := p.bind(i, s); err != nil {
			return err
		}
		copy(params[slotBytes*i:], bytesOf(s.params))
	}
	if err := p.device.upload(&p.slots, 0, params); err != nil {
		return err
	}
	return p.device.settle()
}

// memories visits every buffer that belongs to the program, with its usage.
func (p *program) memories() func(yield func(*memory, wgpu.BufferUsage) bool) {
	return func(yield func(*memory, wgpu.BufferUsage) bool) {
		for _, m := range p.buffers {
			if !yield(m, storage) {
				return
			}
		}
		for _, l := range p.lookups {
			if !yield(&l.memory, storage) {
				return
			}
		}
		if p.whole.bytes > 0 && !yield(&p.whole, storage) {
			return
		}
		_ = yield(p.numbers, storage) && yield(&p.slots, uniform) && yield(&p.results, readback)
	}
}

// planCopies lists what is copied out of the outputs: rows that touch go together, so that a dense output is one copy.
func (p *program) planCopies() {
	p.results.label = "results"
	for _, r := range p.outputs {
		from, width := p.memory(r), 4*uint64(r.Shape.Width())
		for item := range r.Shape.Items() {
			for row := range r.Shape.Rows() {
				at := 4 * uint64(r.At(item, row))
				if n := len(p.copies); n > 0 && p.copies[n-1].from == from && p.copies[n-1].at+p.copies[n-1].n == at {
					p.copies[n-1].n += width
				} else {
					p.copies = append(p.copies, copyOut{from: from, at: at, into: p.results.bytes, n: width})
				}
				p.results.bytes += width
			}
		}
	}
	p.results.bytes = (p.results.bytes + 7) / 8 * 8 // what is mapped is a multiple of 8 long
}

// bind compiles a step's shader and makes its bind group. Whole buffers are bound: offsets are parameters, since those
// of bindings would have to be multiples of 256.
func (p *program) bind(i int, s *step) error {
	var err error
	if s.pipeline, err = p.device.pipeline(s.label(), s.shader, s.constants, len(s.memories)-1); err != nil {
		return err
	}
	entries := []wgpu.BindGroupEntry{{Binding: 0, Buffer: p.slots.buffer, Offset: slotBytes * uint64(i), Size: slotBytes}}
	for j, m := range s.memories {
		entries = append(entries, wgpu.BindGroupEntry{Binding: uint32(1 + j), Buffer: m.buffer, Size: m.bytes})
	}
	s.group, err = p.device.gpu.CreateBindGroup(&wgpu.BindGroupDescriptor{
		Label: fmt.Sprintf("step %d", i), Layout: s.pipeline.group, Entries: entries,
	})
	return err
}

// Run computes the outputs. A context that ends while the GPU computes is too late: see the package's documentation.
func (p *program) Run(ctx context.Context, in kernels.Inputs, out [][]float32) error {
	d := p.device
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.usable(); err != nil {
		return err
	}
	if p.closed {
		return errProgramClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := unharmed(func() error { return p.uploadInputs(in) }); err != nil {
		return d.explain("uploading the inputs", err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := unharmed(p.submit); err != nil {
		return d.explain("submitting a program", err)
	}
	if err := unharmed(func() error { return p.download(out) }); err != nil {
		return d.explain("reading the outputs", err)
	}
	return d.usable()
}

// uploadInputs brings the inputs to the GPU. They are on their way, in order, before what is submitted next.
func (p *program) uploadInputs(in kernels.Inputs) error {
	d := p.device
	for i, r := range p.inputs {
		if err := d.upload(p.memory(r), 4*uint64(r.Offset), bytesOf(in.Floats[i])); err != nil {
			return err
		}
	}
	for i, numbers := range in.Ints {
		copy(p.host[p.numbersAt[i]:], numbers)
	}
	if err := d.upload(p.numbers, 0, bytesOf(p.host)); err != nil {
		return err
	}
	for _, l := range p.lookups {
		rows := l.rows
		for _, id := range in.Ints[l.ids] {
			rows = rows[copy(rows, l.table[int(id)*l.width:][:l.width]):]
		}
		if err := d.upload(&l.memory, 0, bytesOf(l.rows)); err != nil {
			return err
		}
	}
	return d.flush()
}

// submit encodes all dispatches in one pass and the copies of the outputs behind it.
func (p *program) submit() error {
	gpu := p.device.gpu
	encoder, err := gpu.CreateCommandEncoder(nil)
	if err != nil {
		return err
	}
	pass, err := encoder.BeginComputePass(nil)
	if err != nil {
		return err
	}
	var current *pipeline
	for _, s := range p.steps {
		if s.pipeline != current {
			current = s.pipeline
			pass.SetPipeline(current.compute)
		}
		pass.SetBindGroup(0, s.group, nil)
		pass.Dispatch(s.grid[0], s.grid[1], 1)
	}
	ended := pass.End()
	for _, c := range p.copies {
		encoder.CopyBufferToBuffer(c.from.buffer, c.at, p.results.buffer, c.into, c.n)
	}
	// Mistakes while encoding come out only at the ends. Finish is called in any case, since it gives the encoder back.
	commands, err := encoder.Finish()
	if err = errors.Join(ended, err); err != nil {
		return err
	}
	_, err = gpu.Queue().Submit(commands)
	return err
}

// download waits for the results and copies them to the caller. It waits to the end even if nobody wants the results
// any more: a buffer that is still to be mapped cannot be copied into again.
func (p *program) download(out [][]float32) error {
	d := p.device
	d.written = 0
	if err := d.wait(); err != nil {
		return err
	}
	results := p.results.buffer
	if err := results.Map(context.Background(), wgpu.MapModeRead, 0, p.results.bytes); err != nil {
		return err
	}
	mapped, err := results.MappedRange(0, p.results.bytes)
	if err == nil {
		data := mapped.Bytes()
		for _, values := range out {
			data = data[copy(bytesOf(values), data):]
		}
		mapped.Release()
	}
	return errors.Join(err, results.Unmap())
}

// Close frees the program's buffers.
func (p *program) Close() error {
	p.device.mu.Lock()
	defer p.device.mu.Unlock()
	p.release()
	return nil
}

// release frees bind groups before the buffers that they name. The caller holds mu.
func (p *program) release() {
	if p.closed {
		return
	}
	p.closed = true
	defer delete(p.device.programs, p)
	for _, s := range p.steps {
		if s.group != nil {
			released(s.group)
		}
	}
	for m := range p.memories() {
		p.device.free(m)
	}
	p.steps = nil
}
