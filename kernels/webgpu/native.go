//go:build !(js && wasm)

package webgpu

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gogpu/gputypes"
	"github.com/gogpu/wgpu"
)

// pieceBytes is how much one write takes: as much as a chunk of the library's ring of staging buffers. Larger writes
// make a staging buffer of their own each time.
const pieceBytes = 256 << 10

// watch has nothing to do natively: calls return their errors.
type watch struct{}

func (watch) complete(*Info)   {}
func (watch) trouble() error   { return nil }
func (watch) close()           {}
func (d *Device) vulkan() bool { return d.adapter.Info().Backend == gputypes.BackendVulkan }

// requestDevice opens the device.
func (d *Device) requestDevice(descriptor *wgpu.DeviceDescriptor) (*wgpu.Device, error) {
	// A renderer without a backend would be the library's own, see native_vulkan.go.
	if d.adapter.Info().Backend == gputypes.BackendEmpty {
		return nil, fmt.Errorf("%w: %s has no graphics interface", ErrNoAdapter, d.adapter.Info().Name)
	}
	return d.adapter.RequestDevice(descriptor)
}

// guard does something with the GPU and says what failed.
func (d *Device) guard(what string, f func() error) error { return d.explain(what, unharmed(f)) }

// compile makes a shader module. For Vulkan it goes through SPIR-V here, see spirv.
func (d *Device) compile(label, wgsl string) (*wgpu.ShaderModule, error) {
	descriptor := &wgpu.ShaderModuleDescriptor{Label: label, WGSL: wgsl}
	if d.vulkan() {
		words, err := spirv(wgsl)
		if err != nil {
			return nil, err
		}
		descriptor = &wgpu.ShaderModuleDescriptor{Label: label, SPIRV: words}
	}
	return d.gpu.CreateShaderModule(descriptor)
}

// flush sends what has been written to the GPU, as a submission of its own. In one submission with dispatches the
// library puts no barrier between them that makes writes visible to shaders; between submissions it has a semaphore.
func (d *Device) flush() error {
	_, err := d.gpu.Queue().Submit()
	return err
}

// wait waits for everything submitted, after which mapping a buffer needs no waiting.
func (d *Device) wait() error { return d.gpu.WaitIdle() }

// isLost also knows a device that somebody else has given back (whoever closes this one marks it first), and what drivers say
// that the library passes on as text: VK_ERROR_DEVICE_LOST, and DXGI's kinds of a removed device.
func (d *Device) isLost(err error) bool {
	return errors.Is(err, wgpu.ErrDeviceLost) || errors.Is(err, wgpu.ErrReleased) ||
		says(err, "failed: -4", "returned -4", "DXGI_ERROR_DEVICE", "device removed")
}

// isOutOfMemory also knows VK_ERROR_OUT_OF_HOST_MEMORY, VK_ERROR_OUT_OF_DEVICE_MEMORY and E_OUTOFMEMORY.
func isOutOfMemory(err error) bool {
	return errors.Is(err, wgpu.ErrOutOfMemory) || says(err, "failed: -1", "failed: -2", "returned -1", "returned -2", "E_OUTOFMEMORY")
}

func says(err error, texts ...string) bool {
	return slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(err.Error(), t) })
}
