package wasmsimd

import (
	_ "embed"
	"unsafe"
)

// host is where a module runs: a browser, Node, or a runtime for tests.
type host interface {
	// grow makes the memory at least so many bytes large.
	grow(bytes uint64) error
	write(at uint32, data []byte)
	read(data []byte, at uint32)
	// call calls an export; integers and the bits of numbers.
	call(f export, arguments []uint64) (uint32, error)
	// sleeps is 1 if the calling thread may sleep, as a page's own may not.
	sleeps() uint64
	close()
}

// export is a function of the module.
type export int

const (
	exportRun export = iota
	exportPanels
	exportBytes
	exportClear
	exportDot8 // relaxed SIMD only
)

var exportNames = [...]string{"run", "panels", "bytes", "clear", "dot8"}

//go:embed simd.wasm
var plainModule []byte

// bytesOf are the bytes of numbers, as they lie in memory: little endian on every machine that Go's wasm and this package's tests
// run on.
func bytesOf[T float32 | int32](list []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(list))), 4*len(list))
}
