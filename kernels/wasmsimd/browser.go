//go:build js && wasm

package wasmsimd

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"syscall/js"
	"time"

	"github.com/goclip/goclip/internal/wasm"
	"github.com/goclip/goclip/kernels/wasmsimd/internal/layout"
)

//go:embed relaxed.wasm
var relaxedModule []byte

// Levels are those that this browser has, the fastest last.
func Levels() []string {
	var levels []string
	for _, l := range []struct {
		name   string
		module []byte
	}{{Plain, plainModule}, {Relaxed, relaxedModule}} {
		if js.Global().Get("WebAssembly").Call("validate", uint8Array(l.module)).Bool() {
			levels = append(levels, l.name)
		}
	}
	return levels
}

// Open starts a device. start makes a Worker, or a worker of Node, that runs thread.js; without it there is one thread, as there is
// where memory cannot be shared. The calling goroutine waits, so that this must not be a JavaScript callback.
func Open(o Options, start func() (js.Value, error)) (*Device, error) {
	levels := Levels()
	if len(levels) == 0 {
		return nil, ErrNoVectors
	}
	level := levels[len(levels)-1]
	reason := "the browser has " + spoken(level)
	switch {
	case o.Level == "":
	case slices.Contains(levels, o.Level):
		level, reason = o.Level, spoken(o.Level)+" was asked for"
	default:
		reason = fmt.Sprintf("the browser has no %s, but %s", o.Level, spoken(level))
	}
	module := plainModule
	if level == Relaxed {
		module = relaxedModule
	}
	h := &browserHost{}
	asked := o.Threads
	pages, err := h.open(module, asked > 1 && start != nil && canShare())
	if err != nil {
		return nil, err
	}
	ready := 0
	if o.Threads = 1; h.shared {
		if ready = h.start(asked-1, start); ready > 0 {
			o.Threads = asked
		}
	}
	d, err := newDevice(h, pages, level == Relaxed, o)
	if err != nil {
		h.close()
		return nil, err
	}
	d.ready = 1 + ready
	switch {
	case asked <= 1:
		reason += "; one thread was asked for"
	case !canShare():
		reason += "; one thread, since the page is not cross-origin isolated"
	case start == nil:
		reason += "; one thread, since nobody starts others"
	case d.ready < asked:
		reason += fmt.Sprintf("; of %d threads %d came up", asked, d.ready)
	default:
		reason += "; memory can be shared"
	}
	d.reason = reason
	return d, nil
}

// spoken is a level as people call it.
func spoken(level string) string {
	if level == Relaxed {
		return "relaxed SIMD"
	}
	return "SIMD128"
}

// ErrNoVectors: the browser has no SIMD128, which all browsers since 2023 have.
var ErrNoVectors = errors.New("wasm: this browser has no vectors in WebAssembly (SIMD128)")

// canShare tells whether memory can be shared with workers: in Node, and in pages that are cross-origin isolated.
func canShare() bool { return js.Global().Get("SharedArrayBuffer").Truthy() }

// browserHost is a module in a browser or in Node.
type browserHost struct {
	shared  bool
	module  js.Value
	memory  js.Value
	exports []js.Value
	workers []js.Value
	failed  js.Func // is told of a worker that fails
}

// open compiles and starts the module, with as much memory as the browser promises: some promise little.
func (h *browserHost) open(module []byte, shared bool) (pages int, err error) {
	if shared {
		module = sharedModule(module)
	}
	defer caught(&err)
	for pages = mostPages; ; pages /= 2 {
		if h.memory, err = newMemory(pages, shared); err == nil {
			break
		}
		if pages == mostPages>>6 {
			return 0, fmt.Errorf("wasm: the browser gives no memory: %w", err)
		}
	}
	api := js.Global().Get("WebAssembly")
	if h.module, err = await(api.Call("compile", uint8Array(module))); err != nil {
		return 0, err
	}
	imports := map[string]any{"env": map[string]any{"memory": h.memory}}
	instance, err := await(api.Call("instantiate", h.module, imports))
	if err != nil {
		return 0, err
	}
	for _, name := range exportNames {
		h.exports = append(h.exports, instance.Get("exports").Get(name))
	}
	h.shared = shared
	return pages, nil
}

func newMemory(pages int, shared bool) (memory js.Value, err error) {
	defer caught(&err)
	return js.Global().Get("WebAssembly").Get("Memory").New(map[string]any{"initial": 1, "maximum": pages, "shared": shared}), nil
}

// threadsWithin is how long threads may take to come up.
const threadsWithin = 5 * time.Second

// start starts threads and waits until they are ready. It returns how many are; one that comes later helps, too. Without any, there
// are none to come.
func (h *browserHost) start(threads int, start func() (js.Value, error)) (ready int) {
	failed := 0
	h.failed = js.FuncOf(func(_ js.Value, arguments []js.Value) any {
		failed++
		// It is dealt with here: a browser would otherwise tell the page of it, too.
		if prevent := arguments[0].Get("preventDefault"); prevent.Type() == js.TypeFunction {
			arguments[0].Call("preventDefault")
		}
		return nil
	})
	for number := 1; number <= threads; number++ {
		worker, err := start()
		if err != nil {
			failed++
			continue
		}
		h.workers = append(h.workers, worker)
		if worker.Get("addEventListener").Type() == js.TypeFunction {
			worker.Call("addEventListener", "error", h.failed)
		} else { // of Node, which would wait for it
			worker.Call("on", "error", h.failed)
			worker.Call("unref")
		}
		worker.Call("postMessage", map[string]any{"module": h.module, "memory": h.memory, "number": number, "abort": layout.Abort})
	}
	come := js.Global().Get("Int32Array").New(h.memory.Get("buffer"), layout.Ready)
	for begin := time.Now(); ready+failed < threads && time.Since(begin) < threadsWithin; ready = come.Index(0).Int() {
		time.Sleep(time.Millisecond)
	}
	if ready == 0 {
		h.terminate()
	}
	return ready
}

func (h *browserHost) terminate() {
	for _, w := range h.workers {
		w.Call("terminate")
	}
	h.workers = nil
}

func (h *browserHost) grow(bytes uint64) (err error) {
	defer caught(&err)
	if have := uint64(h.memory.Get("buffer").Get("byteLength").Float()); have < bytes {
		h.memory.Call("grow", float64((bytes-have+pageBytes-1)/pageBytes))
	}
	return nil
}

func (h *browserHost) view(at uint32, bytes int) js.Value {
	return js.Global().Get("Uint8Array").New(h.memory.Get("buffer"), float64(at), bytes)
}

func (h *browserHost) write(at uint32, data []byte) { js.CopyBytesToJS(h.view(at, len(data)), data) }

func (h *browserHost) read(data []byte, at uint32) { js.CopyBytesToGo(data, h.view(at, len(data))) }

func (h *browserHost) call(f export, arguments []uint64) (result uint32, err error) {
	defer caught(&err)
	list := make([]any, len(arguments))
	for i, a := range arguments {
		list[i] = float64(a)
	}
	if v := h.exports[f].Invoke(list...); v.Type() == js.TypeNumber {
		result = uint32(int64(v.Float()))
	}
	return result, nil
}

func (h *browserHost) sleeps() uint64 {
	if js.Global().Get("document").IsUndefined() {
		return 1
	}
	return 0
}

func (h *browserHost) close() {
	h.terminate()
	h.failed.Release()
	h.memory, h.exports = js.Undefined(), nil
}

// sharedModule is a module that imports shared memory.
func sharedModule(module []byte) []byte {
	module = bytes.Clone(module)
	module[bytes.Index(module, []byte(wasm.MemoryImport))+len(wasm.MemoryImport)] = 3
	return module
}

func uint8Array(data []byte) js.Value {
	array := js.Global().Get("Uint8Array").New(len(data))
	js.CopyBytesToJS(array, data)
	return array
}

// caught makes an error of what JavaScript threw.
func caught(err *error) {
	switch thrown := recover().(type) {
	case nil:
	case js.Error:
		*err = thrown
	default:
		panic(thrown)
	}
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
		done <- outcome{err: js.Error{Value: arguments[0]}}
		return nil
	})
	defer rejected.Release()
	promise.Call("then", resolved, rejected)
	o := <-done
	return o.value, o.err
}
