//go:build !(js && wasm)

package shaders_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/gogpu/naga"
	"github.com/gogpu/naga/hlsl"
	"github.com/gogpu/naga/msl"
	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/shaders"
)

// Native devices translate WGSL to SPIR-V (Vulkan), MSL (Metal) and HLSL (Direct3D 12).
func TestTranslates(t *testing.T) {
	for _, name := range shaders.Names() {
		t.Run(name, func(t *testing.T) {
			source := shaders.Source(name)
			spirv, err := naga.Compile(source)
			require.NoError(t, err)
			require.NotEmpty(t, spirv)

			ast, err := naga.Parse(source)
			require.NoError(t, err)
			module, err := naga.LowerWithSource(ast, source)
			require.NoError(t, err)
			require.Len(t, module.EntryPoints, 1)
			require.Equal(t, "main", module.EntryPoints[0].Name)

			metal, _, err := msl.Compile(module, msl.DefaultOptions())
			require.NoError(t, err)
			require.Contains(t, metal, "kernel void")
			// Metal's C++ lets a function declare a name once; the translator has been seen to do so more often.
			for _, function := range strings.Split(metal, "\n}\n") {
				declared := map[string]bool{}
				for _, found := range regexp.MustCompile(`packed_u?char4 (\w+) =`).FindAllStringSubmatch(function, -1) {
					require.False(t, declared[found[1]], "%s is declared twice", found[1])
					declared[found[1]] = true
				}
			}

			direct3d, _, err := hlsl.Compile(module, hlsl.DefaultOptions())
			require.NoError(t, err)
			require.Contains(t, direct3d, "numthreads(")
		})
	}
}
