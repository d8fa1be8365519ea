package wasmsimd

import (
	"fmt"
	"sync"

	"github.com/goclip/goclip/kernels"
)

// Device computes in a WebAssembly module.
type Device struct {
	level     string
	reason    string
	precision kernels.Precision
	threads   int        // that may come
	ready     int        // of them
	bytes     multiplier // of bytes

	mu      sync.Mutex // guards what follows, and the module: one call at a time
	host    host
	heap    heap
	lost    error
	weights map[int]*weight
	next    int
	staging staging
	// arguments of a call; memory of its own, so that Run allocates none.
	arguments [9]uint64
}

// multiplier is a way of multiplying bytes.
type multiplier struct {
	wide     bool   // as 16-bit integers
	flip     uint32 // what the bytes of rows are joined with: 128 makes -128 … 127 be 0 … 255
	shifted  bool   // rows count 128 more, so that sums begin with that much less
	height   int    // of a tile
	describe string
}

// newDevice makes a device of a running module.
func newDevice(h host, pages int, relaxed bool, o Options) (*Device, error) {
	d := &Device{host: h, heap: newHeap(h, pages), level: Plain, threads: max(1, o.Threads), ready: 1, precision: o.Precision, weights: map[int]*weight{}}
	if d.precision != kernels.F32 && d.precision != kernels.Int8 {
		return nil, fmt.Errorf("wasm: there is no precision %s in this device, only f32 and int8", d.precision)
	}
	if relaxed {
		d.level = Relaxed
	}
	var err error
	d.bytes, err = chooseMultiplier(h, relaxed)
	return d, err
}

// chooseMultiplier finds out what the processor makes of bytes beyond 127 in relaxed SIMD's dot products. x86 with VNNI multiplies a
// signed byte with an unsigned one and adds four such products exactly, ARM with its dot products takes both as signed; others cut sums
// of two off at 16 bits, or are slow: there bytes are widened first.
func chooseMultiplier(h host, relaxed bool) (multiplier, error) {
	wide := multiplier{wide: true, height: 5, describe: "16-bit products"}
	if !relaxed {
		return wide, nil
	}
	unsigned, signed := true, true
	for _, left := range []int32{127, -127, 1} {
		for _, right := range []int32{0, 1, 127, 128, 129, 255} {
			got, err := h.call(exportDot8, []uint64{uint64(uint32(left)), uint64(right)})
			if err != nil {
				return wide, err
			}
			unsigned = unsigned && int32(got) == 4*left*right
			signed = signed && int32(got) == 4*left*int32(int8(right))
		}
	}
	switch {
	case unsigned:
		return multiplier{flip: 128, shifted: true, height: 6, describe: "8-bit dot products"}, nil
	case signed:
		return multiplier{height: 6, describe: "8-bit dot products"}, nil
	}
	return wide, nil
}

// Name says what computes, with which level and on how many threads.
func (d *Device) Name() string {
	name := "wasm (" + d.level + ", 1 thread"
	if d.ready > 1 {
		name = fmt.Sprintf("wasm (%s, %d threads", d.level, d.ready)
	}
	name += ", " + d.precision.String()
	if d.precision == kernels.Int8 {
		name += " with " + d.bytes.describe
	}
	return name + ")"
}

// Level is Plain or Relaxed.
func (d *Device) Level() string { return d.level }

// Threads is how many threads compute.
func (d *Device) Threads() int { return d.ready }

// Reason says why there are this level and so many threads.
func (d *Device) Reason() string { return d.reason }

// MemoryBytes is how large the module's memory is. It never shrinks.
func (d *Device) MemoryBytes() int64 { return int64(d.heap.end) }

// Precision is float32 or int8.
func (d *Device) Precision() kernels.Precision { return d.precision }

// call calls the module. What goes wrong there loses the device.
func (d *Device) call(f export, arguments ...uint64) (uint32, error) {
	if d.lost != nil {
		return 0, d.lost
	}
	result, err := d.host.call(f, d.arguments[:copy(d.arguments[:], arguments)])
	if err != nil {
		d.lost = fmt.Errorf("wasm: %w: %w", kernels.ErrDeviceLost, err)
	}
	return result, d.lost
}

// Close frees everything.
func (d *Device) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.weights)
	if d.lost == nil {
		d.lost = fmt.Errorf("wasm: %w: it was closed", kernels.ErrDeviceLost)
		d.host.close()
	}
	return nil
}
