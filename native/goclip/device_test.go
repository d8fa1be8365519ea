package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/internal/hardware"
	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/simd"
	"github.com/goclip/goclip/kernels/webgpu"
)

// Without an adapter the CPU does what was asked of the GPU, and says so; bench measures nothing else than what it was asked for.
func TestNoAdapter(t *testing.T) {
	t.Parallel()
	run := func(arguments ...string) (string, string, int) {
		c := exec.Command(goclip, arguments...)
		c.Env = append(os.Environ(), "VK_DRIVER_FILES=/nowhere", "VK_ICD_FILENAMES=/nowhere")
		var stderr strings.Builder
		c.Stderr = &stderr
		stdout, err := c.Output()
		return string(stdout), stderr.String(), statusOf(t, err)
	}
	want := good(t, "embed", "--device", "cpu", dog)
	stdout, stderr, status := run("embed", "--device", "gpu", dog)
	require.Equal(t, allDone, status)
	require.Equal(t, want, stdout)
	require.Contains(t, stderr, "goclip: warning: ")
	require.Contains(t, stderr, "no GPU adapter")
	require.Contains(t, stderr, "computing on the CPU instead, cpu (")
	_, stderr, status = run("bench", "--device", "gpu")
	require.Equal(t, notStarted, status)
	require.Contains(t, stderr, "no GPU adapter")
}

// A lost GPU is started again once, as it was; after that the CPU takes over.
func TestFallback(t *testing.T) {
	p := &program{device: "gpu", precision: "f16", quiet: true}
	d, err := p.serve(context.Background())
	require.NoError(t, err)
	defer d.Close()
	first := d.Current()
	if _, ok := first.(*webgpu.Device); !ok {
		hardware.Missing(t, "webgpu", errors.New("--device gpu opens "+first.Name()))
	}
	lost := fmt.Errorf("webgpu: reading the outputs: %w", kernels.ErrDeviceLost)
	again, err := d.Next(lost)
	require.NoError(t, err)
	require.IsType(t, &webgpu.Device{}, again)
	require.NotSame(t, first, again)
	require.Equal(t, first.Precision(), again.Precision())
	last, err := d.Next(lost)
	require.NoError(t, err)
	require.IsType(t, &simd.Device{}, last)
	require.Equal(t, kernels.F16, last.Precision())
	_, err = d.Next(lost)
	require.ErrorIs(t, err, kernels.ErrDeviceLost)
}

// The steps of a tower add up to the dispatches of its program, and doctor describes the adapter they ran on.
func TestGPUSteps(t *testing.T) {
	t.Parallel()
	var report diagnosis
	require.NoError(t, json.Unmarshal([]byte(run(t, "doctor", "--json").stdout), &report))
	at := slices.IndexFunc(report.Devices, func(d deviceCheck) bool { return d.Device == "gpu" && d.Adapter != nil })
	if at < 0 {
		hardware.Missing(t, "webgpu", errors.New("doctor finds no adapter"))
	}
	a := report.Devices[at].Adapter
	require.NotEmpty(t, a.Tiles.Few)
	require.NotEmpty(t, a.Tiles.Many)
	require.Positive(t, a.WorkgroupMemory)
	require.NotEmpty(t, report.Auto)
	require.Len(t, report.Devices[at].Precisions, 3)
	require.Contains(t, run(t, "doctor").stdout, "tiles: "+a.Tiles.Few)

	r := run(t, "bench", "--device", "gpu", "--ops", "--batch", "2", "--json")
	require.Equal(t, allDone, r.status)
	dispatches, steps := map[string]int{}, map[string]int{}
	for line := range strings.Lines(r.stdout) {
		var whole programRow
		var op opRow
		require.NoError(t, json.Unmarshal([]byte(line), &whole))
		require.NoError(t, json.Unmarshal([]byte(line), &op))
		if op.Op == "" {
			dispatches[whole.Tower] = whole.Dispatches
			require.Positive(t, whole.WeightBytes)
			continue
		}
		steps[op.Tower] += op.Count
		require.Positive(t, op.Millis)
	}
	require.Equal(t, dispatches, steps)
	require.Len(t, steps, 2)
	refused(t, "only a GPU's steps", "bench", "--device", "cpu", "--ops")
}
