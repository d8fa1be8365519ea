package webgpu_test

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/internal/hardware"
	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/kerneltest"
	"github.com/goclip/goclip/kernels/webgpu"
)

// open opens a device, software adapters included.
func open(t testing.TB) *webgpu.Device { return openAt(t, kernels.F32) }

func openAt(t testing.TB, precision kernels.Precision) *webgpu.Device {
	t.Helper()
	dev, err := webgpu.Open(webgpu.Options{AllowSoftware: true, Precision: precision})
	if errors.Is(err, webgpu.ErrNoAdapter) {
		hardware.Missing(t, "webgpu", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, dev.Close()) })
	return dev
}

// Every dispatch costs the library some allocations.
func TestDevice(t *testing.T) {
	for _, p := range kernels.Precisions() {
		if testing.Short() && p != kernels.F32 && p != kernels.Int8 {
			continue // between these two all shaders are run
		}
		t.Run(p.String(), func(t *testing.T) { kerneltest.RunAllocating(t, openAt(t, p), 40) })
	}
}

func TestSoftwareIsRefused(t *testing.T) {
	info := open(t).Info()
	require.Less(t, info.SelfTest, 1e-5)
	if !info.Software {
		t.Skipf("%s is a GPU", info.Adapter)
	}
	_, err := webgpu.Open(webgpu.Options{})
	require.ErrorIs(t, err, webgpu.ErrNoAdapter)
	require.ErrorContains(t, err, info.Adapter)
}

// run compiles a graph, runs it once and returns its only output.
func run(t *testing.T, dev kernels.Device, g *kernels.Graph, y kernels.Tensor, inputs ...[]float32) []float32 {
	t.Helper()
	p, err := kernels.Compile(dev, g, y)
	require.NoError(t, err)
	defer p.Close()
	out := [][]float32{make([]float32, y.Shape.Elements())}
	require.NoError(t, p.Run(context.Background(), kernels.Inputs{Floats: inputs}, out))
	return out[0]
}

// GELU must hold near zero and in the tail of negative numbers, where 1 + erf cancels.
func TestGELU(t *testing.T) {
	const n = 4001
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(i-n/2) / 200 // -10 … 10
	}
	g := kernels.NewGraph()
	y := run(t, open(t), g, g.Act(g.Floats(1, n), kernels.GELU), x)
	for i, v := range x {
		want := float64(v) / 2 * math.Erfc(-float64(v)/math.Sqrt2)
		require.InDelta(t, want, y[i], 1e-30+1e-6*math.Abs(float64(v)), "gelu(%v)", v)
		if v > -8 && v != 0 {
			require.InEpsilon(t, want, y[i], 1e-5, "gelu(%v)", v)
		}
	}
}

// What is larger than the pieces of an upload arrives whole, in order, and comes back.
func TestLargeWeight(t *testing.T) {
	const rows, width = 1500, 1001
	dev := open(t)
	values := make([]float32, rows*width)
	for i := range values {
		values[i] = float32(i)
	}
	w, err := dev.Load(kernels.WeightSpec{Name: "large", Role: kernels.Vector, Shape: kernels.Shape{rows, width}, Values: values})
	require.NoError(t, err)
	defer dev.Unload(w)
	g := kernels.NewGraph()
	require.Equal(t, values, run(t, dev, g, g.Add(g.Constant(w, 1), g.Floats(1, rows, width)), make([]float32, rows*width)))
}

func TestMemoryComesBack(t *testing.T) {
	dev := open(t)
	before := dev.Memory()
	w, err := dev.Load(kernels.WeightSpec{Name: "w", Role: kernels.Matrix, Shape: kernels.Shape{10, 20}, Values: make([]float32, 200)})
	require.NoError(t, err)
	const weight = 16 * 3 * (20 + 1) // fours of outputs, of every number of a row and of the bias
	require.Equal(t, before+weight, dev.Memory())
	g := kernels.NewGraph()
	p, err := kernels.Compile(dev, g, g.Linear(g.Floats(3, 20), w))
	require.NoError(t, err)
	require.Greater(t, dev.Memory(), before+weight+4*(60+30))
	require.NoError(t, p.Close())
	require.NoError(t, p.Close())
	require.ErrorContains(t, p.Run(context.Background(), kernels.Inputs{Floats: [][]float32{make([]float32, 60)}},
		[][]float32{make([]float32, 30)}), "closed")
	dev.Unload(w)
	dev.Unload(w)
	require.Equal(t, before, dev.Memory())
}

func TestWhatIsTooLarge(t *testing.T) {
	dev := open(t)
	before := dev.Memory()
	_, err := dev.Begin(kernels.Plan{Buffers: []int{1 << 40}})
	require.ErrorIs(t, err, kernels.ErrTooLarge)
	_, err = dev.Begin(kernels.Plan{Ints: []int{1 << 40}})
	require.ErrorIs(t, err, kernels.ErrTooLarge)
	require.Equal(t, before, dev.Memory())
}

func TestBadWeights(t *testing.T) {
	dev := open(t)
	for _, spec := range []kernels.WeightSpec{
		{Name: "short", Shape: kernels.Shape{2, 3}, Values: make([]float32, 5)},
		{Name: "bias", Shape: kernels.Shape{2, 3}, Values: make([]float32, 6), Bias: make([]float32, 3)},
		{Name: "empty", Shape: kernels.Shape{0, 3}},
		{Name: "shapeless", Values: make([]float32, 1)},
	} {
		_, err := dev.Load(spec)
		require.ErrorContains(t, err, "webgpu: weight "+spec.Name)
	}
}

func TestUnloadedWeight(t *testing.T) {
	dev := open(t)
	w, err := dev.Load(kernels.WeightSpec{Name: "w", Role: kernels.Matrix, Shape: kernels.Shape{1, 1}, Values: []float32{2}})
	require.NoError(t, err)
	dev.Unload(w)
	g := kernels.NewGraph()
	_, err = kernels.Compile(dev, g, g.Linear(g.Floats(1, 1), w))
	require.ErrorContains(t, err, "not loaded")
}

// One device, several programs and goroutines, which also load weights in between.
func TestGoroutines(t *testing.T) {
	dev := open(t)
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for range 5 {
				factor := float32(worker + 2)
				w, err := dev.Load(kernels.WeightSpec{Name: "w", Role: kernels.Vector, Shape: kernels.Shape{1}, Values: []float32{factor}})
				if err != nil {
					t.Error(err)
					return
				}
				g := kernels.NewGraph()
				y := g.Mul(g.Constant(w, 1), g.Floats(1, 1, 1))
				p, err := kernels.Compile(dev, g, y)
				if err != nil {
					t.Error(err)
					return
				}
				for i := range 5 {
					out := [][]float32{{0}}
					in := kernels.Inputs{Floats: [][]float32{{float32(i)}}}
					if err := p.Run(context.Background(), in, out); err != nil || out[0][0] != factor*float32(i) {
						t.Errorf("%v * %v is %v, %v", factor, i, out[0][0], err)
					}
				}
				p.Close()
				dev.Unload(w)
			}
		})
	}
	all.Wait()
}

// A device that goes first takes programs and weights with it.
func TestCloseInAnyOrder(t *testing.T) {
	dev := open(t)
	w, err := dev.Load(kernels.WeightSpec{Name: "w", Role: kernels.Matrix, Shape: kernels.Shape{1, 1}, Values: []float32{2}})
	require.NoError(t, err)
	g := kernels.NewGraph()
	p, err := kernels.Compile(dev, g, g.Linear(g.Floats(1, 1), w))
	require.NoError(t, err)
	require.NoError(t, dev.Close())
	require.Zero(t, dev.Memory())
	require.Error(t, p.Run(context.Background(), kernels.Inputs{Floats: [][]float32{{1}}}, [][]float32{{0}}))
	require.NoError(t, p.Close())
	dev.Unload(w)
	_, err = dev.Load(kernels.WeightSpec{Name: "w", Shape: kernels.Shape{1, 1}, Values: []float32{2}})
	require.ErrorContains(t, err, "closed")
	_, err = dev.Begin(kernels.Plan{})
	require.ErrorContains(t, err, "closed")
}

func BenchmarkLinear(b *testing.B) {
	const rows, depth, width = 50, 768, 768
	dev := open(b)
	w, err := dev.Load(kernels.WeightSpec{Name: "w", Role: kernels.Matrix, Shape: kernels.Shape{width, depth}, Values: make([]float32, width*depth)})
	require.NoError(b, err)
	g := kernels.NewGraph()
	p, err := kernels.Compile(dev, g, g.Linear(g.Floats(1, rows, depth), w))
	require.NoError(b, err)
	in := kernels.Inputs{Floats: [][]float32{make([]float32, rows*depth)}}
	out := [][]float32{make([]float32, rows*width)}
	for b.Loop() {
		require.NoError(b, p.Run(context.Background(), in, out))
	}
	b.ReportMetric(2*rows*depth*width*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}
