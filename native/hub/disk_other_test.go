//go:build !linux

package hub

import (
	"errors"
	"testing"

	"github.com/goclip/goclip/internal/hardware"
)

func tinyDisk(t *testing.T) string {
	hardware.Missing(t, "mount", errors.New("a file system of its own needs Linux"))
	return ""
}
