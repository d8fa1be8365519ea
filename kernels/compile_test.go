package kernels_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/reference"
)

// recorder is a device that computes nothing and remembers its steps.
type recorder struct {
	kernels.Device
	plan    kernels.Plan
	steps   []string
	aliased []string
}

func record() *recorder { return &recorder{Device: reference.New(reference.Options{})} }

func (r *recorder) Begin(plan kernels.Plan) (kernels.Encoder, error) {
	r.plan = plan
	return (*recordingEncoder)(r), nil
}

type recordingEncoder recorder

func (r *recordingEncoder) step(name string, dst kernels.Ref, reads ...kernels.Ref) {
	r.steps = append(r.steps, name)
	for _, read := range reads {
		if read.Kind == kernels.Value && read.Index == dst.Index {
			r.aliased = append(r.aliased, fmt.Sprintf("step %d, %s", len(r.steps), name))
		}
	}
}

func (r *recordingEncoder) product(name string, dst, x kernels.Ref, e kernels.Epilogue) {
	reads := []kernels.Ref{x}
	if e.Act != kernels.Identity {
		name += "+" + e.Act.String()
	}
	if e.Residual != nil {
		name += "+residual"
		reads = append(reads, *e.Residual)
	}
	r.step(name, dst, reads...)
}

func (r *recordingEncoder) Embed(dst kernels.Ref, _ kernels.Weight, _ kernels.IntInput) {
	r.step("embed", dst)
}
func (r *recordingEncoder) Linear(dst, x kernels.Ref, _ kernels.Weight, e kernels.Epilogue) {
	r.product("linear", dst, x, e)
}
func (r *recordingEncoder) Conv2D(dst, x kernels.Ref, _ kernels.Weight, _ kernels.Window, e kernels.Epilogue) {
	r.product("conv2d", dst, x, e)
}
func (r *recordingEncoder) Attention(dst, q, k, v kernels.Ref, _ kernels.Attend) {
	r.step("attention", dst, q, k, v)
}
func (r *recordingEncoder) LayerNorm(dst, x kernels.Ref, _ kernels.Weight, _ float32) {
	r.step("layernorm", dst, x)
}
func (r *recordingEncoder) Rotate(dst, x, cos, sin kernels.Ref)                { r.step("rotate", dst, x, cos, sin) }
func (r *recordingEncoder) Map(dst, x kernels.Ref, _ kernels.Act)              { r.step("map", dst, x) }
func (r *recordingEncoder) Zip(dst, x, y kernels.Ref, _ kernels.Binary)        { r.step("zip", dst, x, y) }
func (r *recordingEncoder) Pool(dst, x kernels.Ref, _ kernels.Window)          { r.step("pool", dst, x) }
func (r *recordingEncoder) Mean(dst, x kernels.Ref, _ kernels.IntInput)        { r.step("mean", dst, x) }
func (r *recordingEncoder) Concat(dst, x, y kernels.Ref)                       { r.step("concat", dst, x, y) }
func (r *recordingEncoder) Gather(dst, x kernels.Ref, _ kernels.IntInput)      { r.step("gather", dst, x) }
func (r *recordingEncoder) Normalize(dst, x kernels.Ref)                       { r.step("normalize", dst, x) }
func (r *recordingEncoder) Finish(_, _ []kernels.Ref) (kernels.Program, error) { return nil, nil }

// loader makes weights of a device with random numbers.
type loader struct {
	t   *testing.T
	dev kernels.Device
	rng *rand.Rand
}

func newLoader(t *testing.T, dev kernels.Device) loader {
	return loader{t, dev, rand.New(rand.NewPCG(1, 2))}
}

func (l loader) weight(role kernels.Role, bias bool, shape ...int) kernels.Weight {
	l.t.Helper()
	spec := kernels.WeightSpec{Name: "w", Role: role, Shape: shape, Values: make([]float32, kernels.Shape(shape).Elements())}
	for i := range spec.Values {
		spec.Values[i] = float32(l.rng.NormFloat64()) / 4
	}
	if bias {
		spec.Bias = make([]float32, shape[0])
	}
	w, err := l.dev.Load(spec)
	require.NoError(l.t, err)
	return w
}

// mlp records the second half of a transformer block: three fusable steps and one that is not.
func mlp(g *kernels.Graph, l loader, x kernels.Tensor) kernels.Tensor {
	width := x.Shape.Width()
	h := g.LayerNorm(x, l.weight(kernels.Vector, true, width), 1e-5)
	h = g.Act(g.Linear(h, l.weight(kernels.Matrix, true, 2*width, width)), kernels.QuickGELU)
	return g.Add(x, g.Linear(h, l.weight(kernels.Matrix, true, width, 2*width)))
}

func TestFusionFoldsActivationsAndResiduals(t *testing.T) {
	dev := record()
	g := kernels.NewGraph()
	_, err := kernels.Compile(dev, g, mlp(g, newLoader(t, dev), g.Floats(2, 3, 4)))
	require.NoError(t, err)
	require.Equal(t, []string{"layernorm", "linear+quick_gelu", "linear+residual"}, dev.steps)
}

func TestFusionLeavesWhatOthersRead(t *testing.T) {
	for name, build := range map[string]func(g *kernels.Graph, x, w kernels.Tensor) []kernels.Tensor{
		"an output":   func(g *kernels.Graph, x, y kernels.Tensor) []kernels.Tensor { return []kernels.Tensor{y, g.Add(x, y)} },
		"two readers": func(g *kernels.Graph, x, y kernels.Tensor) []kernels.Tensor { return []kernels.Tensor{g.Add(y, y)} },
		"a part of the value": func(g *kernels.Graph, x, y kernels.Tensor) []kernels.Tensor {
			return []kernels.Tensor{g.Act(g.Split(y, 2)[1], kernels.ReLU)}
		},
		"multiplication": func(g *kernels.Graph, x, y kernels.Tensor) []kernels.Tensor { return []kernels.Tensor{g.Mul(x, y)} },
	} {
		t.Run(name, func(t *testing.T) {
			dev := record()
			g := kernels.NewGraph()
			x := g.Floats(2, 3, 4)
			y := g.Linear(x, newLoader(t, dev).weight(kernels.Matrix, false, 4, 4))
			_, err := kernels.Compile(dev, g, build(g, x, y)...)
			require.NoError(t, err)
			require.Equal(t, "linear", dev.steps[0])
			require.Len(t, dev.steps, 2)
		})
	}
}

func TestFusedEqualsUnfused(t *testing.T) {
	results := [2][]float32{}
	for i, compile := range []func(kernels.Device, *kernels.Graph, ...kernels.Tensor) (kernels.Program, error){kernels.Compile, kernels.CompileUnfused} {
		dev := reference.New(reference.Options{})
		l := newLoader(t, dev)
		g := kernels.NewGraph()
		x := g.Tokens(g.Conv2D(g.Floats(2, 6, 6, 3), l.weight(kernels.Filter, true, 8, 3, 3, 3), 3, 1, kernels.Padding{}))
		x = g.Add(x, g.Constant(l.weight(kernels.Vector, false, 4, 8), 2))
		for range 3 {
			x = mlp(g, l, x)
		}
		p, err := compile(dev, g, x)
		require.NoError(t, err)
		results[i] = make([]float32, x.Shape.Elements())
		in := make([]float32, 2*6*6*3)
		for j := range in {
			in[j] = float32(j%7) - 3
		}
		require.NoError(t, p.Run(context.Background(), kernels.Inputs{Floats: [][]float32{in}}, [][]float32{results[i]}))
	}
	require.InDeltaSlice(t, results[0], results[1], 1e-6)
}

func TestPlanReusesBuffersWithoutAliasing(t *testing.T) {
	dev := record()
	l := newLoader(t, dev)
	g := kernels.NewGraph()
	x := g.Floats(2, 3, 4)
	for range 20 {
		x = mlp(g, l, x)
	}
	_, err := kernels.Compile(dev, g, x)
	require.NoError(t, err)
	require.Empty(t, dev.aliased)
	require.LessOrEqual(t, len(dev.plan.Buffers), 4, "twenty blocks need no more buffers than one")

	plan, err := kernels.Footprint(g, x)
	require.NoError(t, err)
	require.Equal(t, dev.plan, plan)
}

func TestMistakesStick(t *testing.T) {
	dev := reference.New(reference.Options{})
	l := newLoader(t, dev)
	matrix, vector := l.weight(kernels.Matrix, false, 4, 5), l.weight(kernels.Vector, false, 5)
	norm, filter, table := l.weight(kernels.Vector, true, 5), l.weight(kernels.Filter, false, 4, 3, 3, 2), l.weight(kernels.Table, false, 7, 5)
	for want, build := range map[string]func(g *kernels.Graph) kernels.Tensor{
		"rows of 6 values":          func(g *kernels.Graph) kernels.Tensor { return g.Linear(g.Floats(1, 6), matrix) },
		"want a matrix":             func(g *kernels.Graph) kernels.Tensor { return g.Linear(g.Floats(1, 5), table) },
		"weight is missing":         func(g *kernels.Graph) kernels.Tensor { return g.Linear(g.Floats(1, 5), kernels.Weight{}) },
		"gain and bias":             func(g *kernels.Graph) kernels.Tensor { return g.LayerNorm(g.Floats(1, 5), vector, 1e-5) },
		"of 6 values, have [5]":     func(g *kernels.Graph) kernels.Tensor { return g.LayerNorm(g.Floats(1, 6), norm, 1e-5) },
		"not a multiple of 2 heads": func(g *kernels.Graph) kernels.Tensor { x := g.Floats(1, 2, 5); return g.Attention(x, x, x, 2, false) },
		"do not belong together": func(g *kernels.Graph) kernels.Tensor {
			return g.Attention(g.Floats(1, 2, 4), g.Floats(1, 2, 6), g.Floats(1, 2, 6), 1, false)
		},
		"causal queries": func(g *kernels.Graph) kernels.Tensor {
			return g.Attention(g.Floats(1, 3, 4), g.Floats(1, 2, 4), g.Floats(1, 2, 4), 1, true)
		},
		"do not fit 3 channels": func(g *kernels.Graph) kernels.Tensor {
			return g.Conv2D(g.Floats(1, 5, 5, 3), filter, 1, 1, kernels.Padding{})
		},
		"larger than the picture": func(g *kernels.Graph) kernels.Tensor {
			return g.Conv2D(g.Floats(1, 2, 2, 2), filter, 1, 1, kernels.Padding{})
		},
		"shapes [1 2] and [1 3]": func(g *kernels.Graph) kernels.Tensor { return g.Add(g.Floats(1, 2), g.Floats(1, 3)) },
		"cannot be cut":          func(g *kernels.Graph) kernels.Tensor { return g.Act(g.Split(g.Floats(1, 5), 2)[0], kernels.ReLU) },
		"no rows 1 to 4":         func(g *kernels.Graph) kernels.Tensor { return g.Mean(g.Rows(g.Floats(1, 3, 2), 1, 4)) },
		"rows [3] do not belong": func(g *kernels.Graph) kernels.Tensor { return g.Gather(g.Floats(2, 3, 2), g.Ints(3)) },
		"another graph":          func(g *kernels.Graph) kernels.Tensor { return g.Add(g.Floats(1, 2), kernels.NewGraph().Floats(1, 2)) },
		"cannot move a window":   func(g *kernels.Graph) kernels.Tensor { return g.Pool(g.Floats(1, 2, 2, 2), 3, 1) },
		"angles": func(g *kernels.Graph) kernels.Tensor {
			return g.Rotate(g.Floats(1, 2, 6), g.Floats(1, 2, 4), g.Floats(1, 2, 4))
		},
	} {
		t.Run(want, func(t *testing.T) {
			g := kernels.NewGraph()
			x := build(g)
			_, err := kernels.Compile(dev, g, g.Act(x, kernels.ReLU), g.Normalize(x))
			require.ErrorContains(t, err, want)
		})
	}
}

func TestRunRefusesWrongInputs(t *testing.T) {
	dev := reference.New(reference.Options{})
	g := kernels.NewGraph()
	x := g.Add(g.Embed(newLoader(t, dev).weight(kernels.Table, false, 7, 5), g.Ints(1, 2)), g.Floats(1, 2, 5))
	p, err := kernels.Compile(dev, g, x)
	require.NoError(t, err)
	floats, ints, out := [][]float32{make([]float32, 10)}, [][]int32{{0, 6}}, [][]float32{make([]float32, 10)}
	run := func(in kernels.Inputs, out [][]float32) error { return p.Run(context.Background(), in, out) }
	require.NoError(t, run(kernels.Inputs{Floats: floats, Ints: ints}, out))

	require.ErrorContains(t, run(kernels.Inputs{Floats: floats, Ints: [][]int32{{0, 7}}}, out), "holds 7")
	require.ErrorContains(t, run(kernels.Inputs{Floats: floats, Ints: [][]int32{{-1, 0}}}, out), "holds -1")
	require.ErrorContains(t, run(kernels.Inputs{Floats: floats, Ints: [][]int32{{0}}}, out), "has 1 values, want 2")
	require.ErrorContains(t, run(kernels.Inputs{Floats: [][]float32{{1}}, Ints: ints}, out), "has 1 values")
	require.ErrorContains(t, run(kernels.Inputs{Floats: floats, Ints: ints}, [][]float32{{1}}), "room for 1 values")
	require.ErrorContains(t, run(kernels.Inputs{Floats: floats}, out), "takes 1 float and 1 integer inputs")
}

func TestCompileNeedsOutputsOfItsGraph(t *testing.T) {
	dev := record()
	g := kernels.NewGraph()
	x := g.Floats(2, 5)
	_, err := kernels.Compile(dev, g)
	require.ErrorContains(t, err, "needs an output")
	_, err = kernels.Compile(dev, g, kernels.NewGraph().Floats(1, 2))
	require.ErrorContains(t, err, "not a value of this graph")
	_, err = kernels.Compile(dev, g, g.Broadcast(x, g.Floats(2, 3, 5)))
	require.ErrorContains(t, err, "broadcast view")
}

func TestActsAreNamed(t *testing.T) {
	var names []string
	for _, a := range kernels.Acts() {
		names = append(names, a.String())
	}
	slices.Sort(names)
	require.Len(t, slices.Compact(names), len(kernels.Acts()))
	require.False(t, strings.Contains(strings.Join(names, ","), "%"))
}
