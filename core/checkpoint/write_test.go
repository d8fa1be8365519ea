package checkpoint

import (
	"bytes"
	"errors"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// written is what make.py let the safetensors library write.
var written = []Tensor{
	{Name: "lengths", Shape: []int{1}, Ints32: []int32{7}},
	{Name: "ids", Shape: []int{1, 3}, Ints: []int64{1, -2, 3}},
	{Name: "z", Shape: []int{3}, Floats: []float32{0, 1, 2}},
	{Name: "b\"<é>\\", Shape: []int{2, 1}, Floats: []float32{1.5, -2}},
	{Name: "scalar", Floats: []float32{4}},
	{Name: "none", Shape: []int{2, 0}},
}

func TestWriteSafetensors(t *testing.T) {
	want, err := os.ReadFile("testdata/written.safetensors")
	require.NoError(t, err)
	var got bytes.Buffer
	require.NoError(t, WriteSafetensors(&got, written))
	require.Equal(t, string(want), got.String(), "the same bytes as the safetensors library")
	got.Reset()
	backwards := slices.Clone(written)
	slices.Reverse(backwards)
	require.NoError(t, WriteSafetensors(&got, backwards))
	require.Equal(t, string(want), got.String(), "in whatever order")
	require.Equal(t, "lengths", written[0].Name, "the caller's list is left alone")
}

func TestRoundTrip(t *testing.T) {
	floats := []float32{0, float32(math.Copysign(0, -1)), math.MaxFloat32, math.SmallestNonzeroFloat32, float32(math.Inf(-1)), 1 / 3.0}
	var b bytes.Buffer
	require.NoError(t, WriteSafetensors(&b, []Tensor{
		{Name: "f", Shape: []int{2, 3}, Floats: floats},
		{Name: "i", Shape: []int{2}, Ints: []int64{math.MinInt64, math.MaxInt64}},
		{Name: "j", Shape: []int{1, 1, 2}, Ints32: []int32{math.MinInt32, math.MaxInt32}},
	}))
	c := openBytes(t, b.Bytes())
	require.Equal(t, []Info{
		{Name: "f", DType: F32, Shape: []int{2, 3}, File: "f"},
		{Name: "i", DType: I64, Shape: []int{2}, File: "f"},
		{Name: "j", DType: I32, Shape: []int{1, 1, 2}, File: "f"},
	}, c.Tensors())
	f, err := c.Floats("f", nil)
	require.NoError(t, err)
	for i := range f {
		require.Equal(t, math.Float32bits(floats[i]), math.Float32bits(f[i]))
	}
	i, err := c.Ints("i")
	require.NoError(t, err)
	require.Equal(t, []int64{math.MinInt64, math.MaxInt64}, i)
	j, err := c.Ints("j")
	require.NoError(t, err)
	require.Equal(t, []int64{math.MinInt32, math.MaxInt32}, j)
}

func TestWriteMistakes(t *testing.T) {
	for says, tensors := range map[string][]Tensor{
		`"w": 3 values for the shape [2]`:  {{Name: "w", Shape: []int{2}, Floats: make([]float32, 3)}},
		`"w": 0 values for the shape []`:   {{Name: "w"}},
		`"w": 0 values for the shape [-1]`: {{Name: "w", Shape: []int{-1}}},
		`"w": the name is there twice`:     {{Name: "w", Floats: make([]float32, 1)}, {Name: "w", Ints: make([]int64, 1)}},
		`"__metadata__": the name is`:      {{Name: "__metadata__", Floats: make([]float32, 1)}},
		`more than one of Floats`:          {{Name: "w", Shape: []int{2}, Floats: make([]float32, 1), Ints: make([]int64, 1)}},
		`a name of more than 1024 bytes`:   {{Name: string(bytes.Repeat([]byte("w"), 1025)), Floats: make([]float32, 1)}},
	} {
		var b bytes.Buffer
		err := WriteSafetensors(&b, tensors)
		require.ErrorContains(t, err, "checkpoint: writing safetensors: ")
		require.ErrorContains(t, err, says)
		require.Zero(t, b.Len())
	}
	require.ErrorIs(t, WriteSafetensors(fullDisk{}, written), errFull)
}

var errFull = errors.New("no space left")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }
