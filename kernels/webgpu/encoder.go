package webgpu

import (
	"fmt"

	"github.com/gogpu/wgpu"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/shaders"
)

// slotBytes is the room for one step's parameters: the largest alignment that an adapter may ask of uniform buffers.
const slotBytes = 256

// step is one dispatch.
type step struct {
	shader    string
	constants []shaders.Constant
	params    []uint32
	memories  []*memory // result, then operands
	grid      [2]uint32
	work      work

	pipeline *pipeline // from here on since Finish
	group    *wgpu.BindGroup
}

// lookup is an Embed: the rows that its ids name, brought together on the host for every Run.
type lookup struct {
	table []float32
	width int
	ids   kernels.IntInput
	rows  []float32
	memory
}

// Begin starts a program. Its buffers are only measured here: Finish makes all that a program needs at once.
func (d *Device) Begin(plan kernels.Plan) (kernels.Encoder, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.usable(); err != nil {
		return nil, err
	}
	p := &program{device: d, empty: d.nothing, tiles: d.tiles, whole: memory{label: "whole numbers"}}
	for i, n := range plan.Buffers {
		name := fmt.Sprintf("buffer %d", i)
		if err := d.fits(name, n); err != nil {
			return nil, err
		}
		p.buffers = append(p.buffers, &memory{label: name, bytes: floats(n)})
	}
	total := 0
	for _, n := range plan.Ints {
		p.numbersAt = append(p.numbersAt, total)
		total += n
	}
	if err := d.fits("integers", total); err != nil {
		return nil, err
	}
	p.host = make([]int32, total)
	p.numbers = &memory{label: "integers", bytes: floats(total)}
	return p, nil
}

// fail keeps the first failure for Finish.
func (p *program) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

// step records a dispatch. params are the fields of the shader's Params in order.
func (p *program) step(shader string, grid [2]uint32, params []uint32, dst kernels.Ref, operands ...*memory) *step {
	return p.stepInto(shader, grid, params, p.memory(dst), operands...)
}

func (p *program) stepInto(shader string, grid [2]uint32, params []uint32, dst *memory, operands ...*memory) *step {
	if 4*len(params) > slotBytes {
		panic("BUG: webgpu: the parameters of " + shader + " do not fit a slot")
	}
	for _, n := range grid {
		if n > p.device.info.MaxWorkgroups {
			p.fail(fmt.Errorf("webgpu: %s into %s needs %d workgroups side by side: %w", shader, dst.label, n, kernels.ErrTooLarge))
		}
	}
	s := &step{shader: shader, params: params, grid: grid, memories: append([]*memory{dst}, operands...)}
	p.steps = append(p.steps, s)
	return s
}

// touches counts the bytes of values that a step reads or writes, as often as it does.
func (s *step) touches(times int, refs ...kernels.Ref) {
	for _, r := range refs {
		bytes := 4 * float64(r.Shape.Elements())
		s.work.least += bytes
		s.work.moved += float64(times) * bytes
	}
}

// label names the shader with what is put into it: the key of its pipeline.
func (s *step) label() string {
	label := s.shader
	for _, c := range s.constants {
		label += " " + c.String()
	}
	return label
}

// choose sets a constant of the step's shader.
func (s *step) choose(name string, value uint32) {
	s.constants = append(s.constants, shaders.Constant{Name: name, Value: value})
}

// memory is where the numbers of a reference are.
func (p *program) memory(r kernels.Ref) *memory {
	if r.Kind == kernels.Value {
		return p.buffers[r.Index]
	}
	return &p.weight(r.Index).memory
}

// weight finds a weight by its ID.
func (p *program) weight(id int) *weight {
	p.device.mu.Lock()
	defer p.device.mu.Unlock()
	if w := p.device.weights[id]; w != nil {
		return w
	}
	p.fail(fmt.Errorf("webgpu: the program uses weight %d, which is not loaded", id))
	return &weight{}
}

// perValue is the grid for one invocation a value in groups of 64, and how many invocations lie side by side.
func (p *program) perValue(values int) (grid [2]uint32, across uint32) {
	grid, across = p.perGroup((values + 63) / 64)
	return grid, 64 * across
}

// perGroup is the grid for one workgroup a task: a row of groups, or several rows where one would be too long.
func (p *program) perGroup(tasks int) (grid [2]uint32, across uint32) {
	longest := int(p.device.info.MaxWorkgroups)
	rows := (tasks + longest - 1) / longest
	across = uint32((tasks + rows - 1) / rows)
	return [2]uint32{across, uint32(rows)}, across
}

// params are the fields of a shader's Params.
type params []uint32

// tensor adds offset, stride between items and stride between rows, as a vector of four.
func (p params) tensor(r kernels.Ref) params {
	return append(p, uint32(r.Offset), uint32(r.Item), uint32(r.Row), 0)
}

// counts adds sizes and offsets.
func (p params) counts(values ...int) params {
	for _, v := range values {
		p = append(p, uint32(v))
	}
	return p
}

// flag is 1 for true.
func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
