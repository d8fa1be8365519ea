//go:build unix

package main

import (
	"flag"
	"fmt"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/goclip/goclip/core/zoo/known"
	"github.com/stretchr/testify/require"
)

// full asks for the architectures that have been released: all of them take an hour, and 17 GB of memory.
var full = flag.String("full", "", "run the released architectures whose names match this `PATTERN` in full size (. for all), and print the table of docs/architectures.md")

// small is what every run of the tests takes.
var small = []string{"ViT-B-32-quickgelu", "RN50-quickgelu", "ViT-B-16-SigLIP"}

// What goclip says that a tower needs, it does not exceed: the weights, the buffers of one forward pass, and the largest
// weight once more while it is loaded. Random weights are no exception.
func TestArchitecturesInFullSize(t *testing.T) {
	if testing.Short() {
		t.Skip("towers of full size")
	}
	var rows strings.Builder
	done := map[string]string{} // many models share a text tower
	names := small
	if *full != "" {
		pattern, err := regexp.Compile(*full)
		require.NoError(t, err)
		names = slices.DeleteFunc(architectureNames(), func(name string) bool { return !pattern.MatchString(name) })
	}
	for _, name := range names {
		a, err := known.FindArchitecture(name)
		require.NoError(t, err)
		row := fmt.Sprintf("| %s | %.2f ", name, float64(a.Parameters)/1e6)
		c, err := a.Config()
		require.NoError(t, err)
		for i, of := range []any{c.Image, c.Text} {
			key := fmt.Sprintf("%T %+v", of, of)
			if done[key] == "" {
				done[key] = benchInFull(t, name, parts[i])
			}
			row += done[key]
		}
		fmt.Fprintln(&rows, row+"|")
		t.Log(row)
	}
	if *full != "" {
		fmt.Print(rows.String())
	}
}

// benchInFull runs a tower, and gives a cell: the peak of its memory, and what was said.
func benchInFull(t *testing.T, arch, tower string) string {
	t.Helper()
	command := exec.Command(goclip, "bench", "--arch", arch, "--batch", "1", "--tower", tower, "--json", "--device", "cpu")
	var stderr strings.Builder
	command.Stderr = &stderr
	out, err := command.Output()
	if *full != "" && strings.Contains(stderr.String(), "it needs ") {
		t.Log(stderr.String())
		return "| too large for this machine "
	}
	require.NoError(t, err, stderr.String())
	b := object[benchRow](t, string(out))
	peak := command.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
	if runtime.GOOS != "darwin" {
		peak *= 1024
	}
	require.LessOrEqual(t, peak, b.Memory, "%s, %s tower: more than was said", arch, tower)
	require.Greater(t, 3*peak, b.Memory, "%s, %s tower: a bound that says nothing", arch, tower)
	return fmt.Sprintf("| %.0f of %.0f ", float64(peak)/(1<<20), float64(b.Memory)/(1<<20))
}
