package checkpoint

import (
	"encoding/binary"
	"fmt"
	"math"
	"unsafe"

	"github.com/goclip/goclip/kernels"
)

// littleEndian: numbers lie in memory as they do in files.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// floatsFrom converts stored elements to float32: len(src) is len(dst) times t's size. F32, F16 and BF16 come out
// exactly, NaN payloads included; F64 and integers beyond 2^24 are rounded to nearest even.
func floatsFrom(dst []float32, src []byte, t DType) {
	le := binary.LittleEndian
	switch t {
	case F32:
		if littleEndian {
			copy(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(dst))), 4*len(dst)), src)
			return
		}
		src = src[:4*len(dst)]
		for i := range dst {
			dst[i] = math.Float32frombits(le.Uint32(src[4*i : 4*i+4]))
		}
	case F16:
		src = src[:2*len(dst)]
		for i := range dst {
			dst[i] = kernels.FromFloat16(le.Uint16(src[2*i : 2*i+2]))
		}
	case BF16:
		src = src[:2*len(dst)]
		for i := range dst {
			dst[i] = math.Float32frombits(uint32(le.Uint16(src[2*i:2*i+2])) << 16)
		}
	case F64:
		for i := range dst {
			dst[i] = float32(math.Float64frombits(le.Uint64(src[8*i:])))
		}
	case I64:
		for i := range dst {
			dst[i] = float32(int64(le.Uint64(src[8*i:])))
		}
	case U64:
		for i := range dst {
			dst[i] = float32(le.Uint64(src[8*i:]))
		}
	case I32:
		for i := range dst {
			dst[i] = float32(int32(le.Uint32(src[4*i:])))
		}
	case U32:
		for i := range dst {
			dst[i] = float32(le.Uint32(src[4*i:]))
		}
	case I16:
		for i := range dst {
			dst[i] = float32(int16(le.Uint16(src[2*i:])))
		}
	case U16:
		for i := range dst {
			dst[i] = float32(le.Uint16(src[2*i:]))
		}
	case I8:
		for i := range dst {
			dst[i] = float32(int8(src[i]))
		}
	case U8:
		for i := range dst {
			dst[i] = float32(src[i])
		}
	case Bool:
		for i := range dst {
			dst[i] = float32(truth(src[i]))
		}
	default:
		panic("BUG: checkpoint: no conversion from " + string(t) + " to float32")
	}
}

// intsFrom converts stored integers: len(src) is len(dst) times t's size. A U64 beyond int64 is an error.
func intsFrom(dst []int64, src []byte, t DType) error {
	le := binary.LittleEndian
	for i := range dst {
		switch t {
		case I64:
			dst[i] = int64(le.Uint64(src[8*i:]))
		case U64:
			v := le.Uint64(src[8*i:])
			if v > math.MaxInt64 {
				return fmt.Errorf("the value %d does not fit in 63 bits", v)
			}
			dst[i] = int64(v)
		case I32:
			dst[i] = int64(int32(le.Uint32(src[4*i:])))
		case U32:
			dst[i] = int64(le.Uint32(src[4*i:]))
		case I16:
			dst[i] = int64(int16(le.Uint16(src[2*i:])))
		case U16:
			dst[i] = int64(le.Uint16(src[2*i:]))
		case I8:
			dst[i] = int64(int8(src[i]))
		case U8:
			dst[i] = int64(src[i])
		case Bool:
			dst[i] = truth(src[i])
		default:
			panic("BUG: checkpoint: no conversion from " + string(t) + " to int64")
		}
	}
	return nil
}

// truth is 0 or 1: a hostile file may hold any byte for a boolean.
func truth(b byte) int64 {
	if b != 0 {
		return 1
	}
	return 0
}
