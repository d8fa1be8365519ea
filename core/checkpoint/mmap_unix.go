//go:build linux || darwin

package checkpoint

import (
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// mapFile maps a file on disk into memory, read-only. It returns nil where that is not possible.
func mapFile(opened fs.File, size int64) []byte {
	onDisk, ok := opened.(*os.File)
	if !ok || int64(int(size)) != size {
		return nil
	}
	mapped, err := syscall.Mmap(int(onDisk.Fd()), 0, int(size), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil // some network file systems cannot: they are read like any other file
	}
	return mapped
}

func unmap(mapped []byte) error { return syscall.Munmap(mapped) }

// forget lets go of the memory behind a range of a mapped file. Who reads it again gets it from the file again.
func forget(mapped []byte, offset, length int64) {
	page := int64(os.Getpagesize())
	begin := offset / page * page
	if end := offset + length; end > begin {
		_ = unix.Madvise(mapped[begin:end], unix.MADV_DONTNEED) // a wish: nothing is wrong where it is not granted
	}
}
