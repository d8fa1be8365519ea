package memory

import "golang.org/x/sys/unix"

// available is a share of the machine's memory: macOS compresses and swaps what others do not use, and tells no better
// figure without cgo.
func available() (int64, bool) {
	total, err := unix.SysctlUint64("hw.memsize")
	return int64(total / 4 * 3), err == nil
}
