package kernels_test

import (
	"math"
	"testing"

	"github.com/goclip/goclip/kernels"
	"github.com/stretchr/testify/require"
)

func TestPrecisionNames(t *testing.T) {
	for _, p := range kernels.Precisions() {
		found, err := kernels.PrecisionOf(p.String())
		require.NoError(t, err)
		require.Equal(t, p, found)
	}
	_, err := kernels.PrecisionOf("int4")
	require.ErrorContains(t, err, `no precision "int4", only f32, f16, bf16, int8`)
}

// Every float16 comes back, and what lies between two neighbours goes to the nearer one, in the middle to the even one.
func TestFloat16(t *testing.T) {
	for h := range uint16(0x7c00) {
		v := kernels.FromFloat16(h)
		require.Equal(t, h, kernels.Float16(v))
		require.Equal(t, h|0x8000, kernels.Float16(-v))
		require.Equal(t, -v, kernels.FromFloat16(h|0x8000))
		next := float64(kernels.FromFloat16(h + 1))
		if h == 0x7bff {
			next = 65536
		}
		middle := float32((float64(v) + next) / 2)
		require.Equal(t, h+h&1, kernels.Float16(middle), "%v", middle)
		require.Equal(t, h, kernels.Float16(math.Nextafter32(middle, 0)))
		require.Equal(t, h+1, kernels.Float16(math.Nextafter32(middle, math.MaxFloat32)))
	}
	require.Equal(t, uint16(0x3c00), kernels.Float16(1))
	require.Equal(t, uint16(0xfc00), kernels.Float16(float32(math.Inf(-1))))
	require.True(t, math.IsInf(float64(kernels.FromFloat16(0x7c00)), 1))
	nan := float32(math.NaN())
	require.True(t, math.IsNaN(float64(kernels.FromFloat16(kernels.Float16(nan)))))
	require.False(t, kernels.F16.Fits([]float32{1, 65520}, 1))
	require.True(t, kernels.F16.Fits([]float32{1, math.Nextafter32(65520, 0)}, 1))
}

func TestBFloat16(t *testing.T) {
	for high := range uint32(0x7f80) {
		v := math.Float32frombits(high << 16)
		require.Equal(t, uint16(high), kernels.BFloat16(v))
		require.Equal(t, v, kernels.FromBFloat16(uint16(high)))
		require.Equal(t, uint16(high+high&1), kernels.BFloat16(math.Float32frombits(high<<16|0x8000)))
		require.Equal(t, uint16(high+1), kernels.BFloat16(math.Float32frombits(high<<16|0x8001)))
		require.Equal(t, uint16(high), kernels.BFloat16(math.Float32frombits(high<<16|0x7fff)))
	}
	require.True(t, math.IsNaN(float64(kernels.FromBFloat16(kernels.BFloat16(math.Float32frombits(0x7f800001))))))
}

func TestQuantizeRow(t *testing.T) {
	q := make([]int8, 6)
	scale := kernels.QuantizeRow(q, []float32{-254, 1, 3, 5, 127, 0})
	require.Equal(t, []int8{-127, 0, 2, 2, 64, 0}, q, "halves go to the even neighbour")
	require.Equal(t, float32(2), scale)
	require.Zero(t, kernels.QuantizeRow(q, make([]float32, 6)))
	require.Equal(t, make([]int8, 6), q)
	q[0] = 5
	require.Equal(t, float32(1e-38)/127, kernels.QuantizeRow(q[:1], []float32{1e-38}))
	require.Zero(t, q[0], "the scale's inverse is no float32")
	for _, none := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		scale := kernels.QuantizeRow(q, []float32{1, float32(none), 3})
		require.True(t, math.IsNaN(float64(scale*0)))
		require.Equal(t, make([]int8, 3), q[:3])
	}
	for length, fits := range map[int]bool{64: false, 65: true, 133144: true, 133145: false} {
		require.Equal(t, fits, kernels.Int8.Fits(nil, length), "%d", length)
	}
}
