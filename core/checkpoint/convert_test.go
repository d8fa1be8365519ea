package checkpoint

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryF16 compares all 65,536 with the definition of binary16.
func TestEveryF16(t *testing.T) {
	src := make([]byte, 2<<16)
	for h := range 1 << 16 {
		binary.LittleEndian.PutUint16(src[2*h:], uint16(h))
	}
	got := make([]float32, 1<<16)
	floatsFrom(got, src, F16)
	for h, v := range got {
		sign, exponent, fraction := 1.0, h>>10&31, float64(h&1023)
		if h>>15 == 1 {
			sign = -1
		}
		var want float64
		switch {
		case exponent == 31 && fraction != 0:
			require.True(t, math.IsNaN(float64(v)), "%04x", h)
			require.Equal(t, uint32(h&1023)<<13, math.Float32bits(v)&0x7fffff, "payload of %04x", h)
			continue
		case exponent == 31:
			want = sign * math.Inf(1)
		case exponent == 0:
			want = sign * math.Ldexp(fraction, -24)
		default:
			want = sign * math.Ldexp(1024+fraction, exponent-25)
		}
		if math.Float32bits(float32(want)) != math.Float32bits(v) && !(want == 0 && math.Float32bits(v) == uint32(h)<<16) {
			t.Fatalf("%04x: %g, want %g", h, v, want)
		}
	}
}

func TestEveryBF16(t *testing.T) {
	src := make([]byte, 2<<16)
	for h := range 1 << 16 {
		binary.LittleEndian.PutUint16(src[2*h:], uint16(h))
	}
	got := make([]float32, 1<<16)
	floatsFrom(got, src, BF16)
	for h, v := range got {
		require.Equal(t, uint32(h)<<16, math.Float32bits(v))
	}
}

func TestIntegerConversions(t *testing.T) {
	src := []byte{0x80, 0xff, 0x01, 0xfe, 0x7f, 0x00, 0x02, 0x80}
	for dtype, want := range map[DType][]int64{
		I8: {-128, -1, 1, -2, 127, 0, 2, -128}, U8: {128, 255, 1, 254, 127, 0, 2, 128}, Bool: {1, 1, 1, 1, 1, 0, 1, 1},
		I16: {-128, -511, 127, -32766}, U16: {65408, 65025, 127, 32770},
		I32: {-33423488, -2147352449}, U32: {4261543808, 2147614847}, I64: {-9222808537178964096},
	} {
		ints, floats := make([]int64, len(want)), make([]float32, len(want))
		require.NoError(t, intsFrom(ints, src, dtype))
		require.Equal(t, want, ints, dtype)
		floatsFrom(floats, src, dtype)
		for i := range want {
			require.Equal(t, float32(want[i]), floats[i], dtype)
		}
	}
	require.ErrorContains(t, intsFrom(make([]int64, 1), src, U64), "9223935536530587520 does not fit")
	floats := make([]float32, 1)
	floatsFrom(floats, src, U64)
	require.Equal(t, float32(9223935536530587520), floats[0])
	floatsFrom(floats, binary.LittleEndian.AppendUint64(nil, math.Float64bits(1+0x1p-24+0x1p-50)), F64)
	require.Equal(t, float32(1+0x1p-23), floats[0], "rounded to nearest")
}

func BenchmarkFloats(b *testing.B) {
	src, dst := make([]byte, 4<<20), make([]float32, 1<<20)
	for i := range src {
		src[i] = byte(i * 37)
	}
	for _, dtype := range []DType{F32, F16, BF16} {
		b.Run(dtype.String(), func(b *testing.B) {
			b.SetBytes(int64(len(dst) * dtype.Size()))
			for b.Loop() {
				floatsFrom(dst, src[:len(dst)*dtype.Size()], dtype)
			}
		})
	}
}
