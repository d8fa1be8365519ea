//go:build amd64 && !purego

package jpeg

import "testing"

// eachLevel runs a test with vector instructions, where the processor has them, and without.
func eachLevel(t *testing.T, test func(t *testing.T)) {
	have := useVectors
	defer func() { useVectors = have }()
	if have {
		t.Run("avx2", test)
	}
	useVectors = false
	t.Run("generic", test)
}
