package wasm

import (
	"encoding/binary"
	"math"
)

// simd is the prefix of vector instructions, and a number behind it.
func simd(number int) []byte {
	e := encoder{[]byte{0xfd}}
	e.count(number)
	return e.bytes
}

func vector(number int, operands ...Value) V128 { return V128{op(simd(number), operands...)} }

// Bytes is a constant vector.
func Bytes(b [16]byte) V128 {
	return V128{value{emit: func(f *Func) {
		f.raw(0xfd, 12)
		f.raw(b[:]...)
	}}}
}

// Floats is a constant vector of one number.
func Floats(v float32) V128 { return Words(math.Float32bits(v)) }

// Words is a constant vector of one integer.
func Words(v uint32) V128 {
	var b [16]byte
	for i := range 4 {
		binary.LittleEndian.PutUint32(b[4*i:], v)
	}
	return Bytes(b)
}

// LoadVector reads 16 bytes.
func LoadVector(address I32, offset int) V128 { return V128{memory(simd(0), 2, offset, address)} }

// LoadSplat reads 32 bits and spreads them over all lanes.
func LoadSplat(address I32, offset int) V128 { return V128{memory(simd(9), 2, offset, address)} }

// LoadWidened reads eight signed bytes as 16-bit integers.
func LoadWidened(address I32, offset int) V128 { return V128{memory(simd(1), 0, offset, address)} }

// LoadPixels reads eight bytes as 16-bit integers.
func LoadPixels(address I32, offset int) V128 { return V128{memory(simd(2), 0, offset, address)} }

// LoadOne reads 32 bits into the first lane; the others are zero.
func LoadOne(address I32, offset int) V128 { return V128{memory(simd(0x5c), 2, offset, address)} }

// LoadTwo reads 64 bits into the first two lanes; the others are zero.
func LoadTwo(address I32, offset int) V128 { return V128{memory(simd(0x5d), 2, offset, address)} }

// LoadLane reads 32 bits into one lane of a.
func (a V128) LoadLane(lane int, address I32, offset int) V128 {
	return V128{value{emit: func(f *Func) {
		memory(simd(0x56), 2, offset, address, a).push(f)
		f.raw(byte(lane))
	}}}
}

// StoreOne writes one lane of 32 bits.
func (f *Func) StoreOne(address I32, offset, lane int, v V128) {
	memory(simd(0x5a), 2, offset, address, v).push(f)
	f.raw(byte(lane))
}

// StoreTwo writes one lane of 64 bits.
func (f *Func) StoreTwo(address I32, offset, lane int, v V128) {
	memory(simd(0x5b), 2, offset, address, v).push(f)
	f.raw(byte(lane))
}

// Shuffle picks 16 of the 32 bytes of a and b.
func (a V128) Shuffle(b V128, bytes [16]byte) V128 {
	return V128{value{emit: func(f *Func) {
		a.push(f)
		b.push(f)
		f.raw(0xfd, 13)
		f.raw(bytes[:]...)
	}}}
}

// Lanes picks four of the eight lanes of a and b.
func (a V128) Lanes(b V128, i, j, k, l int) V128 {
	var bytes [16]byte
	for at, lane := range []int{i, j, k, l} {
		for n := range 4 {
			bytes[4*at+n] = byte(4*lane + n)
		}
	}
	return a.Shuffle(b, bytes)
}

// Lane is one number of a vector.
func (a V128) Lane(n int) F32 { return F32{op([]byte{0xfd, 0x1f, byte(n)}, a)} }

// IntLane is one integer of a vector.
func (a V128) IntLane(n int) I32 { return I32{op([]byte{0xfd, 0x1b, byte(n)}, a)} }

// Bits of vectors.

// And joins bits.
func (a V128) And(b V128) V128 { return vector(0x4e, a, b) }

// Or joins bits.
func (a V128) Or(b V128) V128 { return vector(0x50, a, b) }

// Xor joins bits.
func (a V128) Xor(b V128) V128 { return vector(0x51, a, b) }

// Four numbers.

// AddF is a + b.
func (a V128) AddF(b V128) V128 { return vector(0xe4, a, b) }

// SubF is a - b.
func (a V128) SubF(b V128) V128 { return vector(0xe5, a, b) }

// MulF is a · b.
func (a V128) MulF(b V128) V128 { return vector(0xe6, a, b) }

// DivF is a / b.
func (a V128) DivF(b V128) V128 { return vector(0xe7, a, b) }

// MinF is b where b < a, and otherwise a: a NaN in a stays.
func (a V128) MinF(b V128) V128 { return vector(0xea, a, b) }

// MaxF is b where a < b, and otherwise a: a NaN in a stays.
func (a V128) MaxF(b V128) V128 { return vector(0xeb, a, b) }

// Max32 is the larger of integers of 32 bits with a sign. Magnitudes of float32 are in the same order as integers, NaN the largest.
func (a V128) Max32(b V128) V128 { return vector(0xb8, a, b) }

// AbsF is the magnitude.
func (a V128) AbsF() V128 { return vector(0xe0, a) }

// Nearest rounds to whole numbers, halves to even.
func (a V128) Nearest() V128 { return vector(0x6a, a) }

// Whole converts numbers to integers.
func (a V128) Whole() V128 { return vector(0xf8, a) }

// MulAdd is a · b + c: rounded once if the module is relaxed, and otherwise twice.
func (f *Func) MulAdd(a, b, c V128) V128 {
	if f.module.Relaxed {
		return vector(0x105, a, b, c)
	}
	return a.MulF(b).AddF(c)
}

// NegMulAdd is c - a · b, rounded as MulAdd is.
func (f *Func) NegMulAdd(a, b, c V128) V128 {
	if f.module.Relaxed {
		return vector(0x106, a, b, c)
	}
	return c.SubF(a.MulF(b))
}

// Integers.

// Add8 adds 16 bytes.
func (a V128) Add8(b V128) V128 { return vector(0x6e, a, b) }

// Any is 1 if any bit is set.
func (a V128) Any() I32 { return I32{op(simd(0x53), a)} }

// Add32 adds four integers.
func (a V128) Add32(b V128) V128 { return vector(0xae, a, b) }

// Sub32 subtracts four integers.
func (a V128) Sub32(b V128) V128 { return vector(0xb1, a, b) }

// ShiftLeft32 multiplies four integers with 2ⁿ.
func (a V128) ShiftLeft32(n int) V128 { return vector(0xab, a, Int(n)) }

// ShiftRight32 divides four integers by 2ⁿ, rounding down.
func (a V128) ShiftRight32(n int) V128 { return vector(0xac, a, Int(n)) }

// Floats converts four integers to numbers.
func (a V128) Floats() V128 { return vector(0xfa, a) }

// Dot16 multiplies eight 16-bit integers and adds neighbours.
func (a V128) Dot16(b V128) V128 { return vector(0xba, a, b) }

// Narrow32 brings the integers of a and b to 16 bits; what is too large becomes the largest.
func (a V128) Narrow32(b V128) V128 { return vector(0x85, a, b) }

// Narrow16 brings the 16-bit integers of a and b to 8 bits; what is too large becomes the largest.
func (a V128) Narrow16(b V128) V128 { return vector(0x65, a, b) }

// NarrowPixels brings the 16-bit integers of a and b to 0 … 255.
func (a V128) NarrowPixels(b V128) V128 { return vector(0x66, a, b) }

// Dot8 multiplies 16 bytes of a with those of b, adds groups of four, and c. What bytes of b above 127 count as, and whether
// sums of two are cut off, is up to the processor: i32x4.relaxed_dot_i8x16_i7x16_add_s.
func (a V128) Dot8(b, c V128) V128 { return vector(0x113, a, b, c) }

// Swizzle picks bytes of a by their numbers; 0x80 stands for a zero.
func (a V128) Swizzle(bytes [16]byte) V128 { return vector(14, a, Bytes(bytes)) }

// Add16 adds eight 16-bit integers.
func (a V128) Add16(b V128) V128 { return vector(0x8e, a, b) }

// Mul16 multiplies eight 16-bit integers and keeps the lower 16 bits.
func (a V128) Mul16(b V128) V128 { return vector(0x95, a, b) }

// ShiftLeft16 multiplies eight 16-bit integers with 2ⁿ.
func (a V128) ShiftLeft16(n int) V128 { return vector(0x8b, a, Int(n)) }

// Sub16 subtracts eight 16-bit integers.
func (a V128) Sub16(b V128) V128 { return vector(0x91, a, b) }

// ShiftRight16 divides eight 16-bit integers without a sign by 2ⁿ.
func (a V128) ShiftRight16(n int) V128 { return vector(0x8d, a, Int(n)) }

// Splat16 spreads 16 bits over all lanes.
func Splat16(a I32) V128 { return vector(16, a) }

// LowPixels are the first eight bytes as 16-bit integers.
func (a V128) LowPixels() V128 { return vector(0x89, a) }

// HighPixels are the last eight bytes as 16-bit integers.
func (a V128) HighPixels() V128 { return vector(0x8a, a) }

// Greater32 has all bits of a lane set where a > b, signed.
func (a V128) Greater32(b V128) V128 { return vector(0x3b, a, b) }

// Choose takes the bits of a where those of mask are set, and otherwise those of b.
func Choose(mask, a, b V128) V128 { return vector(0x52, a, b, mask) }

// Splat8 spreads a byte over all lanes.
func Splat8(a I32) V128 { return vector(15, a) }
