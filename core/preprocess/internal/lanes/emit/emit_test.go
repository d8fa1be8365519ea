package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// The module in the tree is what `go generate` writes.
func TestModule(t *testing.T) {
	module, err := os.ReadFile("../pictures.wasm")
	require.NoError(t, err)
	require.True(t, string(module) == string(emit()), "pictures.wasm is old: run go generate ./core/preprocess/...")
}
