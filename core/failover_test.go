package core_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/core/embedded"
	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/simd"
	"github.com/stretchr/testify/require"
)

// failing is a device of which one thing or another fails after it has gone well a number of times.
type failing struct {
	kernels.Device
	loads, begins, runs int // how often each goes well; below zero: always
	largest             int // values of a buffer that Begin gives; 0: any number
	err                 error

	loaded int // weights that are there now
}

func (f *failing) spend(left *int) error {
	if *left == 0 {
		return fmt.Errorf("failing: %w", f.err)
	}
	*left--
	return nil
}

func (f *failing) Load(s kernels.WeightSpec) (kernels.Weight, error) {
	if err := f.spend(&f.loads); err != nil {
		return kernels.Weight{}, err
	}
	f.loaded++
	return f.Device.Load(s)
}

func (f *failing) Unload(w kernels.Weight) {
	f.loaded--
	f.Device.Unload(w)
}

func (f *failing) Begin(plan kernels.Plan) (kernels.Encoder, error) {
	if err := f.spend(&f.begins); err != nil {
		return nil, err
	}
	if f.largest > 0 && slices.Max(plan.Buffers) > f.largest {
		return nil, kernels.ErrTooLarge
	}
	e, err := f.Device.Begin(plan)
	return failingEncoder{e, f}, err
}

type failingEncoder struct {
	kernels.Encoder
	device *failing
}

func (e failingEncoder) Finish(inputs, outputs []kernels.Ref) (kernels.Program, error) {
	p, err := e.Encoder.Finish(inputs, outputs)
	return failingProgram{p, e.device}, err
}

type failingProgram struct {
	kernels.Program
	device *failing
}

func (p failingProgram) Run(ctx context.Context, in kernels.Inputs, out [][]float32) error {
	if err := p.device.spend(&p.device.runs); err != nil {
		return err
	}
	return p.Program.Run(ctx, in, out)
}

// A model whose device fails goes on with the next one, and what it gives stays the same.
func TestFailover(t *testing.T) {
	cpu := simd.New(simd.Options{Threads: 1})
	defer cpu.Close()
	texts := []string{"a dog", "a photo of a pizza", "", "guitar"}
	embed := func(o core.Options) (*core.Model, [][]float32, [][]float32, error) {
		m, err := core.OpenFS(context.Background(), embedded.Model(), o)
		if err != nil {
			return nil, nil, nil, err
		}
		t.Cleanup(func() { m.Close() })
		first, err := m.EmbedTexts(context.Background(), texts[:3])
		require.NoError(t, err)
		pictures, err := m.EmbedPixels(context.Background(), []core.Pixels{{Values: make([]float32, 3*64*64)}})
		require.NoError(t, err)
		second, err := m.EmbedTexts(context.Background(), texts)
		return m, append(first, second...), pictures, err
	}
	_, wantTexts, wantPictures, err := embed(core.Options{Device: cpu})
	require.NoError(t, err)
	for name, f := range map[string]*failing{
		"out of memory while loading":         {loads: 20, begins: -1, runs: -1, err: kernels.ErrTooLarge},
		"out of memory while loading a tower": {loads: 0, begins: -1, runs: -1, err: kernels.ErrTooLarge},
		"a shader that does not compile":      {loads: -1, begins: 1, runs: -1, err: kernels.ErrIncapable},
		"lost before the first run":           {loads: -1, begins: -1, runs: 0, err: kernels.ErrDeviceLost},
		"lost between two runs":               {loads: -1, begins: -1, runs: 2, err: kernels.ErrDeviceLost},
	} {
		t.Run(name, func(t *testing.T) {
			f.Device = cpu
			asked := 0
			m, gotTexts, gotPictures, err := embed(core.Options{Device: f, Fallback: func(failed error) (kernels.Device, error) {
				asked++
				require.ErrorIs(t, failed, f.err)
				return cpu, nil
			}})
			require.NoError(t, err)
			require.Equal(t, 1, asked, "both towers go on to the same device")
			require.Zero(t, f.loaded, "weights are left on the device that failed")
			require.Equal(t, kernels.Device(cpu), m.Device())
			require.Equal(t, wantTexts, gotTexts)
			require.Equal(t, wantPictures, gotPictures)
		})
	}
}

// A batch that is too large for a device is computed in smaller ones, on the same device.
func TestSmallerBatches(t *testing.T) {
	cpu := simd.New(simd.Options{Threads: 1})
	defer cpu.Close()
	f := &failing{Device: cpu, loads: -1, begins: -1, runs: -1, largest: 60000}
	m, err := core.OpenFS(context.Background(), embedded.Model(), core.Options{Device: f})
	require.NoError(t, err)
	defer m.Close()
	texts := slices.Repeat([]string{"a photo of a dog that looks at a very long sentence with many words in it"}, 17)
	vectors, err := m.EmbedTexts(context.Background(), texts)
	require.NoError(t, err)
	require.Len(t, vectors, len(texts))
	pictures := slices.Repeat([]core.Pixels{{Values: make([]float32, 3*64*64)}}, 9)
	vectors, err = m.EmbedPixels(context.Background(), pictures)
	require.NoError(t, err)
	require.Len(t, vectors, len(pictures))
	f.largest = 10
	_, err = m.EmbedTexts(context.Background(), []string{"a sentence of another length"})
	require.ErrorIs(t, err, kernels.ErrTooLarge)
}

// A device that fails while the model is read for it is followed by the next one; a reading that was cancelled is begun again.
func TestInterruptedReading(t *testing.T) {
	cpu := simd.New(simd.Options{Threads: 1})
	defer cpu.Close()
	first := &failing{Device: cpu, loads: -1, begins: -1, runs: 0, err: kernels.ErrDeviceLost}
	second := &failing{Device: cpu, loads: 7, begins: -1, runs: -1, err: kernels.ErrTooLarge}
	ctx, cancel := context.WithCancel(context.Background())
	third := &failing{Device: cancelling{cpu, cancel}, loads: -1, begins: -1, runs: -1}
	next := []kernels.Device{second, third}
	m, err := core.OpenFS(context.Background(), embedded.Model(), core.Options{Device: first, Towers: core.TextTower,
		Fallback: func(error) (kernels.Device, error) {
			device := next[0]
			next = next[1:]
			return device, nil
		}})
	require.NoError(t, err)
	defer m.Close()
	_, err = m.EmbedTexts(ctx, []string{"dog"})
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, second.loaded+third.loaded)
	vectors, err := m.EmbedTexts(context.Background(), []string{"dog"})
	require.NoError(t, err)
	require.Len(t, vectors, 1)
}

// cancelling ends a context when it is given a weight.
type cancelling struct {
	kernels.Device
	cancel func()
}

func (c cancelling) Load(s kernels.WeightSpec) (kernels.Weight, error) {
	c.cancel()
	return c.Device.Load(s)
}

// Without another device, and when what failed is not the device, the error comes out.
func TestNoFailover(t *testing.T) {
	cpu := simd.New(simd.Options{Threads: 1})
	defer cpu.Close()
	none, other := errors.New("none left"), errors.New("something else")
	for _, c := range []struct {
		err      error
		fallback func(error) (kernels.Device, error)
		want     []error
	}{
		{kernels.ErrDeviceLost, nil, []error{kernels.ErrDeviceLost}},
		{kernels.ErrDeviceLost, func(error) (kernels.Device, error) { return nil, none }, []error{kernels.ErrDeviceLost, none}},
		{other, func(error) (kernels.Device, error) { t.Error("asked"); return nil, none }, []error{other}},
	} {
		f := &failing{Device: cpu, loads: -1, begins: -1, err: c.err}
		m, err := core.OpenFS(context.Background(), embedded.Model(), core.Options{Device: f, Fallback: c.fallback})
		require.NoError(t, err)
		_, err = m.EmbedTexts(context.Background(), []string{"dog"})
		for _, want := range c.want {
			require.ErrorIs(t, err, want)
		}
		m.Close()
	}
}
