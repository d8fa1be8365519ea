package gpu

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/internal/hardware"
	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/simd"
	"github.com/goclip/goclip/kernels/webgpu"
)

func software(t *testing.T) *webgpu.Device {
	t.Helper()
	d, err := Open(context.Background(), kernels.F32, true)
	if errors.Is(err, webgpu.ErrNoAdapter) {
		hardware.Missing(t, "webgpu", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { d.Close() })
	if !d.Info().Software {
		t.Skipf("%s is a GPU", d.Info().Adapter)
	}
	return d
}

// A GPU that is missing, or slower, is not looked for again before the verdict has run out.
func TestFasterRemembers(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	cpu := simd.New(simd.Options{})
	defer cpu.Close()
	now := time.Now()
	asked := 0
	missing := func(context.Context, kernels.Precision) (*webgpu.Device, error) {
		asked++
		return nil, webgpu.ErrNoAdapter
	}
	for range 2 {
		d, why := faster(context.Background(), cpu, missing, now)
		require.Nil(t, d)
		require.Equal(t, "no GPU adapter", why)
		require.Equal(t, 1, asked)
	}
	faster(context.Background(), cpu, missing, now.Add(failureHolds))
	require.Equal(t, 2, asked)
	faster(context.Background(), cpu, missing, now.Add(-2*verdictHolds))
	require.Equal(t, 3, asked, "a verdict of the future does not hold")

	path, err := memoryFile()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte("{"), 0o600))
	faster(context.Background(), cpu, missing, now)
	require.Equal(t, 4, asked, "a broken file is one that knows nothing")
}

// lavapipe is no faster than the CPU device on the same cores, and something slower than it is not taken before it.
func TestFasterMeasures(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	gpu := software(t)
	cpu := simd.New(simd.Options{})
	defer cpu.Close()
	verdict, err := judge(context.Background(), gpu, cpu, 1)
	require.NoError(t, err)
	require.False(t, verdict.Take)
	require.Contains(t, verdict.Reason, "of the CPU's time")
	verdict, err = judge(context.Background(), cpu, gpu, 1)
	require.NoError(t, err)
	require.True(t, verdict.Take)

	// A verdict for the GPU is remembered too, and it is opened without being measured again.
	known := remember()
	known.Verdicts[cpu.Name()] = judgement{Take: true, Adapter: adapterKey(gpu), Reason: "faster", Until: time.Now().Add(time.Hour)}
	known.keep()
	d, why := faster(context.Background(), cpu, func(context.Context, kernels.Precision) (*webgpu.Device, error) {
		return webgpu.Open(webgpu.Options{AllowSoftware: true})
	}, time.Now())
	require.NotNil(t, d)
	require.Equal(t, "faster", why)
	require.NoError(t, d.Close())
}

// An adapter that computes on the CPU is never taken unasked.
func TestSoftwareIsNoGPU(t *testing.T) {
	software(t)
	_, err := openReal(context.Background(), kernels.F32)
	require.ErrorIs(t, err, webgpu.ErrNoAdapter)
}
