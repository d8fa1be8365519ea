package wasmsimd

import (
	"fmt"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/wasmsimd/internal/layout"
)

// weight is a loaded tensor: addresses in the module's memory.
type weight struct {
	memory uint32 // of everything
	values uint32 // panels for products, and otherwise plain values
	bias   uint32 // padded to whole panels for products
	// Of bytes only: for each output, the part that they are multiples of, and where its sums begin.
	scales, starts uint32
	whole          bool // bytes
	padded         int  // values of a row of a panel
}

// staging is memory through which weights come in.
type staging struct {
	at    uint32
	bytes uint64
}

// stagingBytes is how much of a weight comes in at a time, if its rows are not larger.
const stagingBytes = 1 << 20

func roundUp(n, multiple int) int { return (n + multiple - 1) / multiple * multiple }

func ceilDiv(n, d int) int { return (n + d - 1) / d }

// Load packs a weight.
func (d *Device) Load(s kernels.WeightSpec) (kernels.Weight, error) {
	if err := s.Check(); err != nil {
		return kernels.Weight{}, fmt.Errorf("wasm: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lost != nil {
		return kernels.Weight{}, d.lost
	}
	load := d.loadPlain
	if s.Role == kernels.Matrix || s.Role == kernels.Filter {
		load = d.loadPanels
	}
	w, err := load(s)
	if err != nil {
		return kernels.Weight{}, err
	}
	return d.enter(s, w), nil
}

func (d *Device) enter(s kernels.WeightSpec, w *weight) kernels.Weight {
	d.next++
	d.weights[d.next] = w
	return kernels.Weight{ID: d.next, Role: s.Role, Shape: append(kernels.Shape{}, s.Shape...), Bias: s.Bias != nil}
}

// LoadParts is that of kernels.PartLoader.
func (d *Device) LoadParts(s kernels.WeightSpec, values func(use func(part []float32) error) error) (kernels.Weight, error) {
	if s.Role != kernels.Table || s.Bias != nil || s.Shape.Elements() <= 0 {
		return kernels.Weight{}, fmt.Errorf("wasm: weight %s cannot be loaded in parts", s.Name)
	}
	total := s.Shape.Elements()
	memory, err := d.reserve("weight "+s.Name, uint64(4*total))
	if err != nil {
		return kernels.Weight{}, err
	}
	at := 0
	err = values(func(part []float32) error {
		if err := s.CheckPart(at, part); err != nil {
			return fmt.Errorf("wasm: %w", err)
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.lost != nil {
			return d.lost
		}
		d.host.write(memory+uint32(4*at), bytesOf(part))
		at += len(part)
		return nil
	})
	if err == nil && at < total {
		err = fmt.Errorf("wasm: weight %s has %d values for shape %v", s.Name, at, s.Shape)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		d.heap.give(memory)
		return kernels.Weight{}, err
	}
	return d.enter(s, &weight{memory: memory, values: memory}), nil
}

func (d *Device) reserve(what string, bytes uint64) (uint32, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lost != nil {
		return 0, d.lost
	}
	return d.heap.allocate(what, bytes)
}

// loadPlain keeps values as they are.
func (d *Device) loadPlain(s kernels.WeightSpec) (*weight, error) {
	values := roundUp(4*len(s.Values), alignment)
	at, err := d.heap.allocate("weight "+s.Name, uint64(values)+4*uint64(len(s.Bias)))
	if err != nil {
		return nil, err
	}
	w := &weight{memory: at, values: at, bias: at + uint32(values)}
	d.host.write(w.values, bytesOf(s.Values))
	d.host.write(w.bias, bytesOf(s.Bias))
	return w, nil
}

// loadPanels lays a matrix [out, in] out in panels of eight outputs, the values of one input side by side; as bytes, those of four inputs, or
// of two.
func (d *Device) loadPanels(s kernels.WeightSpec) (*weight, error) {
	out := s.Shape[0]
	in := len(s.Values) / out
	columns := roundUp(out, layout.Columns)
	w := &weight{whole: d.precision == kernels.Int8 && s.Role == kernels.Matrix && kernels.Int8.Fits(s.Values, in)}
	size, lists := 4, 1
	w.padded = roundUp(in, layout.Depth)
	if w.whole {
		size, lists, w.padded = 1, 3, roundUp(in, layout.Depth8)
	}
	panels := roundUp(columns*w.padded*size, alignment)
	list := roundUp(4*columns, alignment)
	room, err := d.stage(s.Name, in, w.padded)
	if err != nil {
		return nil, err
	}
	total := panels + lists*list
	if w.memory, err = d.heap.allocate("weight "+s.Name, uint64(total)); err != nil {
		return nil, err
	}
	w.values, w.bias = w.memory, w.memory+uint32(panels)
	w.scales, w.starts = w.bias+uint32(list), w.bias+uint32(2*list)
	if err := d.pack(w, s, room, total); err != nil {
		d.heap.give(w.memory)
		return nil, err
	}
	return w, nil
}

// stage makes sure that there is staging memory for rows of a matrix, and says for how many; a row of bytes fits behind them.
func (d *Device) stage(name string, in, padded int) (rows int, err error) {
	rows = max(layout.Columns, stagingBytes/(4*in)/layout.Columns*layout.Columns)
	bytes := uint64(rows*4*in + padded)
	if d.staging.bytes < bytes {
		d.heap.give(d.staging.at)
		d.staging = staging{}
		at, err := d.heap.allocate("weight "+name, bytes)
		if err != nil {
			return 0, err
		}
		d.staging = staging{at, bytes}
	}
	return rows, nil
}

// pack brings a matrix in, so many rows at a time.
func (d *Device) pack(w *weight, s kernels.WeightSpec, room, total int) error {
	out := s.Shape[0]
	in := len(s.Values) / out
	from := uint64(w.values)
	if !w.whole {
		from = uint64(w.bias)
	}
	if _, err := d.call(exportClear, from, uint64(w.memory)+uint64(total)-from); err != nil {
		return err
	}
	group := uint64(4)
	if d.bytes.wide {
		group = 2
	}
	for row := 0; row < out; row += room {
		rows := min(room, out-row)
		d.host.write(d.staging.at, bytesOf(s.Values[row*in:(row+rows)*in]))
		staged, n, padded := uint64(d.staging.at), uint64(in), uint64(w.padded)
		var err error
		if w.whole {
			_, err = d.call(exportBytes, uint64(w.values)+uint64(row*w.padded), staged, uint64(rows), n, padded,
				uint64(w.scales)+uint64(4*row), uint64(w.starts)+uint64(4*row), group, staged+uint64(4*room*in))
		} else {
			_, err = d.call(exportPanels, uint64(w.values)+uint64(4*row*w.padded), staged, uint64(rows), n, padded)
		}
		if err != nil {
			return err
		}
	}
	if w.whole && !d.bytes.shifted {
		if _, err := d.call(exportClear, uint64(w.starts), uint64(4*out)); err != nil {
			return err
		}
	}
	d.host.write(w.bias, bytesOf(s.Bias))
	return nil
}

// Unload frees a weight.
func (d *Device) Unload(w kernels.Weight) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if loaded := d.weights[w.ID]; loaded != nil {
		d.heap.give(loaded.memory)
		delete(d.weights, w.ID)
	}
}

func (d *Device) weight(id int) *weight {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.weights[id]
}
