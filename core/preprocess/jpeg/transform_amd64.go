//go:build !purego

package jpeg

import "github.com/goclip/goclip/core/preprocess/internal/lanes"

// queueLength is how many blocks are transformed at once: side by side.
const queueLength = 2

// transformWaiting transforms the blocks of a queue, unless it cannot.
func transformWaiting(q *queue) bool {
	if !useVectors || q.length != queueLength {
		return false
	}
	a, b := &q.wait[0], &q.wait[1]
	_, _ = a.out[7*a.stride+7], b.out[7*b.stride+7]
	lanes.Transform(&a.out[0], &b.out[0], a.stride, b.stride, &q.blocks[0], &q.blocks[1], a.quantizer, b.quantizer)
	return true
}
