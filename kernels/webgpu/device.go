package webgpu

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/gogpu/gputypes"
	"github.com/gogpu/wgpu"

	"github.com/goclip/goclip/kernels"
)

// Errors of Open, wrapped with what happened.
var (
	// ErrNoAdapter: there is no GPU that this process may use.
	ErrNoAdapter = errors.New("no GPU adapter")
	// ErrSelfTest: the GPU computes something else than it should.
	ErrSelfTest = errors.New("self-test failed")
)

// errClosed is a loss too: a model that is computed on the device goes on with another one.
var errClosed = fmt.Errorf("webgpu: the device is closed: %w", kernels.ErrDeviceLost)

// Options choose a device.
type Options struct {
	// AllowSoftware takes an adapter that computes on the CPU (lavapipe, SwiftShader, WARP) if there is no other. It is
	// there for tests: the simd and wasmsimd devices are several times faster.
	AllowSoftware bool
	// Precision of the matrices. Where the GPU does not pass the self-test in it, the device takes a more exact one, and Name
	// and Info say so.
	Precision kernels.Precision

	limits func(*gputypes.Limits) // lowers what the adapter offers, for tests
}

// Device computes on a GPU. It may be used by several goroutines.
type Device struct {
	info      Info
	precision kernels.Precision
	watch     watch // how errors are learned of, which differs between native and browser

	instance *wgpu.Instance
	adapter  *wgpu.Adapter
	gpu      *wgpu.Device

	mu        sync.Mutex // guards what follows, and whatever talks to the GPU
	closed    bool
	lost      error
	written   int   // bytes written since the GPU last was waited for
	allocated int64 // bytes of buffers
	tiles     chosenTiles
	nothing   *memory // bound where a step has no such operand
	layouts   map[int]*layout
	pipelines map[string]*pipeline
	weights   map[int]*weight
	next      int
	programs  map[*program]struct{}
}

// Open takes the fastest adapter, makes a device on it and tests it with known answers. Errors are ErrNoAdapter,
// ErrSelfTest and whatever a driver fails with.
func Open(o Options) (*Device, error) {
	d := &Device{
		precision: o.Precision,
		tiles:     untuned,
		layouts:   map[int]*layout{},
		pipelines: map[string]*pipeline{},
		weights:   map[int]*weight{},
		programs:  map[*program]struct{}{},
	}
	err := d.open(o)
	if err == nil {
		err = d.choosePrecision(selfTest)
	}
	if err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// choosePrecision takes the first precision, from that of Options on, in which the GPU gives the known answers.
func (d *Device) choosePrecision(test func(kernels.Device) (float64, error)) error {
	var failures error
	for _, p := range fallbacks(d.precision) {
		d.precision = p
		off, err := test(d)
		if err == nil {
			d.info.SelfTest = off
			if failures != nil {
				d.info.Note = failures.Error()
			}
			return nil
		}
		if err = fmt.Errorf("in %s: %w", p, err); failures != nil {
			err = fmt.Errorf("%w; %w", failures, err)
		}
		if failures = err; errors.Is(err, kernels.ErrDeviceLost) {
			break
		}
	}
	return failures
}

func (d *Device) open(o Options) error {
	if err := d.request(o); err != nil {
		return err
	}
	if d.info.Software && !o.AllowSoftware {
		return fmt.Errorf("webgpu: %w: %s (%s) computes on the CPU, which the CPU device does better",
			ErrNoAdapter, d.info.Adapter, d.info.Backend)
	}
	if list := d.fitting(); len(list) > 0 && !(slices.Contains(list, untuned.few) && slices.Contains(list, untuned.many)) {
		d.setTiles(chosenTiles{list[0], list[0]})
	}
	d.nothing = &memory{label: "nothing", bytes: 16}
	return d.guard("the device", func() error { return d.allocate(d.nothing, storage) })
}

// request finds an adapter and opens a device on it. A device takes everything that the adapter has: without
// RequiredLimits a browser gives the low limits that every WebGPU device must have.
func (d *Device) request(o Options) error {
	var err error
	if d.instance, err = wgpu.CreateInstance(nil); err != nil {
		return fmt.Errorf("webgpu: %w: %v", ErrNoAdapter, err)
	}
	d.adapter, err = d.instance.RequestAdapter(&wgpu.RequestAdapterOptions{PowerPreference: highPerformance})
	if err != nil {
		return fmt.Errorf("webgpu: %w: %v", ErrNoAdapter, err)
	}
	limits := d.adapter.Limits()
	if o.limits != nil {
		o.limits(&limits)
	}
	d.gpu, err = d.requestDevice(&wgpu.DeviceDescriptor{Label: "goclip", RequiredLimits: limits})
	if err != nil {
		return fmt.Errorf("webgpu: opening %s: %w", d.adapter.Info().Name, err)
	}
	d.info = d.describe()
	return nil
}

// Name says what computes: adapter, backend and precision.
func (d *Device) Name() string {
	note := ""
	if d.info.Note != "" {
		note = "; " + d.info.Note
	}
	return fmt.Sprintf("webgpu (%s, %s, %s%s)", d.info.Adapter, d.info.Backend, d.precision, note)
}

// Precision is that of Options, unless the GPU fails in it.
func (d *Device) Precision() kernels.Precision { return d.precision }

// Info describes the adapter and the outcome of the self-test.
func (d *Device) Info() Info { return d.info }

// Memory is the number of bytes in buffers on the GPU: weights and programs.
func (d *Device) Memory() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.allocated
}

// usable reports why nothing can be done any more. The caller holds mu.
func (d *Device) usable() error {
	if d.closed {
		return errClosed
	}
	if d.lost == nil {
		d.lost = d.watch.trouble()
	}
	return d.lost
}

// explain says what failed and adds the sentinel error of package kernels that fits. A lost device stays lost.
func (d *Device) explain(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, kernels.ErrTooLarge), errors.Is(err, kernels.ErrDeviceLost):
		return err
	case d.isLost(err):
		d.lost = fmt.Errorf("webgpu: %s: %w: %v", what, kernels.ErrDeviceLost, err)
		return d.lost
	case isOutOfMemory(err):
		return fmt.Errorf("webgpu: %s: %w: %v", what, kernels.ErrTooLarge, err)
	}
	return fmt.Errorf("webgpu: %s: %w", what, err)
}

// unharmed calls the library where it may panic instead of returning an error: once its device is gone, by whoever's hand, it
// follows pointers to nothing. That is a lost device. Our own panics are mistakes that must be seen.
func unharmed(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			if !libraryPanics() {
				panic(r)
			}
			err = fmt.Errorf("%w: the library fails: %v", wgpu.ErrDeviceLost, r)
		}
	}()
	return f()
}

// libraryPanics reports whether the function that panicked is the library's: the innermost one that is not the runtime's.
func libraryPanics() bool {
	callers := make([]uintptr, 32)
	frames := runtime.CallersFrames(callers[:runtime.Callers(0, callers)])
	panicking := false
	for {
		frame, more := frames.Next()
		switch {
		case strings.HasPrefix(frame.Function, "runtime."):
			panicking = panicking || frame.Function == "runtime.gopanic"
		case panicking:
			return strings.HasPrefix(frame.Function, "github.com/gogpu/")
		}
		if !more {
			return false
		}
	}
}

// released gives something back to the library, which may have lost what it belongs to.
func released(of interface{ Release() }) {
	_ = unharmed(func() error { of.Release(); return nil })
}

// Close frees everything that the device holds, programs included. What was made from what goes first.
func (d *Device) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	defer d.watch.close()
	for p := range d.programs {
		p.release()
	}
	for id, w := range d.weights {
		for _, m := range w.memories() {
			d.free(m)
		}
		delete(d.weights, id)
	}
	if d.nothing != nil {
		d.free(d.nothing)
	}
	for _, p := range d.pipelines {
		p.release()
	}
	for _, l := range d.layouts {
		l.release()
	}
	if d.gpu != nil {
		released(d.gpu)
	}
	if d.adapter != nil {
		released(d.adapter)
	}
	if d.instance != nil {
		released(d.instance)
	}
	return nil
}
