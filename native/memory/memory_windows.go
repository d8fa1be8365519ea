package memory

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// status is MEMORYSTATUSEX.
type status struct {
	length, load                uint32
	totalPhysical, freePhysical uint64
	totalPage, freePage         uint64
	totalVirtual, freeVirtual   uint64
	freeExtended                uint64
}

var globalMemoryStatus = windows.NewLazySystemDLL("kernel32.dll").NewProc("GlobalMemoryStatusEx")

// available is what the process may still commit.
func available() (int64, bool) {
	s := status{length: uint32(unsafe.Sizeof(status{}))}
	ok, _, _ := globalMemoryStatus.Call(uintptr(unsafe.Pointer(&s)))
	return int64(min(s.freePage, 1<<62)), ok != 0
}
