package hub

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/goclip/goclip/internal/hardware"
)

// tinyDisk is a file system of one MiB.
func tinyDisk(t *testing.T) string {
	folder := t.TempDir()
	if err := unix.Mount("tmpfs", folder, "tmpfs", 0, "size=1m"); err != nil {
		hardware.Missing(t, "mount", err)
	}
	t.Cleanup(func() { unix.Unmount(folder, 0) })
	return folder
}
