package wasm

import (
	"encoding/binary"
	"math"
)

// op is an instruction over some values.
func op(code []byte, operands ...Value) value {
	return value{emit: func(f *Func) {
		for _, v := range operands {
			v.push(f)
		}
		f.raw(code...)
	}}
}

// Int is an integer constant.
func Int(n int) I32 {
	return I32{value{emit: func(f *Func) {
		f.raw(0x41)
		f.signed(int64(int32(n)))
	}}}
}

// Float is a number.
func Float(v float32) F32 {
	return F32{value{emit: func(f *Func) {
		f.raw(0x43)
		f.bytes = binary.LittleEndian.AppendUint32(f.bytes, math.Float32bits(v))
	}}}
}

func (a I32) op(code byte, b I32) I32 { return I32{op([]byte{code}, a, b)} }

// Add is a + b.
func (a I32) Add(b I32) I32 { return a.op(0x6a, b) }

// Sub is a - b.
func (a I32) Sub(b I32) I32 { return a.op(0x6b, b) }

// Mul is a · b.
func (a I32) Mul(b I32) I32 { return a.op(0x6c, b) }

// Div is a / b, unsigned.
func (a I32) Div(b I32) I32 { return a.op(0x6e, b) }

// Rem is the rest of Div.
func (a I32) Rem(b I32) I32 { return a.op(0x70, b) }

// And joins bits.
func (a I32) And(b I32) I32 { return a.op(0x71, b) }

// Or joins bits.
func (a I32) Or(b I32) I32 { return a.op(0x72, b) }

// Plus adds a constant.
func (a I32) Plus(n int) I32 {
	if n == 0 {
		return a
	}
	return a.Add(Int(n))
}

// Times multiplies with a constant.
func (a I32) Times(n int) I32 {
	for shift := range 31 {
		if n == 1<<shift {
			return a.op(0x74, Int(shift))
		}
	}
	return a.Mul(Int(n))
}

// ShiftRight divides by 2ⁿ, unsigned.
func (a I32) ShiftRight(n int) I32 { return a.op(0x76, Int(n)) }

// Is compares.
func (a I32) Is(b I32) I32 { return a.op(0x46, b) }

// IsNot compares.
func (a I32) IsNot(b I32) I32 { return a.op(0x47, b) }

// Not is 1 for 0, and 0 for anything else.
func (a I32) Not() I32 { return I32{op([]byte{0x45}, a)} }

// Less is a < b, signed.
func (a I32) Less(b I32) I32 { return a.op(0x48, b) }

// AtLeast is a ≥ b, signed.
func (a I32) AtLeast(b I32) I32 { return a.op(0x4e, b) }

// Below is a < b, unsigned: addresses reach 4 GiB.
func (a I32) Below(b I32) I32 { return a.op(0x49, b) }

// Min is the lesser of two, signed. Both are computed twice.
func (a I32) Min(b I32) I32 { return Select(a.Less(b), a, b) }

// Max is the greater of two, signed. Both are computed twice.
func (a I32) Max(b I32) I32 { return Select(a.Less(b), b, a) }

// Select is a if the condition holds, and otherwise b. Both are computed.
func Select(condition, a, b I32) I32 { return I32{op([]byte{0x1b}, a, b, condition)} }

// Float converts, signed.
func (a I32) Float() F32 { return F32{op([]byte{0xb2}, a)} }

// Long widens, unsigned.
func (a I32) Long() I64 { return I64{op([]byte{0xad}, a)} }

// High puts a into the upper 32 bits.
func (a I32) High() I64 { return I64{op([]byte{0x42, 32, 0x86}, a.Long())} }

// Long is a constant of 64 bits.
func Long(n int64) I64 {
	return I64{value{emit: func(f *Func) {
		f.raw(0x42)
		f.signed(n)
	}}}
}

// Low are the lower 32 bits.
func (a I64) Low() I32 { return I32{op([]byte{0xa7}, a)} }

// High are the upper 32 bits.
func (a I64) High() I32 { return I64{op([]byte{0x42, 32, 0x88}, a)}.Low() }

func (a F32) op(code byte, b F32) F32 { return F32{op([]byte{code}, a, b)} }

// Add is a + b.
func (a F32) Add(b F32) F32 { return a.op(0x92, b) }

// Sub is a - b.
func (a F32) Sub(b F32) F32 { return a.op(0x93, b) }

// Mul is a · b.
func (a F32) Mul(b F32) F32 { return a.op(0x94, b) }

// Div is a / b.
func (a F32) Div(b F32) F32 { return a.op(0x95, b) }

// Max is the greater of two.
func (a F32) Max(b F32) F32 { return a.op(0x97, b) }

// Sqrt is the square root.
func (a F32) Sqrt() F32 { return F32{op([]byte{0x91}, a)} }

// Greater is a > b.
func (a F32) Greater(b F32) I32 { return I32{op([]byte{0x5e}, a, b)} }

// AtMost is a ≤ b.
func (a F32) AtMost(b F32) I32 { return I32{op([]byte{0x5f}, a, b)} }

// Splat spreads a number over all lanes.
func (a F32) Splat() V128 { return vector(19, a) }

// Splat spreads an integer over all lanes.
func (a I32) Splat() V128 { return vector(17, a) }

// memory is an instruction that takes an address: code, alignment as a power of two, offset.
func memory(code []byte, align, offset int, operands ...Value) value {
	return value{emit: func(f *Func) {
		for _, v := range operands {
			v.push(f)
		}
		f.raw(code...)
		f.count(align)
		f.count(offset)
	}}
}

// Load reads an integer.
func Load(address I32, offset int) I32 { return I32{memory([]byte{0x28}, 2, offset, address)} }

// Load8 reads a byte.
func Load8(address I32, offset int) I32 { return I32{memory([]byte{0x2d}, 0, offset, address)} }

// LoadSigned8 reads a signed byte.
func LoadSigned8(address I32, offset int) I32 { return I32{memory([]byte{0x2c}, 0, offset, address)} }

// Load16 reads 16 bits.
func Load16(address I32, offset int) I32 { return I32{memory([]byte{0x2f}, 0, offset, address)} }

// LoadFloat reads a number.
func LoadFloat(address I32, offset int) F32 { return F32{memory([]byte{0x2a}, 2, offset, address)} }

// Store writes a value of any type.
func (f *Func) Store(address I32, offset int, v Value) {
	code, align := []byte{0x36}, 2
	switch v.Type() {
	case TypeF32:
		code = []byte{0x38}
	case TypeV128:
		code = []byte{0xfd, 11}
	case TypeI64:
		code, align = []byte{0x37}, 3
	}
	memory(code, align, offset, address, v).push(f)
}

// Store8 writes the low byte of a value.
func (f *Func) Store8(address I32, offset int, v I32) {
	memory([]byte{0x3a}, 0, offset, address, v).push(f)
}

// Store16 writes the lower 16 bits of a value.
func (f *Func) Store16(address I32, offset int, v I32) {
	memory([]byte{0x3b}, 0, offset, address, v).push(f)
}

// Clear writes zeros over so many bytes.
func (f *Func) Clear(address, bytes I32) { op([]byte{0xfc, 0x0b, 0}, address, Int(0), bytes).push(f) }
