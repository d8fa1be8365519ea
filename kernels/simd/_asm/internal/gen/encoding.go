package gen

import (
	"fmt"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// encoded is an instruction of three vector registers that Go's assembler does not know: sum += left · right. The registers
// are those of the instruction, which are known only when the file is printed (Intel SDM volume 2, 2.3 and 2.7).
type encoded struct {
	operand.Constant // to avo it is one, since it names no register
	name             string
	bytes            func(sum, left, right byte) []byte
	*ir.Instruction
}

// Asm writes the bytes behind LONG, four together and then the rest.
func (e encoded) Asm() string {
	number := func(op operand.Op) byte { return byte(reg.ToPhysical(op.(reg.Register)).PhysicalIndex()) }
	right, left, sum := e.Inputs[0], e.Inputs[1], e.Outputs[0]
	b := e.bytes(number(sum), number(left), number(right))
	rest := fmt.Sprintf("BYTE $0x%02x", b[4])
	if len(b) == 6 {
		rest = fmt.Sprintf("WORD $0x%02x%02x", b[5], b[4])
	}
	return fmt.Sprintf("$0x%02x%02x%02x%02x; %s // %s %s, %s, %s", b[3], b[2], b[1], b[0], rest, e.name, right.Asm(), left.Asm(), sum.Asm())
}

func encode(name, isa string, bytes func(sum, left, right byte) []byte) func(right, left, sum operand.Op) {
	return func(right, left, sum operand.Op) {
		i := &ir.Instruction{Opcode: "LONG", Inputs: []operand.Op{right, left, sum}, Outputs: []operand.Op{sum}, ISA: []string{isa}}
		i.Operands = []operand.Op{encoded{operand.U8(0), name, bytes, i}}
		build.Instruction(i)
	}
}

// vexDotBytes is VPDPBUSD with the prefix of AVX-VNNI: left has bytes without sign, right such with one.
var vexDotBytes = encode("VPDPBUSD", "AVXVNNI", vpdpbusd)

// dotBF16 multiplies pairs of bfloat16.
var dotBF16 = encode("VDPBF16PS", "AVX512_BF16", vdpbf16ps)

// vpdpbusd is VEX.256.66.0F38.W0 50 /r.
func vpdpbusd(sum, left, right byte) []byte {
	return []byte{0xc4, ^sum>>3&1<<7 | 1<<6 | ^right>>3&1<<5 | 2, ^left&15<<3 | 1<<2 | 1, 0x50, 3<<6 | sum&7<<3 | right&7}
}

// vdpbf16ps is EVEX.512.F3.0F38.W0 52 /r.
func vdpbf16ps(sum, left, right byte) []byte {
	return []byte{0x62, ^sum>>3&1<<7 | ^right>>4&1<<6 | ^right>>3&1<<5 | ^sum>>4&1<<4 | 2, ^left&15<<3 | 1<<2 | 2,
		2<<5 | ^left>>4&1<<3, 0x52, 3<<6 | sum&7<<3 | right&7}
}
