package core

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever the number of inputs, batches take all of them, fit their programs, and waste at most a quarter of one.
func TestBatchesTakeEverything(t *testing.T) {
	for _, limit := range []int{1, 2, 8, 32} {
		for n := 1; n <= 100; n++ {
			left := n
			for left > 0 {
				take, items := batch(left, limit)
				require.Positive(t, take)
				require.LessOrEqual(t, take, left)
				require.LessOrEqual(t, take, items)
				require.LessOrEqual(t, items, max(limit, 1))
				require.Zero(t, items&(items-1), "a power of two")
				require.LessOrEqual(t, 4*(items-take), items)
				left -= take
			}
		}
	}
}
