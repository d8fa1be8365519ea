package webgpu

import (
	"fmt"
	"math"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/shaders"
)

// attentionLanes is the number of invocations of a workgroup of the shader.
const attentionLanes = 64

// block is how much of an attention a workgroup holds in the memory that it shares: queries at once, and keys of a step.
type block struct{ queries, keys int }

// blocks are tried in this order: the more queries share a step of keys, the less is read, but wide heads need more room.
var blocks = []block{{16, 32}, {16, 16}, {16, 8}, {4, 16}, {4, 8}, {1, 8}, {1, 4}, {1, 1}}

// pitch is the fours of a head, and a gap.
func pitch(head int) int { return (head+3)/4 + 1 }

// sharedBytes is the memory of a workgroup.
func (b block) sharedBytes(head int) int {
	return 16*(b.queries+b.keys)*pitch(head) + 4*b.queries*b.keys
}

// constants are the shader's.
func (b block) constants(head int) []shaders.Constant {
	share := attentionLanes / b.queries
	var list []shaders.Constant
	for _, c := range []struct {
		name  string
		value int
	}{
		{"QUERIES", b.queries}, {"SHARE", share}, {"KEYS", b.keys}, {"PITCH", pitch(head)}, {"QS", b.queries * pitch(head)},
		{"TS", b.keys * pitch(head)}, {"PS", b.queries * b.keys}, {"SUMS", (pitch(head) - 2 + share) / share},
	} {
		list = append(list, shaders.Constant{Name: c.name, Value: uint32(c.value)})
	}
	return list
}

// blockFor chooses the block for so many queries with heads of this width.
func (d *Device) blockFor(queries, head int) (block, error) {
	for _, b := range blocks {
		wasteful := queries*4 <= b.queries
		if !wasteful && b.sharedBytes(head) <= int(d.info.WorkgroupMemory) {
			return b, nil
		}
	}
	return blocks[0], fmt.Errorf("webgpu: attention with heads of %d values needs more memory than %s shares in a workgroup, %d bytes: %w",
		head, d.info.Adapter, d.info.WorkgroupMemory, kernels.ErrTooLarge)
}

// Attention is softmax attention, with a workgroup for each head of some queries.
func (p *program) Attention(dst, q, k, v kernels.Ref, a kernels.Attend) {
	queries, head := q.Shape.Rows(), q.Shape.Width()/a.Heads
	b, err := p.device.blockFor(queries, head)
	if err != nil {
		p.fail(err)
		return
	}
	perHead := (queries + b.queries - 1) / b.queries
	count := q.Shape.Items() * perHead * a.Heads
	grid, across := p.perGroup(count)
	numbers, at, limited := p.integers(a.Lengths)
	lengthItem, lengthRow := 1, 0
	if a.PerQuery {
		lengthItem, lengthRow = queries, 1
	}
	scale := math.Float32bits(float32(1 / math.Sqrt(float64(head))))
	fields := params{}.tensor(q).tensor(k).tensor(v).counts(dst.Offset, count, int(across), queries, perHead, k.Shape.Rows(),
		a.Heads, head, flag(a.Causal), flag(limited), at, lengthItem, lengthRow, int(scale))
	s := p.step("attention", grid, fields, dst, p.memory(q), p.memory(k), p.memory(v), numbers)
	s.constants = append(s.constants, b.constants(head)...)
	s.work.operations = 4 * float64(q.Shape.Elements()) * float64(k.Shape.Rows())
	s.touches(1, dst, q)
	s.touches(perHead, k, v)
}

// integers resolves an integer input: where it is, from which number on; without one its operand is nothing.
func (p *program) integers(in kernels.IntInput) (*memory, int, bool) {
	if in == kernels.NoInts {
		return p.empty, 0, false
	}
	return p.numbers, p.numbersAt[in], true
}
