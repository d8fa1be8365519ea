package shaders_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/shaders"
)

// activation is the part of a shader that computes activations.
func activation(t *testing.T, name string) string {
	t.Helper()
	_, rest, found := strings.Cut(shaders.Source(name), "\n// The activation is one of kernels.Act,")
	require.True(t, found, "%s.wgsl has no activation", name)
	part, _, found := strings.Cut(rest, "\n  return x;\n}\n")
	require.True(t, found, "%s.wgsl has an activation without an end", name)
	return part
}

func TestActivateIsTheSameEverywhere(t *testing.T) {
	want := activation(t, "map")
	require.Contains(t, want, "fn activate(")
	for _, name := range []string{"product", "product_int8", "grouped"} {
		require.Equal(t, want, activation(t, name), name)
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
		require.Contains(t, source, "@group(0) @binding(1) var<storage, read_write> dst: array<", name)
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
