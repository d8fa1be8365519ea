package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

var labels int

// label is a name that no other label has.
func label(name string) string {
	labels++
	return fmt.Sprintf("%s%d", name, labels)
}

// parameter loads a parameter of the function.
func parameter(name string) reg.GPVirtual {
	r := GP64()
	Load(Param(name), r)
	return r
}

// count is an immediate.
func count(n int) Constant { return I32(n) }

// zero is a vector of zeros.
func zero() reg.VecVirtual {
	z := YMM()
	VPXOR(z, z, z)
	return z
}

// bytes is constant data.
func bytes(name string, values ...byte) Mem {
	at := GLOBL(name, RODATA|NOPTR)
	for i, v := range values {
		DATA(i, U8(v))
	}
	return at
}

// words is constant data of 16 bits each.
func words(name string, values ...int16) Mem {
	at := GLOBL(name, RODATA|NOPTR)
	for i, v := range values {
		DATA(2*i, U16(uint16(v)))
	}
	return at
}

// doubles is constant data of 32 bits, each eight times: a whole vector.
func doubles(name string, value int32) Mem {
	at := GLOBL(name, RODATA|NOPTR)
	for i := range 8 {
		DATA(4*i, U32(uint32(value)))
	}
	return at
}

// repeat returns a value n times.
func repeat[T any](v T, n int) []T {
	values := make([]T, n)
	for i := range values {
		values[i] = v
	}
	return values
}
