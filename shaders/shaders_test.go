package shaders_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/shaders"
)

// after is the part of a shader from a line on to the next line that begins with stop.
func after(t *testing.T, name, start, stop string) string {
	t.Helper()
	_, rest, found := strings.Cut(shaders.Source(name), "\n"+start)
	require.True(t, found, "%s.wgsl has no line beginning %q", name, start)
	part, _, found := strings.Cut(rest, "\n"+stop)
	require.True(t, found, "%s.wgsl has no line beginning %q behind %q", name, stop, start)
	return part
}

func TestActivateIsTheSameEverywhere(t *testing.T) {
	want := after(t, "map", "// The activation is", "@compute")
	require.Contains(t, want, "fn activate(")
	for _, name := range []string{"linear", "conv2d"} {
		require.Equal(t, want, after(t, name, "// The activation is", "@compute"), name)
	}
}

func TestEveryShaderStatesItsLoop(t *testing.T) {
	require.NotEmpty(t, shaders.Names())
	for _, name := range shaders.Names() {
		source := shaders.Source(name)
		require.True(t, strings.HasPrefix(source, "// "+name+" "), "%s.wgsl does not begin with its name", name)
		head, _, _ := strings.Cut(source, "\n\n")
		require.Contains(t, head, "//\tfor ", "%s.wgsl does not state its loop", name)
		require.Contains(t, source, "@group(0) @binding(0) var<uniform> p: Params;", name)
		require.Contains(t, source, "@group(0) @binding(1) var<storage, read_write> dst: array<f32>;", name)
	}
}

func TestConstants(t *testing.T) {
	require.Contains(t, shaders.Source("map"), "const ACT: u32 = 0u;")
	source := shaders.Source("map", shaders.Constant{Name: "ACT", Value: 5})
	require.Contains(t, source, "const ACT: u32 = 5u;")
	require.NotContains(t, source, "const ACT: u32 = 0u;")
	require.Panics(t, func() { shaders.Source("map", shaders.Constant{Name: "OP", Value: 1}) })
	require.Panics(t, func() { shaders.Source("nothing") })
}
