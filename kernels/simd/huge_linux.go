package simd

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// hugePages asks the kernel for large pages, before the memory is touched. It is a wish: an error means small pages.
func hugePages(list []float32) {
	const page = 4 << 10
	memory := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(list))), 4*len(list))
	skip := -uintptr(unsafe.Pointer(&memory[0])) % page
	whole := (uintptr(len(memory)) - skip) / page * page
	_ = unix.Madvise(memory[skip:skip+whole], unix.MADV_HUGEPAGE)
}
