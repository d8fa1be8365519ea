//go:build js && wasm

package webgpu

import (
	"errors"
	"fmt"
	"sync"
	"syscall/js"
	"time"

	"github.com/gogpu/wgpu"

	"github.com/goclip/goclip/kernels"
)

// pieceBytes is how much one write takes. Every write copies its bytes twice, so that huge ones cost memory.
const pieceBytes = 4 << 20

// watch keeps the browser's own GPUDevice. The library hides it, and with it all that a browser has to say about errors:
// its Create functions return none for shaders and descriptors that the browser refuses.
type watch struct {
	adapter, device js.Value
	callbacks       []js.Func

	mu   sync.Mutex
	lost error
}

// patching lets one device at a time borrow requestDevice.
var patching sync.Mutex

// requestDevice opens the device and catches the GPUDevice as it comes by.
func (d *Device) requestDevice(descriptor *wgpu.DeviceDescriptor) (*wgpu.Device, error) {
	patching.Lock()
	defer patching.Unlock()
	prototype := js.Global().Get("GPUAdapter").Get("prototype")
	original := prototype.Get("requestDevice")
	w := &d.watch
	caught := js.FuncOf(func(_ js.Value, arguments []js.Value) any {
		w.device = arguments[0]
		return w.device
	})
	defer caught.Release()
	patched := js.FuncOf(func(this js.Value, arguments []js.Value) any {
		w.adapter = this
		return original.Call("call", this, arguments[0]).Call("then", caught)
	})
	defer patched.Release()
	prototype.Set("requestDevice", patched)
	defer prototype.Set("requestDevice", original)

	gpu, err := d.adapter.RequestDevice(descriptor)
	if err != nil {
		return nil, err
	}
	w.listen()
	return gpu, nil
}

// listen hears of errors that no scope has caught and of the device's end.
func (w *watch) listen() {
	uncaptured := js.FuncOf(func(_ js.Value, arguments []js.Value) any {
		// What came without a call has left some step undone: the device cannot be trusted any more.
		kind, failed := kernels.ErrDeviceLost, arguments[0].Get("error")
		if failed.InstanceOf(js.Global().Get("GPUOutOfMemoryError")) {
			kind = kernels.ErrTooLarge
		}
		w.fail(fmt.Errorf("webgpu: %w: the browser reports: %s", kind, failed.Get("message").String()))
		return nil
	})
	lost := js.FuncOf(func(_ js.Value, arguments []js.Value) any {
		reason, message := arguments[0].Get("reason").String(), arguments[0].Get("message").String()
		w.fail(fmt.Errorf("webgpu: %w: %s: %s", kernels.ErrDeviceLost, reason, message))
		return nil
	})
	w.device.Call("addEventListener", "uncapturederror", uncaptured)
	w.device.Get("lost").Call("then", lost)
	w.callbacks = append(w.callbacks, uncaptured, lost)
}

func (w *watch) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lost == nil {
		w.lost = err
	}
}

// trouble is the first error that came without a call.
func (w *watch) trouble() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lost
}

// complete adds what a browser tells of its adapter: as much as it likes.
func (w *watch) complete(info *Info) {
	told := w.adapter.Get("info")
	info.Backend, info.Type = "browser", "gpu"
	if told.IsUndefined() {
		return
	}
	text := func(name string) string {
		if v := told.Get(name); v.Type() == js.TypeString {
			return v.String()
		}
		return ""
	}
	info.Vendor, info.Driver = text("vendor"), text("description")
	for _, name := range []string{text("device"), text("description"), text("architecture"), info.Vendor} {
		if name != "" {
			info.Adapter = name
			break
		}
	}
	if told.Get("isFallbackAdapter").Truthy() || text("architecture") == "swiftshader" {
		info.Software, info.Type = true, "cpu"
	}
}

// close waits for the end of the device, of which the browser tells as of a loss, so that nobody calls back any more.
func (w *watch) close() {
	if w.callbacks == nil {
		return
	}
	w.device.Call("destroy") // the library may not have come to that
	_, _ = await(w.device.Get("lost"))
	for _, f := range w.callbacks {
		w.device.Call("removeEventListener", "uncapturederror", f)
		f.Release()
	}
	w.callbacks = nil
}

// guard does something with the GPU within error scopes and says what failed.
func (d *Device) guard(what string, f func() error) error {
	scopes := []string{"internal", "out-of-memory", "validation"}
	for _, s := range scopes {
		d.watch.device.Call("pushErrorScope", s)
	}
	err := f()
	var popped []js.Value
	for range scopes {
		popped = append(popped, d.watch.device.Call("popErrorScope"))
	}
	for i, promise := range popped {
		caught, rejected := await(promise)
		switch {
		case rejected != nil:
			err = errors.Join(err, rejected)
		case caught.IsNull():
		case scopes[len(scopes)-1-i] == "out-of-memory":
			err = errors.Join(err, wgpu.ErrOutOfMemory)
		default:
			err = errors.Join(err, fmt.Errorf("%w: %s", kernels.ErrIncapable, caught.Get("message").String()))
		}
	}
	return d.explain(what, err)
}

// await parks the goroutine until a promise is settled.
func await(promise js.Value) (js.Value, error) {
	type outcome struct {
		value js.Value
		err   error
	}
	done := make(chan outcome, 1)
	resolved := js.FuncOf(func(_ js.Value, arguments []js.Value) any {
		done <- outcome{value: arguments[0]}
		return nil
	})
	defer resolved.Release()
	rejected := js.FuncOf(func(_ js.Value, arguments []js.Value) any {
		done <- outcome{err: errors.New(arguments[0].Call("toString").String())}
		return nil
	})
	defer rejected.Release()
	promise.Call("then", resolved, rejected)
	o := <-done
	return o.value, o.err
}

// compile makes a shader module.
func (d *Device) compile(label, wgsl string) (*wgpu.ShaderModule, error) {
	return d.gpu.CreateShaderModule(&wgpu.ShaderModuleDescriptor{Label: label, WGSL: wgsl})
}

// flush has nothing to do: a browser keeps writes and submissions in order.
func (d *Device) flush() error { return nil }

// wait has nothing to do either: mapping a buffer waits, and a browser keeps a buffer until it is done with it.
func (d *Device) wait() error { return nil }

// isLost reports whether the device is gone. What fails because of that does not say so, and the news may come later.
func (d *Device) isLost(error) bool {
	time.Sleep(50 * time.Millisecond)
	return errors.Is(d.watch.trouble(), kernels.ErrDeviceLost)
}

func isOutOfMemory(err error) bool { return errors.Is(err, wgpu.ErrOutOfMemory) }
