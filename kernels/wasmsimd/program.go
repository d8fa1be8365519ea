package wasmsimd

import (
	"context"
	"encoding/binary"
	"fmt"
	"unsafe"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/wasmsimd/internal/layout"
)

// program is a list of steps in the module's memory, with the buffers that they work on.
type program struct {
	device          *Device
	failure         error // the encoder's first one
	memory, work    uint32
	buffers, ints   []uint32
	filters         []uint32 // laid out for this program
	inputs, outputs []kernels.Ref

	code      []byte // until Finish
	places    []int  // in code, of addresses that count from the shared memory
	parts     []part
	shared    int // bytes that one step leaves for the next
	scratch   int // bytes of a worker's own
	scratchAt uint32
}

// part is a run of steps, after which a program looks whether it should stop.
type part struct {
	first uint32 // address of its first step; until Finish, its place in code
	steps uint32
	work  int
}

const (
	// lightWork is the number of multiplications below which a step is not worth sharing.
	lightWork = 1 << 14
	// partWork is the number of multiplications after which a program looks whether it should stop: some tenths of a second.
	partWork = 2 << 30
)

// Begin allocates a program's buffers.
func (d *Device) Begin(plan kernels.Plan) (kernels.Encoder, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lost != nil {
		return nil, d.lost
	}
	p := &program{device: d, buffers: make([]uint32, len(plan.Buffers)), ints: make([]uint32, len(plan.Ints))}
	total := uint64(0)
	place := func(list []uint32, sizes []int) {
		for i, n := range sizes {
			list[i] = uint32(min(total, 1<<32-1))
			total += uint64(roundUp(4*n, alignment))
		}
	}
	place(p.buffers, plan.Buffers)
	place(p.ints, plan.Ints)
	var err error
	if p.memory, err = d.heap.allocate("a program", total); err != nil {
		return nil, err
	}
	for _, list := range [][]uint32{p.buffers, p.ints} {
		for i := range list {
			list[i] += p.memory
		}
	}
	return p, nil
}

// add appends a step of so many units; work is a rough count of its multiplications. relative are the places of addresses that count from
// the shared memory.
func add[T any](p *program, step *T, header *layout.Header, function layout.Function, units, work int, relative ...uintptr) {
	header.Function, header.Units, header.Bytes = function, uint32(units), uint32(unsafe.Sizeof(*step))
	if work < lightWork || units == 1 {
		header.Alone = 1
	}
	if n := len(p.parts); n == 0 || p.parts[n-1].work >= partWork {
		p.parts = append(p.parts, part{first: uint32(len(p.code))})
	}
	last := &p.parts[len(p.parts)-1]
	last.work += work
	last.steps++
	for _, at := range relative {
		p.places = append(p.places, len(p.code)+int(at))
	}
	p.code = append(p.code, layout.Bytes(step)...)
}

// needShared makes sure that there is this much memory for what one step leaves for the next.
func (p *program) needShared(bytes int) { p.shared = max(p.shared, bytes) }

// needScratch makes sure that every worker has this much memory of its own while a step runs.
func (p *program) needScratch(bytes int) { p.scratch = max(p.scratch, bytes) }

// operand is where a reference's rows are.
func (p *program) operand(r kernels.Ref) layout.Operand {
	var base uint32
	if r.Kind == kernels.Constant {
		base = p.device.weight(r.Index).values
	} else {
		base = p.buffers[r.Index]
	}
	return layout.Operand{Address: base + uint32(4*r.Offset), Item: uint32(4 * r.Item), Row: uint32(4 * r.Row)}
}

// activation is the number of an activation's function; 0 for none.
func activation(a kernels.Act) uint32 {
	if a == kernels.Identity {
		return 0
	}
	return uint32(layout.Activations) + uint32(a)
}

// Finish puts the steps into the module's memory.
func (p *program) Finish(inputs, outputs []kernels.Ref) (kernels.Program, error) {
	d := p.device
	d.mu.Lock()
	defer d.mu.Unlock()
	p.inputs, p.outputs = inputs, outputs
	err := p.failure
	if d.lost != nil {
		err = d.lost
	}
	code := roundUp(len(p.code), alignment)
	shared, scratch := roundUp(p.shared+slack, alignment), roundUp(p.scratch+slack, alignment)
	if err == nil {
		p.work, err = d.heap.allocate("a program", uint64(code)+uint64(shared)+uint64(scratch)*uint64(d.threads))
	}
	if err != nil {
		p.free()
		return nil, err
	}
	for _, at := range p.places {
		place := p.code[at : at+4]
		binary.LittleEndian.PutUint32(place, binary.LittleEndian.Uint32(place)+p.work+uint32(code))
	}
	for i := range p.parts {
		p.parts[i].first += p.work
	}
	p.scratch, p.scratchAt = scratch, p.work+uint32(code+shared)
	d.host.write(p.work, p.code)
	p.code, p.places = nil, nil
	return p, nil
}

// Run computes the outputs.
func (p *program) Run(ctx context.Context, in kernels.Inputs, out [][]float32) error {
	d := p.device
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lost != nil {
		return d.lost
	}
	for i, ref := range p.inputs {
		d.host.write(p.buffers[ref.Index], bytesOf(in.Floats[i]))
	}
	for i, list := range in.Ints {
		d.host.write(p.ints[i], bytesOf(list))
	}
	for _, s := range p.parts {
		if err := ctx.Err(); err != nil {
			return err
		}
		next, err := d.call(exportRun, uint64(s.first), uint64(s.steps), uint64(p.scratchAt), uint64(p.scratch), uint64(d.threads), d.host.sleeps())
		if err != nil {
			return err
		}
		if next == 0 {
			d.lost = fmt.Errorf("wasm: %w: a thread failed", kernels.ErrDeviceLost)
			return d.lost
		}
	}
	for i, ref := range p.outputs {
		p.read(out[i], ref)
	}
	return nil
}

// read copies an output out.
func (p *program) read(to []float32, ref kernels.Ref) {
	from := p.buffers[ref.Index]
	if ref.Dense() {
		p.device.host.read(bytesOf(to), from+uint32(4*ref.Offset))
		return
	}
	width := ref.Shape.Width()
	for item := range ref.Shape.Items() {
		for row := range ref.Shape.Rows() {
			p.device.host.read(bytesOf(to[:width]), from+uint32(4*ref.At(item, row)))
			to = to[width:]
		}
	}
}

// Close frees the buffers.
func (p *program) Close() error {
	p.device.mu.Lock()
	defer p.device.mu.Unlock()
	p.free()
	return nil
}

// free gives all memory back.
func (p *program) free() {
	for _, at := range append(p.filters, p.memory, p.work) {
		p.device.heap.give(at)
	}
	p.filters, p.memory, p.work = nil, 0, 0
}
