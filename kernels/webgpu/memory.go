package webgpu

import (
	"fmt"
	"unsafe"

	"github.com/gogpu/wgpu"

	"github.com/goclip/goclip/kernels"
)

// Usages of buffers. Whatever a shader reads or writes may also be uploaded to and copied from.
const (
	storage  = wgpu.BufferUsageStorage | wgpu.BufferUsageCopyDst | wgpu.BufferUsageCopySrc
	uniform  = wgpu.BufferUsageUniform | wgpu.BufferUsageCopyDst
	readback = wgpu.BufferUsageMapRead | wgpu.BufferUsageCopyDst
)

// addressable is the largest buffer whose values a shader can count with 32 bits of bytes.
const addressable = 4<<30 - 4

// burstBytes is how much is uploaded before the GPU is waited for: staging memory then is used again. Waiting for every
// 4 MiB loads 320 MiB in a quarter of the time that all at once takes.
const burstBytes = 4 << 20

// memory is a buffer that has yet to be made, or has been.
type memory struct {
	label  string
	bytes  uint64
	buffer *wgpu.Buffer
}

// floats is what so many numbers take, filled up to whole fours, since shaders read them so.
func floats(n int) uint64 { return 16 * ((max(uint64(n), 1) + 3) / 4) }

// bindable is how many bytes of a buffer a shader can see.
func (d *Device) bindable() uint64 { return min(d.info.MaxBuffer, d.info.MaxBinding, addressable) }

// fits says whether the device can hold and bind so much.
func (d *Device) fits(what string, values int) error {
	limit := d.bindable()
	if values < 0 || uint64(values) > limit/4 {
		return fmt.Errorf("webgpu: %s needs %d bytes, %s binds %d: %w", what, 4*int64(values), d.info.Adapter, limit, kernels.ErrTooLarge)
	}
	return nil
}

// allocate makes the buffer.
func (d *Device) allocate(m *memory, usage wgpu.BufferUsage) error {
	buffer, err := d.gpu.CreateBuffer(&wgpu.BufferDescriptor{Label: m.label, Size: m.bytes, Usage: usage})
	if err != nil {
		return fmt.Errorf("%w: %s of %d bytes: %w", wgpu.ErrOutOfMemory, m.label, m.bytes, err)
	}
	m.buffer = buffer
	d.allocated += int64(m.bytes)
	return nil
}

// free gives the buffer back. Nothing may be under way with it: the library crashes when a buffer goes whose upload has
// not finished, so whoever uploads waits (settle) before anybody can free.
func (d *Device) free(m *memory) {
	if m.buffer == nil {
		return
	}
	released(m.buffer)
	m.buffer = nil
	d.allocated -= int64(m.bytes)
}

// upload writes bytes, whose number is a multiple of 4, in pieces that the platform likes.
func (d *Device) upload(m *memory, at uint64, data []byte) error {
	for len(data) > 0 {
		n := min(len(data), pieceBytes)
		if err := d.gpu.Queue().WriteBuffer(m.buffer, at, data[:n]); err != nil {
			return err
		}
		at, data = at+uint64(n), data[n:]
		if d.written += n; d.written >= burstBytes {
			if err := d.settle(); err != nil {
				return err
			}
		}
	}
	return nil
}

// settle waits until everything uploaded has arrived.
func (d *Device) settle() error {
	d.written = 0
	if err := d.flush(); err != nil {
		return err
	}
	return d.wait()
}

// bytesOf sees numbers as bytes. Every machine that Go and a GPU share counts from the low byte.
func bytesOf[T float32 | int32 | uint32](values []T) []byte {
	if len(values) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&values[0])), 4*len(values))
}
