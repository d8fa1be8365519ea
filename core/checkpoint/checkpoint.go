package checkpoint

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
)

// The formats that [Checkpoint.Format] names.
const (
	FormatSafetensors   = "safetensors"
	FormatPyTorch       = "pytorch"        // torch.save: a zip archive with a pickle
	FormatPyTorchLegacy = "pytorch-legacy" // torch.save before 1.6
	FormatTorchScript   = "torchscript"    // torch.jit.save, as OpenAI published its models
	FormatGGUF          = "gguf"           // ggml's, as clip.cpp writes it
	FormatNumPy         = "numpy"          // numpy.savez, as big_vision publishes its models
)

// Info describes one tensor.
type Info struct {
	Name  string
	DType DType
	Shape []int  // outermost first, empty for a scalar; shared, not to be changed
	File  string // the file that holds it: of an index, a shard
}

// Elements is the number of values.
func (i Info) Elements() int {
	n, _ := product(i.Shape)
	return int(n)
}

// Bytes is what the tensor takes as it is stored; 0 if the size of its type is not known.
func (i Info) Bytes() int64 {
	elements, bytes := i.DType.Block()
	return int64(i.Elements()/elements) * int64(bytes)
}

// Checkpoint is an open checkpoint: named tensors that are read one at a time. Its methods may be called by several
// goroutines at once.
type Checkpoint struct {
	name     string
	format   string
	metadata map[string]string
	lists    map[string][]string
	tensors  []entry // sorted by name
	index    map[string]int

	open  sync.RWMutex // held for reading while a tensor is read, so that Close takes no file away from it
	files []*file      // nil once closed
}

// newCheckpoint sorts and indexes what was found in files.
func newCheckpoint(name string, files []*file, found *content) (*Checkpoint, error) {
	c := &Checkpoint{name: name, format: found.format, metadata: found.metadata, lists: found.lists, tensors: found.tensors, files: files}
	stripModule(c.tensors)
	if err := c.sort(); err != nil {
		return nil, err
	}
	return c, nil
}

// sort sorts and indexes the tensors.
func (c *Checkpoint) sort() error {
	slices.SortFunc(c.tensors, func(a, b entry) int { return cmp.Compare(a.Name, b.Name) })
	c.index = make(map[string]int, len(c.tensors))
	for i, t := range c.tensors {
		if _, ok := c.index[t.Name]; ok {
			return fmt.Errorf("checkpoint: %s: the tensor %q is there twice", c.name, t.Name)
		}
		c.index[t.Name] = i
	}
	return nil
}

// Rename gives every tensor the name that name makes of its own: another program's names for the same model. It is for
// a checkpoint that nobody else uses yet. Two tensors of one name are an error, and the checkpoint is of no use then.
func (c *Checkpoint) Rename(name func(string) string) error {
	for i := range c.tensors {
		c.tensors[i].Name = name(c.tensors[i].Name)
	}
	return c.sort()
}

// View is part of a tensor in row-major order, as a tensor of its own: so many elements from the one with number First.
type View struct {
	Name  string
	First int
	Shape []int
}

// Divide puts views in the place of every tensor: several blocks that one array holds, axes that belong together. It is for a
// checkpoint that nobody else uses yet; after an error the checkpoint is of no use.
func (c *Checkpoint) Divide(views func(Info) []View) error {
	var list []entry
	for _, t := range c.tensors {
		for _, v := range views(t.Info) {
			n, ok := product(v.Shape)
			if !ok || v.First < 0 || n > int64(t.Elements()-v.First) {
				return fmt.Errorf("checkpoint: %s: tensor %q of shape %v has no part of shape %v from element %d", c.name, t.Name, t.Shape, v.Shape, v.First)
			}
			if t.strides != nil && !slices.Equal(v.Shape, t.Shape) || t.DType.Blocks() && v.First > 0 {
				return fmt.Errorf("checkpoint: %s: tensor %q does not lie in row-major order: save it with numpy.ascontiguousarray", c.name, t.Name)
			}
			part := t
			part.Name, part.Shape, part.start = v.Name, v.Shape, t.start+int64(v.First)*int64(t.DType.Size())
			list = append(list, part)
		}
		if len(list) > maxTensors {
			return fmt.Errorf("checkpoint: %s: more than %d tensors", c.name, maxTensors)
		}
	}
	c.tensors = list
	return c.sort()
}

// stripModule takes away the prefix that PyTorch's DistributedDataParallel puts before all names.
func stripModule(tensors []entry) {
	const prefix = "module."
	for _, t := range tensors {
		if !strings.HasPrefix(t.Name, prefix) {
			return
		}
	}
	for i := range tensors {
		tensors[i].Name = tensors[i].Name[len(prefix):]
	}
}

// Format says how the file is built: one of the Format constants; of an index, how its shards are.
func (c *Checkpoint) Format() string { return c.format }

// Metadata is a copy of the texts that a safetensors file carries beside its tensors, or of GGUF's keys that are no lists;
// empty for other formats.
func (c *Checkpoint) Metadata() map[string]string {
	if c.metadata == nil {
		return map[string]string{}
	}
	return maps.Clone(c.metadata)
}

// List is a list of GGUF's keys, as texts; nil: there is none of that name. It is not to be changed.
func (c *Checkpoint) List(key string) []string { return c.lists[key] }

// Tensors describes every tensor, sorted by name. A prefix "module." that all names share is taken away.
func (c *Checkpoint) Tensors() []Info {
	list := make([]Info, len(c.tensors))
	for i, t := range c.tensors {
		list[i] = t.Info
	}
	return list
}

// Lookup describes one tensor; false if there is none of that name.
func (c *Checkpoint) Lookup(name string) (Info, bool) {
	i, ok := c.index[name]
	if !ok {
		return Info{}, false
	}
	return c.tensors[i].Info, true
}

// Floats reads a tensor as float32 values in row-major order, into dst if it is large enough. F32, F16 and BF16 are
// converted exactly, infinities and NaNs included; F64 and integers beyond 2^24 are rounded to nearest; quantized blocks
// are multiplied out in float32, as ggml does.
func (c *Checkpoint) Floats(name string, dst []float32) ([]float32, error) {
	err := c.with(name, func(t *entry) error {
		if !t.DType.Readable() {
			return fmt.Errorf("elements of type %q cannot be read as float32", t.DType)
		}
		n := t.Elements()
		if dst == nil || cap(dst) < n {
			dst = make([]float32, n)
		}
		dst = dst[:n]
		if t.DType.Blocks() {
			return t.readBlocks(func(first int, part []byte) error {
				dequantize(dst[first:], part, t.DType)
				return nil
			})
		}
		size := t.DType.Size()
		return t.read(func(first int, part []byte) error {
			floatsFrom(dst[first:first+len(part)/size], part, t.DType)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return dst, nil
}

// FloatParts hands the values that Floats gives to use, some at a time, in their order: a slice is used again for the next.
func (c *Checkpoint) FloatParts(name string, use func(part []float32) error) error {
	return c.with(name, func(t *entry) error {
		if !t.DType.Readable() {
			return fmt.Errorf("elements of type %q cannot be read as float32", t.DType)
		}
		read, convert, elements, bytes := t.read, floatsFrom, 1, t.DType.Size()
		if t.DType.Blocks() {
			read, convert = t.readBlocks, dequantize
			elements, bytes = t.DType.Block()
		}
		var values []float32
		return read(func(_ int, part []byte) error {
			n := len(part) / bytes * elements
			values = slices.Grow(values[:0], n)[:n]
			convert(values, part, t.DType)
			return use(values)
		})
	})
}

// Ints reads a tensor of integers or booleans in row-major order.
func (c *Checkpoint) Ints(name string) ([]int64, error) {
	var dst []int64
	err := c.with(name, func(t *entry) error {
		if !t.DType.Integer() {
			return fmt.Errorf("elements of type %q cannot be read as integers", t.DType)
		}
		size := t.DType.Size()
		dst = make([]int64, t.Elements())
		return t.read(func(first int, part []byte) error {
			return intsFrom(dst[first:first+len(part)/size], part, t.DType)
		})
	})
	if err != nil {
		return nil, err
	}
	return dst, nil
}

// with calls use for a tensor while the files are kept open, and says in its error which tensor of which file it is.
func (c *Checkpoint) with(name string, use func(*entry) error) error {
	c.open.RLock()
	defer c.open.RUnlock()
	if c.files == nil {
		return fmt.Errorf("checkpoint: %s: %w", c.name, fs.ErrClosed)
	}
	i, ok := c.index[name]
	if !ok {
		return fmt.Errorf("checkpoint: %s: has no tensor %q", c.name, name)
	}
	t := &c.tensors[i]
	if err := use(t); err != nil {
		return fmt.Errorf("checkpoint: %s: tensor %q: %w", t.File, t.Name, err)
	}
	return nil
}

// Close closes the files. What was read before stays valid; what is read after is an error. Closing twice is allowed.
func (c *Checkpoint) Close() error {
	c.open.Lock()
	defer c.open.Unlock()
	err := closeAll(c.files)
	c.files = nil
	return err
}

func closeAll(files []*file) error {
	var err error
	for _, f := range files {
		err = errors.Join(err, f.close())
	}
	if err != nil {
		err = fmt.Errorf("checkpoint: %w", err)
	}
	return err
}
