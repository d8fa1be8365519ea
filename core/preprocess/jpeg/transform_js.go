package jpeg

import (
	"unsafe"

	"github.com/goclip/goclip/core/preprocess/internal/lanes"
)

// queueLength is how many blocks are transformed at once: a call takes longer than some of them.
const queueLength = 64

// transformWaiting transforms the blocks of a queue, unless it cannot.
func transformWaiting(q *queue) bool {
	if !useVectors || q.length == 0 {
		return false
	}
	for i := range q.length {
		w := &q.wait[i]
		_ = w.out[7*w.stride+7]
	}
	lanes.TransformAll(&q.blocks[0], unsafe.Pointer(&q.wait[0]), q.length)
	return true
}

// What package lanes takes waiting for.
var _ = [1]byte{}[unsafe.Offsetof(waiting{}.out)+unsafe.Offsetof(waiting{}.stride)-24+unsafe.Offsetof(waiting{}.quantizer)-32+unsafe.Sizeof(waiting{})-48]
