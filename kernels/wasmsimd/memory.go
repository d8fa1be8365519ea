package wasmsimd

import (
	"fmt"
	"slices"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/wasmsimd/internal/layout"
)

const (
	pageBytes = 64 << 10
	mostPages = 1 << 16
	// alignment is a cache line, so that no two workers write the same one without need.
	alignment = 64
	// slack stands behind every piece of memory: kernels read whole vectors.
	slack = 64
)

// heap hands out the module's memory. Addresses stay below 4 GiB less a page, so that the end of a piece is an address, too.
type heap struct {
	host  host
	end   uint64 // of the memory
	most  uint64 // what end may become
	free  []span // by address; no two touch
	taken map[uint32]uint64
}

type span struct{ at, bytes uint64 }

func newHeap(h host, pages int) heap {
	return heap{host: h, end: layout.Heap, most: uint64(min(pages, mostPages-1)) * pageBytes, taken: map[uint32]uint64{}}
}

// allocate finds room for so many bytes, which hold anything. what says what for.
func (h *heap) allocate(what string, bytes uint64) (uint32, error) {
	bytes = (bytes + slack + alignment - 1) / alignment * alignment
	best := -1
	for i, s := range h.free {
		if s.bytes >= bytes && (best < 0 || s.bytes < h.free[best].bytes) {
			best = i
		}
	}
	if best < 0 {
		if err := h.extend(what, bytes); err != nil {
			return 0, err
		}
		best = len(h.free) - 1
	}
	s := &h.free[best]
	at := uint32(s.at)
	s.at, s.bytes = s.at+bytes, s.bytes-bytes
	if s.bytes == 0 {
		h.free = slices.Delete(h.free, best, best+1)
	}
	h.taken[at] = bytes
	return at, nil
}

// extend makes sure that the last free span has so many bytes.
func (h *heap) extend(what string, bytes uint64) error {
	start := h.end
	if n := len(h.free); n > 0 && h.free[n-1].at+h.free[n-1].bytes == h.end {
		start = h.free[n-1].at
	}
	if start+bytes > h.most {
		return fmt.Errorf("wasm: %w: %s needs %d MiB, and of %d MiB %d are taken: load one tower only, or choose int8",
			kernels.ErrTooLarge, what, bytes>>20, h.most>>20, h.used()>>20)
	}
	end := (start + bytes + pageBytes - 1) / pageBytes * pageBytes
	if err := h.host.grow(end); err != nil {
		return fmt.Errorf("wasm: %w: %s needs %d MiB more than the %d MiB that are taken: %w", kernels.ErrTooLarge, what, bytes>>20, h.used()>>20, err)
	}
	h.release(span{h.end, end - h.end})
	h.end = end
	return nil
}

func (h *heap) used() uint64 {
	total := uint64(0)
	for _, bytes := range h.taken {
		total += bytes
	}
	return total
}

// give takes back what allocate gave.
func (h *heap) give(at uint32) {
	bytes, ok := h.taken[at]
	if !ok {
		return
	}
	delete(h.taken, at)
	h.release(span{uint64(at), bytes})
}

// release puts a span among the free ones and joins it with its neighbours.
func (h *heap) release(s span) {
	i, _ := slices.BinarySearchFunc(h.free, s.at, func(f span, at uint64) int {
		if f.at < at {
			return -1
		}
		return 1
	})
	h.free = slices.Insert(h.free, i, s)
	if i+1 < len(h.free) && h.free[i].at+h.free[i].bytes == h.free[i+1].at {
		h.free[i].bytes += h.free[i+1].bytes
		h.free = slices.Delete(h.free, i+1, i+2)
	}
	if i > 0 && h.free[i-1].at+h.free[i-1].bytes == h.free[i].at {
		h.free[i-1].bytes += h.free[i].bytes
		h.free = slices.Delete(h.free, i, i+1)
	}
}
