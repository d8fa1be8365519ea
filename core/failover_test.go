package core_test

import (
	"context"
	"errors"
	"fmt"
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
	err                 error
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
	return f.Device.Load(s)
}

func (f *failing) Begin(plan kernels.Plan) (kernels.Encoder, error) {
	if err := f.spend(&f.begins); err != nil {
		return nil, err
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
			require.Equal(t, kernels.Device(cpu), m.Device())
			require.Equal(t, wantTexts, gotTexts)
			require.Equal(t, wantPictures, gotPictures)
		})
	}
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
