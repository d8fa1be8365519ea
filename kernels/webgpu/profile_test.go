package webgpu

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/kernels"
)

// What a profile counts is what the shapes say; shaders that do the same work are one kind.
func TestProfile(t *testing.T) {
	const rows, depth, width = 5, 70, 150
	d := openAny(t)
	load := func(out, in int) kernels.Weight {
		w, err := d.Load(kernels.WeightSpec{Name: "w", Role: kernels.Matrix, Shape: kernels.Shape{out, in}, Values: pattern(out*in, 3)})
		require.NoError(t, err)
		return w
	}
	up, down := load(width, depth), load(depth, width)
	g := kernels.NewGraph()
	x := g.Floats(1, rows, depth)
	for range 3 {
		x = g.Add(g.Linear(g.Act(g.Linear(x, up), kernels.ReLU), down), x)
	}
	profile, err := d.Profile(context.Background(), g, g.Normalize(x))
	require.NoError(t, err)
	require.Equal(t, 7, profile.Dispatches)
	require.Len(t, profile.Kinds, 3)
	total := 0
	for _, k := range profile.Kinds {
		total += k.Count
		require.Positive(t, k.Millis)
		require.GreaterOrEqual(t, k.Moved, k.Least)
	}
	require.Equal(t, profile.Dispatches, total)
	first := profile.Kinds[0]
	upBytes, downBytes := 16*(width+2)/4*(depth+1), 16*((depth+3)/4)*(width+1)
	require.Equal(t, int64(upBytes+downBytes), profile.WeightBytes)
	require.Equal(t, 3, first.Count)
	require.Equal(t, float64(2*rows*depth*width), first.Operations)
	require.Equal(t, float64(4*rows*(depth+width)+upBytes), first.Least)
	require.Equal(t, float64(4*rows*width+first.Workgroups*4*rows*depth+upBytes), first.Moved, "every workgroup reads all rows")
	require.Equal(t, float64(8*rows*depth+4*rows*width+downBytes), profile.Kinds[1].Least)
	require.Equal(t, "normalize", profile.Kinds[2].Shader)
}

func TestCeiling(t *testing.T) {
	operations, bandwidth, err := openAny(t).Ceiling(context.Background())
	require.NoError(t, err)
	require.Positive(t, operations)
	require.Positive(t, bandwidth)
}

// A Run makes nothing on the GPU: buffers, bind groups and pipelines are there before it.
func TestRunMakesNothing(t *testing.T) {
	for _, p := range kernels.Precisions() {
		d := openAny(t)
		d.precision = p
		w, err := d.Load(kernels.WeightSpec{Name: "w", Role: kernels.Matrix, Shape: kernels.Shape{70, 70}, Values: pattern(70*70, 3)})
		require.NoError(t, err)
		g := kernels.NewGraph()
		x := g.Linear(g.Floats(1, 9, 70), w)
		program, err := kernels.Compile(d, g, g.Attention(x, x, x, 7, false))
		require.NoError(t, err)
		in, out := kernels.Inputs{Floats: [][]float32{pattern(9*70, 1)}}, [][]float32{make([]float32, 9*70)}
		made := func() [3]int64 {
			groups := 0
			for of := range d.programs {
				for _, s := range of.steps {
					if s.group != nil {
						groups++
					}
				}
			}
			return [3]int64{d.Memory(), int64(len(d.pipelines)), int64(groups)}
		}
		before := made()
		for range 3 {
			require.NoError(t, program.Run(context.Background(), in, out))
		}
		require.Equal(t, before, made(), p.String())
	}
}
