// Command neon writes the kernels of package simd/internal/neon. avo knows no arm64, and Go's assembler few of the vector
// instructions for floating point, so that this small assembler encodes them (Arm Architecture Reference Manual, C7.2).
package main

import (
	"bytes"
	"fmt"
	"math"
)

// v is a vector register of four float32 values.
type v int

var text bytes.Buffer

func line(format string, arguments ...any) { fmt.Fprintf(&text, "\t"+format+"\n", arguments...) }

func label(name string) { fmt.Fprintf(&text, "\n%s:\n", name) }

// word writes an encoded instruction with its name.
func word(code uint32, format string, arguments ...any) {
	fmt.Fprintf(&text, "\tWORD $0x%08x // %s\n", code, fmt.Sprintf(format, arguments...))
}

// three is an instruction of two operands and a result.
func three(name string, code uint32, d, n, m v) {
	word(code|uint32(m)<<16|uint32(n)<<5|uint32(d), "%s V%d, V%d, V%d", name, d, n, m)
}

// two is an instruction of one operand and a result.
func two(name string, code uint32, d, n v) {
	word(code|uint32(n)<<5|uint32(d), "%s V%d, V%d", name, d, n)
}

func fadd(d, n, m v) { three("FADD", 0x4e20d400, d, n, m) }
func fsub(d, n, m v) { three("FSUB", 0x4ea0d400, d, n, m) }
func fmul(d, n, m v) { three("FMUL", 0x6e20dc00, d, n, m) }
func fdiv(d, n, m v) { three("FDIV", 0x6e20fc00, d, n, m) }
func fmax(d, n, m v) { three("FMAX", 0x4e20f400, d, n, m) }
func fmin(d, n, m v) { three("FMIN", 0x4ea0f400, d, n, m) }

// fmla is d += n·m.
func fmla(d, n, m v) { three("FMLA", 0x4e20cc00, d, n, m) }

// fmlaLane is d += n·m[lane].
func fmlaLane(d, n, m v, lane int) {
	code := 0x4f801000 | uint32(lane&1)<<21 | uint32(lane>>1)<<11 | uint32(m)<<16 | uint32(n)<<5 | uint32(d)
	word(code, "FMLA V%d, V%d, V%d[%d]", d, n, m, lane)
}

// frintn rounds to the nearest whole number, fcvtns turns it into an integer.
func frintn(d, n v) { two("FRINTN", 0x4e218800, d, n) }
func fcvtns(d, n v) { two("FCVTNS", 0x4e21a800, d, n) }

func add(d, n, m v) { three("ADD", 0x4ea08400, d, n, m) }

// toExponent shifts integers to where a float32 has its exponent.
func toExponent(d, n v) { word(0x4f375400|uint32(n)<<5|uint32(d), "SHL V%d, V%d, #23", d, n) }

func move(d, n v) { line("VMOV V%d.B16, V%d.B16", n, d) }
func zero(d v)    { line("VEOR V%d.B16, V%d.B16, V%d.B16", d, d, d) }

func load(at int, base string, d v)  { line("FMOVQ %d(%s), F%d", at, base, d) }
func store(d v, at int, base string) { line("FMOVQ F%d, %d(%s)", d, at, base) }

// constants are vectors of equal values in a table.
var constants []float32

// constant loads a value into every lane; R9 is the table.
func constant(value float32, d v) {
	for i, c := range constants {
		if c == value {
			load(16*i, "R9", d)
			return
		}
	}
	constants = append(constants, value)
	load(16*(len(constants)-1), "R9", d)
}

func table() string {
	var b bytes.Buffer
	for i, c := range constants {
		bits := uint64(math.Float32bits(c))
		for half := range 2 {
			fmt.Fprintf(&b, "DATA table<>+%d(SB)/8, $0x%016x\n", 16*i+8*half, bits<<32|bits)
		}
	}
	fmt.Fprintf(&b, "GLOBL table<>(SB), RODATA|NOPTR, $%d\n", 16*len(constants))
	return b.String()
}
