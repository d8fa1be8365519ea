package zoo

import (
	"bytes"
	"math"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/core/checkpoint"
	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/kernels"
)

// stored is a checkpoint with these tensors.
func stored(t *testing.T, tensors ...checkpoint.Tensor) *checkpoint.Checkpoint {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, checkpoint.WriteSafetensors(&file, tensors))
	c, err := checkpoint.Open(fstest.MapFS{"model.safetensors": {Data: file.Bytes()}}, "model.safetensors")
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// norm are the tensors of a BatchNorm of two channels: 2(x-1)/√4 + 0.5 and 3(x+2)/√9 - 1, for an epsilon of 1.
func norm(stem string) []checkpoint.Tensor {
	return []checkpoint.Tensor{
		{Name: stem + ".weight", Shape: []int{2}, Floats: []float32{2, 3}},
		{Name: stem + ".bias", Shape: []int{2}, Floats: []float32{0.5, -1}},
		{Name: stem + ".running_mean", Shape: []int{2}, Floats: []float32{1, -2}},
		{Name: stem + ".running_var", Shape: []int{2}, Floats: []float32{3, 8}},
	}
}

func TestFoldsNormsRoundAProduct(t *testing.T) {
	c := stored(t, append(append(norm("n"), norm("m")...),
		checkpoint.Tensor{Name: "w", Shape: []int{2, 2}, Floats: []float32{1, 2, 3, 4}},
		checkpoint.Tensor{Name: "gamma", Shape: []int{2}, Floats: []float32{10, 100}})...)
	p := tower.Param{Name: "p", Role: kernels.Matrix, Shape: kernels.Shape{2, 2}, Bias: true}

	values, bias, err := rule{values: whole("w"), after: batchNorm{"n", 1}, scale: "gamma"}.assemble(c, p, nil)
	require.NoError(t, err)
	require.Equal(t, []float32{10, 20, 300, 400}, values)
	require.Equal(t, []float32{10 * (0.5 - 1), 100 * (-1 + 2)}, bias)

	values, bias, err = rule{values: whole("w"), before: batchNorm{"m", 1}}.assemble(c, p, nil)
	require.NoError(t, err)
	require.Equal(t, []float32{1, 2, 3, 4}, values, "2/√4 and 3/√9")
	require.Equal(t, []float32{1*-0.5 + 2*1, 3*-0.5 + 4*1}, bias)
}

func TestFoldsBranches(t *testing.T) {
	c := stored(t, append(append(norm("n"), norm("skip")...),
		checkpoint.Tensor{Name: "large", Shape: []int{2, 1, 3, 3}, Floats: []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
		checkpoint.Tensor{Name: "small", Shape: []int{2, 1, 1, 1}, Floats: []float32{20, 30}},
		checkpoint.Tensor{Name: "b", Shape: []int{2}, Floats: []float32{7, 8}},
		checkpoint.Tensor{Name: "gamma", Shape: []int{2, 1, 1}, Floats: []float32{2, 4}})...)
	// x + gamma·(large(x) + n(small(x)) - skip(x))
	r := rule{plus: []rule{{values: whole("large"), bias: whole("b"), layout: filterOIHW, scale: "gamma", plus: []rule{
		{values: whole("small"), layout: filterOIHW, kernel: 1, after: batchNorm{"n", 1}},
		{after: batchNorm{"skip", 1}, minus: true},
	}}}}
	p := tower.Param{Name: "p", Role: kernels.Filter, Shape: kernels.Shape{2, 3, 3, 1}, Bias: true}
	values, bias, err := r.assemble(c, p, nil)
	require.NoError(t, err)
	require.Equal(t, []float32{2, 4, 6, 8, 1 + 2*(5+20-1), 12, 14, 16, 18, 4, 4, 4, 4, 1 + 4*(1+30-1), 4, 4, 4, 4}, values)
	require.Equal(t, []float32{2 * (7 - 0.5 + 0.5), 4 * (8 + 1 - 1)}, bias)

	var names []string
	parameters := 0
	for _, n := range r.needs(p) {
		names = append(names, n.name)
		if !n.buffer {
			parameters += n.shape.Elements()
		}
	}
	require.Equal(t, []string{"large", "b", "gamma", "small", "n.weight", "n.bias", "n.running_mean", "n.running_var",
		"skip.weight", "skip.bias", "skip.running_mean", "skip.running_var"}, names)
	require.Equal(t, 18+2+2+2+4+4, parameters, "without running statistics")
}

// A grouped identity goes to the channel's own place among its group's.
func TestIdentityInGroups(t *testing.T) {
	c := stored(t, checkpoint.Tensor{Name: "w", Shape: []int{4, 2, 1, 1}, Floats: make([]float32, 8)})
	p := tower.Param{Name: "p", Role: kernels.Filter, Shape: kernels.Shape{4, 1, 1, 2}}
	values, _, err := rule{values: whole("w"), layout: filterOIHW, plus: []rule{{}}}.assemble(c, p, nil)
	require.NoError(t, err)
	require.Equal(t, []float32{1, 0, 0, 1, 1, 0, 0, 1}, values)
}

func TestNoVariance(t *testing.T) {
	tensors := norm("n")
	tensors[3].Floats[1] = -4
	_, err := batchNorm{"n", 1}.affine(stored(t, tensors...), 2)
	require.ErrorContains(t, err, "n.running_var holds -4")
	tensors[3].Floats[1] = float32(math.NaN())
	_, err = batchNorm{"n", 1}.affine(stored(t, tensors...), 2)
	require.ErrorContains(t, err, "n.running_var holds NaN")
}
