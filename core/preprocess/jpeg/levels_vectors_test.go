//go:build (amd64 && !purego) || js

package jpeg

import (
	"errors"
	"testing"

	"github.com/goclip/goclip/core/preprocess/internal/lanes"
	"github.com/goclip/goclip/internal/hardware"
)

// eachLevel runs a test with vector instructions and without.
func eachLevel(t *testing.T, test func(t *testing.T)) {
	have := useVectors
	defer func() { useVectors = have }()
	t.Run(lanes.Name, func(t *testing.T) {
		if !have {
			hardware.Missing(t, lanes.Name, errors.New("the processor has none, or GOCLIP_SIMD rules it out"))
		}
		test(t)
	})
	useVectors = false
	t.Run("generic", test)
}
