package webgpu_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/kernels/kerneltest"
	"github.com/goclip/goclip/kernels/webgpu"
)

// open opens a device, software adapters included. Without any the test is skipped, or fails where GOCLIP_REQUIRE, a list
// with commas, holds "webgpu".
func open(t *testing.T) *webgpu.Device {
	t.Helper()
	dev, err := webgpu.Open(webgpu.Options{AllowSoftware: true})
	if errors.Is(err, webgpu.ErrNoAdapter) {
		for _, required := range strings.Split(os.Getenv("GOCLIP_REQUIRE"), ",") {
			require.NotEqual(t, "webgpu", strings.TrimSpace(required), "GOCLIP_REQUIRE wants webgpu: %v", err)
		}
		t.Skipf("no GPU and no software adapter (on Linux install mesa-vulkan-drivers): %v", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, dev.Close()) })
	return dev
}

// Every dispatch costs the library some allocations.
func TestDevice(t *testing.T) { kerneltest.RunAllocating(t, open(t), 40) }
