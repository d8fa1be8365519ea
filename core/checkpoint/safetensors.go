package checkpoint

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// content is what a reader of one format finds in a file.
type content struct {
	format   string
	metadata map[string]string
	lists    map[string][]string // GGUF only
	tensors  []entry
}

// readSafetensors reads the header of a safetensors file and checks it as the reference implementation does
// (github.com/huggingface/safetensors, Metadata::validate): the tensors cover the data exactly, and every one has the
// bytes that its shape needs. One thing is laxer: a tensor of an unknown type is kept, so that the others can be used.
func readSafetensors(f *file) (*content, error) {
	start, err := f.read(0, 8)
	if err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint64(start)
	if length > maxHeader {
		return nil, fmt.Errorf("the safetensors header is said to have %d bytes; at most %d are allowed", length, maxHeader)
	}
	if int64(length) > f.size-8 {
		return nil, fmt.Errorf("the safetensors header is said to have %d bytes, the file has %d in all; "+
			"it is cut short: download it again", length, f.size)
	}
	text, err := f.read(8, int64(length))
	if err != nil {
		return nil, err
	}
	h := header{file: f, data: 8 + int64(length)}
	if err := h.parse(text); err != nil {
		return nil, fmt.Errorf("safetensors header: %w", err)
	}
	if err := h.checkCover(); err != nil {
		return nil, err
	}
	c := &content{format: FormatSafetensors, metadata: h.metadata}
	for _, t := range h.tensors {
		c.tensors = append(c.tensors, t.entry)
	}
	return c, nil
}

// header is a safetensors header while it is being read.
type header struct {
	*jsonReader
	file     *file
	data     int64 // where the tensors' data starts in the file
	metadata map[string]string
	tensors  []headerTensor
}

type headerTensor struct {
	entry
	begin, end int64 // in the data
}

func (h *header) parse(text []byte) (err error) {
	if h.jsonReader, err = newJSON(text); err != nil {
		return err
	}
	err = h.object(maxTensors, func(key string) error {
		if key == "__metadata__" {
			return h.parseMetadata()
		}
		t, err := h.parseTensor(key)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", key, err)
		}
		h.tensors = append(h.tensors, t)
		return nil
	})
	if err != nil {
		return err
	}
	return h.end()
}

func (h *header) parseMetadata() error {
	h.metadata = map[string]string{}
	return h.object(maxTensors, func(key string) error {
		value, err := h.string(maxHeader)
		if err != nil {
			return fmt.Errorf("__metadata__ %q: %w", key, err)
		}
		h.metadata[key] = value
		return nil
	})
}

func (h *header) parseTensor(name string) (headerTensor, error) {
	t := headerTensor{entry: entry{Info: Info{Name: name, File: h.file.name}, file: h.file}}
	var dtype, shape, offsets bool
	err := h.object(16, func(key string) (err error) {
		switch key {
		case "dtype":
			dtype = true
			var s string
			s, err = h.string(64)
			t.DType = DType(s)
		case "shape":
			shape = true
			t.Shape, err = h.parseShape()
		case "data_offsets":
			offsets = true
			t.begin, t.end, err = h.parseOffsets()
		default:
			err = h.skip(8)
		}
		return err
	})
	if err != nil {
		return t, err
	}
	if !dtype || !shape || !offsets {
		return t, errors.New("one of dtype, shape and data_offsets is missing")
	}
	t.start = h.data + t.begin
	return t, t.checkSize()
}

func (h *header) parseShape() ([]int, error) {
	shape := []int{}
	err := h.array(maxDims, func() error {
		d, err := h.integer()
		if d > math.MaxInt {
			err = errors.New("a dimension does not fit this machine")
		}
		shape = append(shape, int(d))
		return err
	})
	return slices.Clip(shape), err
}

func (h *header) parseOffsets() (begin, end int64, err error) {
	var offsets []int64
	err = h.array(2, func() error {
		offset, err := h.integer()
		offsets = append(offsets, offset)
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	if len(offsets) != 2 || offsets[1] < offsets[0] || offsets[1] > h.file.size-h.data {
		return 0, 0, fmt.Errorf("data_offsets %v are not a range of the file's %d bytes of data; "+
			"the file may be cut short: download it again", offsets, h.file.size-h.data)
	}
	return offsets[0], offsets[1], nil
}

// checkSize compares the tensor's bytes with its shape.
func (t *headerTensor) checkSize() error {
	elements, ok := product(t.Shape)
	if !ok {
		return fmt.Errorf("the shape %v overflows", t.Shape)
	}
	size := int64(t.DType.Size())
	if t.DType.Blocks() {
		return fmt.Errorf("%s is a type of GGUF", t.DType)
	}
	if size == 0 {
		return nil
	}
	if elements > math.MaxInt64/size || elements*size != t.end-t.begin {
		return fmt.Errorf("%s %v needs %d bytes an element; its data_offsets give %d bytes in all",
			t.DType, t.Shape, size, t.end-t.begin)
	}
	return nil
}

// checkCover reports gaps, overlaps and bytes beyond the last tensor.
func (h *header) checkCover() error {
	slices.SortFunc(h.tensors, func(a, b headerTensor) int {
		if a.begin != b.begin {
			return cmp.Compare(a.begin, b.begin)
		}
		return cmp.Compare(a.end, b.end)
	})
	at := int64(0)
	for _, t := range h.tensors {
		if t.begin < at {
			return fmt.Errorf("tensor %q overlaps the tensor before it", t.Name)
		}
		if t.begin > at {
			return fmt.Errorf("%d bytes before tensor %q belong to no tensor", t.begin-at, t.Name)
		}
		at = t.end
	}
	if rest := h.file.size - h.data - at; rest != 0 {
		return fmt.Errorf("%d bytes behind the last tensor belong to no tensor", rest)
	}
	return nil
}

// product multiplies a shape; ok is false if that overflows an int.
func product(shape []int) (elements int64, ok bool) {
	elements = 1
	for _, d := range shape {
		if d == 0 {
			return 0, true
		}
	}
	for _, d := range shape {
		if d < 0 || elements > int64(math.MaxInt)/int64(d) {
			return 0, false
		}
		elements *= int64(d)
	}
	return elements, true
}
