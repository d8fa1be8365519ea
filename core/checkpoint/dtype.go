package checkpoint

// DType is how one element of a tensor is stored, by the name that safetensors gives it. A file may use other names
// than those below: such a tensor is listed and cannot be read.
type DType string

// The element types that have a known size. Those that [DType.Readable] names can be read.
const (
	F64    DType = "F64"
	F32    DType = "F32"
	F16    DType = "F16"  // IEEE 754 binary16
	BF16   DType = "BF16" // the upper half of an F32
	I64    DType = "I64"
	I32    DType = "I32"
	I16    DType = "I16"
	I8     DType = "I8"
	U64    DType = "U64"
	U32    DType = "U32"
	U16    DType = "U16"
	U8     DType = "U8"
	Bool   DType = "BOOL" // one byte, 0 or 1
	F8E4M3 DType = "F8_E4M3"
	F8E5M2 DType = "F8_E5M2"
	F8E8M0 DType = "F8_E8M0"
	C64    DType = "C64"
	C128   DType = "C128"

	// GGUF's blocks of 32 elements with a scale, and some with a minimum.
	Q4_0 DType = "Q4_0"
	Q4_1 DType = "Q4_1"
	Q5_0 DType = "Q5_0"
	Q5_1 DType = "Q5_1"
	Q8_0 DType = "Q8_0"
)

// String is the name as safetensors writes it, "F32" for example.
func (d DType) String() string { return string(d) }

// Size is the number of bytes of one element; 0 if it is not known, or if elements are stored in blocks.
func (d DType) Size() int {
	switch d {
	case C128:
		return 16
	case F64, I64, U64, C64:
		return 8
	case F32, I32, U32:
		return 4
	case F16, BF16, I16, U16:
		return 2
	case I8, U8, Bool, F8E4M3, F8E5M2, F8E8M0:
		return 1
	}
	return 0
}

// Readable reports whether [Checkpoint.Floats] reads this type.
func (d DType) Readable() bool {
	switch d {
	case F64, F32, F16, BF16:
		return true
	}
	return d.Integer() || d.Blocks()
}

// Integer reports whether [Checkpoint.Ints] reads this type: integers and booleans.
func (d DType) Integer() bool {
	switch d {
	case I64, I32, I16, I8, U64, U32, U16, U8, Bool:
		return true
	}
	return false
}
