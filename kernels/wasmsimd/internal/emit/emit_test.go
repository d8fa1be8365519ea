package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// The modules in the tree are what `go generate` writes.
func TestModules(t *testing.T) {
	for name, relaxed := range map[string]bool{"simd.wasm": false, "relaxed.wasm": true} {
		module, err := os.ReadFile("../../" + name)
		require.NoError(t, err)
		require.True(t, string(module) == string(emit(relaxed)), "%s is old: run go generate ./kernels/wasmsimd", name)
	}
}
