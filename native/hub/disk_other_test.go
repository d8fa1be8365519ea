//go:build !linux

package hub

import "testing"

func tinyDisk(t *testing.T) string {
	t.Skip("a file system of its own needs Linux")
	return ""
}
