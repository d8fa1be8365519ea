package kernels

import (
	"fmt"
	"math"
	"strings"
)

// Precision is how a device keeps the matrices of Linear and multiplies with them. Everything else, filters, vectors, tables
// and the values between steps, is float32 in all of them. What a precision computes is said here once, exactly enough that
// the devices differ by the rounding of their sums only.
type Precision uint8

const (
	// F32 keeps matrices as they are.
	F32 Precision = iota
	// F16 rounds matrices to float16 and multiplies in float32. A matrix with values beyond float16 stays as it is.
	F16
	// BF16 rounds matrices, and the rows that they are multiplied with, to bfloat16. Sums are float32.
	BF16
	// Int8 rounds every output's row of a matrix to whole multiples of its largest value's 127th part, and every row that it
	// is multiplied with likewise (see QuantizeRow). Sums are whole numbers, then multiplied with both parts.
	Int8
)

var precisionNames = [...]string{"f32", "f16", "bf16", "int8"}

// String is the precision's name.
func (p Precision) String() string { return precisionNames[p] }

// Precisions lists them all, the most exact one first.
func Precisions() []Precision { return []Precision{F32, F16, BF16, Int8} }

// PrecisionOf finds a precision by its name.
func PrecisionOf(name string) (Precision, error) {
	for i, n := range precisionNames {
		if n == name {
			return Precision(i), nil
		}
	}
	return F32, fmt.Errorf("there is no precision %q, only %s", name, strings.Join(precisionNames[:], ", "))
}

// Rows that Int8 takes. A longer one has sums that an int32 may not hold. A shorter one gains no time, and the narrow layers of
// convolutional towers lose most by rounding: with them MobileCLIP's golden model falls to a cosine of 0.993.
const (
	ShortestInt8 = 65
	LongestInt8  = math.MaxInt32 / (127 * 127)
)

// Fits tells whether a matrix with rows of this length can be kept in a precision; one that cannot stays float32.
func (p Precision) Fits(values []float32, length int) bool {
	switch p {
	case F16:
		for _, v := range values {
			if !(v < beyondFloat16 && v > -beyondFloat16) {
				return false
			}
		}
	case Int8:
		return length >= ShortestInt8 && length <= LongestInt8
	}
	return true
}

// beyondFloat16 is the smallest number that rounds to an infinite float16.
const beyondFloat16 = 65520

// QuantizeRow rounds a row to whole multiples of scale, which is the largest magnitude in it divided by 127; halves go to the
// even neighbour. All of it is float32 arithmetic: q = round(x · (127/largest)). A row whose largest magnitude has no such
// inverse, as one of zeros has none, becomes zeros. A row with a NaN or an infinity has that as its scale, so that no product of it
// is a number.
func QuantizeRow(dst []int8, row []float32) float32 {
	var largest float32
	for _, v := range row {
		largest = max(largest, v, -v)
	}
	scale, inverse := largest/127, 127/largest
	if !(inverse > 0 && inverse <= math.MaxFloat32) {
		clear(dst[:len(row)])
		return scale
	}
	for i, v := range row {
		dst[i] = int8(math.RoundToEven(float64(v * inverse)))
	}
	return scale
}

// BFloat16 rounds to the 16 upper bits of a float32, halves to even. Numbers that are none stay so.
func BFloat16(v float32) uint16 {
	bits := math.Float32bits(v)
	if bits&0x7fffffff > 0x7f800000 {
		return uint16(bits>>16) | 0x40
	}
	return uint16((bits + 0x7fff + bits>>16&1) >> 16)
}

// FromBFloat16 is the number of a bfloat16.
func FromBFloat16(b uint16) float32 { return math.Float32frombits(uint32(b) << 16) }

// Float16 rounds to IEEE 754 binary16, halves to even; what is too large becomes infinite.
func Float16(v float32) uint16 {
	bits := math.Float32bits(v)
	sign, magnitude := uint16(bits>>16&0x8000), bits&0x7fffffff
	switch {
	case magnitude > 0x7f800000:
		return sign | 0x7e00
	case magnitude >= 0x477ff000: // beyondFloat16
		return sign | 0x7c00
	case magnitude < 0x38800000: // below the normal numbers: multiples of 2^-24, as adding 0.5 leaves them in the last bits
		return sign | uint16(math.Float32bits(math.Float32frombits(magnitude)+0.5)-0x3f000000)
	}
	return sign | uint16((magnitude-0x38000000+0xfff+magnitude>>13&1)>>13)
}

// FromFloat16 is the number of a float16.
func FromFloat16(h uint16) float32 {
	sign, magnitude := uint32(h&0x8000)<<16, uint32(h&0x7fff)
	switch {
	case magnitude >= 0x7c00:
		return math.Float32frombits(sign | 0x7f800000 | (magnitude-0x7c00)<<13)
	case magnitude < 0x0400:
		v := math.Float32bits(float32(magnitude) * 0x1p-24)
		return math.Float32frombits(sign | v)
	}
	return math.Float32frombits(sign | (magnitude<<13 + 0x38000000))
}
