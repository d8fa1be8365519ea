package webgpu

import (
	"context"
	"errors"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/gogpu/gputypes"
	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/internal/hardware"
	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/reference"
)

// The stored answers are what the reference device computes.
func TestKnownAnswers(t *testing.T) {
	for _, p := range kernels.Precisions() {
		worst, err := selfTest(reference.New(reference.Options{Precision: p}))
		require.NoError(t, err, p)
		require.Less(t, worst, 1e-7, p)
	}
}

// The known answers of one precision are not those of another.
func TestPrecisionsDiffer(t *testing.T) {
	for _, p := range kernels.Precisions() {
		for _, q := range kernels.Precisions() {
			_, err := deviation("a product", knownProducts[p], knownProducts[q])
			require.Equal(t, p == q, err == nil, "%s and %s", p, q)
		}
	}
}

// A GPU that fails in one precision is used in a more exact one, which Name tells.
func TestFallback(t *testing.T) {
	for asked, want := range map[kernels.Precision]kernels.Precision{
		kernels.Int8: kernels.F16, kernels.F16: kernels.F32, kernels.BF16: kernels.F32,
	} {
		d := &Device{precision: asked}
		err := d.choosePrecision(func(kernels.Device) (float64, error) {
			if d.precision == asked {
				return 0, ErrSelfTest
			}
			return 1e-7, nil
		})
		require.NoError(t, err)
		require.Equal(t, want, d.Precision())
		require.Contains(t, d.Name(), want.String()+"; in "+asked.String()+": self-test failed")
	}
	d := &Device{precision: kernels.Int8}
	err := d.choosePrecision(func(kernels.Device) (float64, error) { return 0, ErrSelfTest })
	require.ErrorIs(t, err, ErrSelfTest)
	require.EqualError(t, err, "in int8: self-test failed; in f16: self-test failed; in f32: self-test failed")
}

// miscomputing is a reference device whose products come out wrong.
type miscomputing struct {
	*reference.Device
	wrong float32
}

func (d miscomputing) Load(s kernels.WeightSpec) (kernels.Weight, error) {
	if s.Bias != nil {
		s.Bias = append([]float32(nil), s.Bias...)
		s.Bias[0] += d.wrong
	}
	return d.Device.Load(s)
}

func TestSelfTestFails(t *testing.T) {
	for _, wrong := range []float32{0.01, 1e30} {
		_, err := selfTest(miscomputing{reference.New(reference.Options{}), wrong})
		require.ErrorIs(t, err, ErrSelfTest, "%v", wrong)
	}
	for _, wrong := range []float64{math.NaN(), math.Inf(1)} {
		_, err := deviation("a product", []float32{1, float32(wrong), 3}, []float32{1, 2, 3})
		require.ErrorIs(t, err, ErrSelfTest, "%v", wrong)
	}
	_, err := selfTest(miscomputing{reference.New(reference.Options{}), 1e-7})
	require.NoError(t, err)
}

// openAny opens a device, software adapters included.
func openAny(t *testing.T) *Device {
	t.Helper()
	d, err := Open(Options{AllowSoftware: true})
	if errors.Is(err, ErrNoAdapter) {
		hardware.Missing(t, "webgpu", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

// Every tile gives the same products, and tuning takes one of them, which another device then takes by its name.
func TestTiles(t *testing.T) {
	want := reference.New(reference.Options{})
	d := openAny(t)
	for _, t1 := range d.fitting() {
		d.setTiles(chosenTiles{t1, t1})
		record := func(dev kernels.Device) []float32 {
			w, err := dev.Load(kernels.WeightSpec{Name: "w", Role: kernels.Matrix, Shape: kernels.Shape{131, 37}, Values: pattern(131*37, 3)})
			require.NoError(t, err)
			defer dev.Unload(w)
			out, err := once(dev, func(g *kernels.Graph) kernels.Tensor { return g.Linear(g.Floats(1, 139, 37), w) }, pattern(139*37, 2))
			require.NoError(t, err)
			return out
		}
		require.InDeltaSlice(t, record(want), record(d), 1e-4, t1.String())
	}
	found, err := d.tune(context.Background(), 64, 5, 20)
	require.NoError(t, err)
	took := map[tile]time.Duration{tiles[0]: 5, tiles[1]: 3, tiles[2]: 3, tiles[3]: math.MaxInt64, tiles[4]: 9}
	pick, err := fastest(tiles, func(t tile) (time.Duration, error) { return took[t], nil })
	require.NoError(t, err)
	require.Equal(t, tiles[1], pick)
	_, err = fastest(tiles[3:4], func(t tile) (time.Duration, error) { return took[t], nil })
	require.ErrorIs(t, err, ErrSelfTest)
	other := openAny(t)
	require.Equal(t, untuned.names(), other.Tiles())
	require.True(t, other.SetTiles(context.Background(), found))
	require.Equal(t, found, other.Tiles())
	require.False(t, other.SetTiles(context.Background(), Tiles{Few: "3x3/1", Many: found.Many}))
	require.Equal(t, found, other.Tiles())
}

// On an adapter of small workgroups the smallest tile is left, and attention takes fewer queries at once.
func TestSmallWorkgroups(t *testing.T) {
	d := openAny(t)
	d.info.WorkgroupInvocations, d.info.WorkgroupMemory = 64, 4000
	require.Equal(t, []tile{tiles[0]}, d.fitting())
	b, err := d.blockFor(50, 64)
	require.NoError(t, err)
	require.Equal(t, block{4, 8}, b)
	_, err = d.blockFor(50, 2000)
	require.ErrorIs(t, err, kernels.ErrTooLarge)
	b, err = d.blockFor(1, 16)
	require.NoError(t, err)
	require.Equal(t, 1, b.queries)
}

// An adapter that offers little more than WebGPU demands of every one, or less, computes the same.
func TestTinyLimits(t *testing.T) {
	d, err := Open(Options{AllowSoftware: true, limits: func(l *gputypes.Limits) {
		l.MaxStorageBufferBindingSize, l.MaxBufferSize = 128<<10, 128<<10
		l.MaxComputeWorkgroupStorageSize, l.MaxComputeInvocationsPerWorkgroup = 8<<10, 64
	}})
	if errors.Is(err, ErrNoAdapter) {
		hardware.Missing(t, "webgpu", err)
	}
	require.NoError(t, err)
	defer d.Close()
	record := func(dev kernels.Device) []float32 {
		w, err := dev.Load(kernels.WeightSpec{Name: "w", Role: kernels.Matrix, Shape: kernels.Shape{72, 24}, Values: pattern(72*24, 3)})
		require.NoError(t, err)
		defer dev.Unload(w)
		out, err := once(dev, func(g *kernels.Graph) kernels.Tensor {
			parts := g.Split(g.Linear(g.Floats(1, 140, 24), w), 3)
			return g.Attention(parts[0], parts[1], parts[2], 2, true)
		}, pattern(140*24, 2))
		require.NoError(t, err)
		return out
	}
	require.InDeltaSlice(t, record(reference.New(reference.Options{})), record(d), 1e-5)
	if runtime.GOOS == "js" {
		return // a browser gives no less than WebGPU demands of every device
	}
	require.Equal(t, uint64(128<<10), d.Info().MaxBinding)
	w, err := d.Load(kernels.WeightSpec{Name: "w", Role: kernels.Matrix, Shape: kernels.Shape{600, 70}, Values: pattern(600*70, 3)})
	require.NoError(t, err)
	require.Greater(t, len(d.weights[w.ID].parts), 1)
	_, err = d.Begin(kernels.Plan{Buffers: []int{40000}})
	require.ErrorIs(t, err, kernels.ErrTooLarge)
	require.ErrorContains(t, err, "binds 131072")
}

// A matrix that no binding holds is divided.
func TestDividedMatrix(t *testing.T) {
	for p, limit := range map[kernels.Precision]uint64{kernels.F32: 24000, kernels.F16: 12000, kernels.BF16: 12000, kernels.Int8: 8000} {
		d := openAny(t)
		d.precision, d.info.MaxBinding = p, limit
		record := func(dev kernels.Device) []float32 {
			w, err := dev.Load(kernels.WeightSpec{Name: "w", Role: kernels.Matrix, Shape: kernels.Shape{150, 70}, Values: pattern(150*70, 3),
				Bias: pattern(150, 5)})
			require.NoError(t, err)
			defer dev.Unload(w)
			if dev == kernels.Device(d) {
				require.Greater(t, len(d.weights[w.ID].parts), 1)
			}
			out, err := once(dev, func(g *kernels.Graph) kernels.Tensor {
				x := g.Floats(1, 5, 70)
				return g.Add(g.Act(g.Linear(x, w), kernels.SiLU), g.Linear(x, w))
			}, pattern(5*70, 2))
			require.NoError(t, err)
			return out
		}
		require.InDeltaSlice(t, record(reference.New(reference.Options{Precision: p})), record(d), 1e-4, p.String())
		before := d.Memory()
		_, err := d.Load(kernels.WeightSpec{Name: "deep", Role: kernels.Matrix, Shape: kernels.Shape{64, 700}, Values: make([]float32, 64*700)})
		require.ErrorIs(t, err, kernels.ErrTooLarge)
		require.ErrorContains(t, err, "weight deep")
		require.Equal(t, before, d.Memory())
	}
}

// What needs more workgroups than fit side by side goes on in a second row of the grid.
func TestGridsOfSeveralRows(t *testing.T) {
	d := openAny(t)
	d.info.MaxWorkgroups = 3
	record := func(dev kernels.Device) []float32 {
		gain, err := dev.Load(kernels.WeightSpec{
			Name: "gain", Role: kernels.Vector, Shape: kernels.Shape{24}, Values: pattern(24, 1), Bias: pattern(24, 2),
		})
		require.NoError(t, err)
		g := kernels.NewGraph()
		x := g.Act(g.Floats(1, 8, 24), kernels.SiLU) // 192 values: 3 groups of 64 in one row
		x = g.Concat(x, x)                           // 6 groups in 2 rows
		parts := g.Split(g.LayerNorm(x, gain, 1e-5), 3)
		y := g.Normalize(g.Attention(parts[0], parts[1], parts[2], 2, false)) // 32 heads of queries in 11 rows are too many
		p, err := kernels.Compile(dev, g, y)
		if err != nil {
			require.ErrorIs(t, err, kernels.ErrTooLarge)
			return nil
		}
		defer p.Close()
		out := [][]float32{make([]float32, y.Shape.Elements())}
		require.NoError(t, p.Run(context.Background(), kernels.Inputs{Floats: [][]float32{pattern(8*24, 3)}}, out))
		return out[0]
	}
	require.Nil(t, record(d))
	d.info.MaxWorkgroups = 6
	require.InDeltaSlice(t, record(reference.New(reference.Options{})), record(d), 1e-5)
}

// A panic of our own is a mistake that must be seen, also within what guards the library.
func TestOwnPanics(t *testing.T) {
	require.Panics(t, func() { _ = unharmed(func() error { panic("BUG") }) })
	require.Panics(t, func() { _ = unharmed(func() error { var nothing []int; nothing[len(t.Name())] = 1; return nil }) })
}

func TestExplain(t *testing.T) {
	d := &Device{}
	require.NoError(t, d.explain("nothing", nil))
	require.NoError(t, d.usable())
	broken := errors.New("broken")
	require.EqualError(t, d.explain("a thing", broken), "webgpu: a thing: broken")
	require.NoError(t, d.usable())
}
