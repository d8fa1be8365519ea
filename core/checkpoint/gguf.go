package checkpoint

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/goclip/goclip/kernels"
)

// What a GGUF file may ask for.
const (
	// maxGGUF bounds the bytes before the data. A vocabulary of a quarter of a million tokens takes about 5 MB.
	maxGGUF = 64 << 20
	// maxKeys bounds the keys, maxList the values of all lists together.
	maxKeys, maxList = 1 << 12, 1 << 21
	// maxAlignment bounds the alignment of tensors.
	maxAlignment = 1 << 16
)

// ggufTypes are the element types that are known, by their number in a file.
var ggufTypes = map[uint32]DType{0: F32, 1: F16, 2: Q4_0, 3: Q4_1, 6: Q5_0, 7: Q5_1, 8: Q8_0, 24: I8, 25: I16, 26: I32, 27: I64, 28: F64, 30: BF16}

// readGGUF reads the header of a GGUF file of version 2 or 3 (ggml's docs/gguf.md), as clip.cpp writes it: keys with
// values, then what tensors there are, then their data. Keys become texts: scalars in the metadata, lists in the lists.
func readGGUF(f *file) (*content, error) {
	r := &ggufReader{in: bufio.NewReaderSize(io.NewSectionReader(f, 0, min(f.size, maxGGUF)), 1<<16)}
	var start [8]byte
	r.bytes(start[:])
	if version := binary.LittleEndian.Uint32(start[4:]); r.err == nil && (version < 2 || version > 3) {
		return nil, fmt.Errorf("is GGUF of version %d; versions 2 and 3 are read: convert the model again", version)
	}
	tensors, keys := r.u64(), r.u64()
	if r.err == nil && (tensors > maxTensors || keys > maxKeys) {
		return nil, fmt.Errorf("the GGUF header claims %d tensors and %d keys", tensors, keys)
	}
	c := &content{format: FormatGGUF, metadata: map[string]string{}, lists: map[string][]string{}}
	for range keys {
		if r.err != nil {
			break
		}
		r.key(c)
	}
	for range tensors {
		if r.err != nil {
			break
		}
		c.tensors = append(c.tensors, r.tensor(f))
	}
	if r.err != nil {
		if errors.Is(r.err, io.EOF) || errors.Is(r.err, io.ErrUnexpectedEOF) {
			r.err = fmt.Errorf("ends within it, or it has more than %d MiB: download the file again", maxGGUF>>20)
		}
		return nil, fmt.Errorf("GGUF header: %w", r.err)
	}
	return c, placeGGUF(f, c, r.read)
}

// placeGGUF turns offsets in the data into offsets in the file, which begins behind a header of so many bytes.
func placeGGUF(f *file, c *content, header int64) error {
	alignment := int64(32)
	if text, ok := c.metadata["general.alignment"]; ok {
		var err error
		if alignment, err = strconv.ParseInt(text, 10, 64); err != nil || alignment < 1 || alignment > maxAlignment || alignment&(alignment-1) != 0 {
			return fmt.Errorf("GGUF header: general.alignment is %s, want a power of two", text)
		}
	}
	data := (header + alignment - 1) &^ (alignment - 1)
	for i := range c.tensors {
		t := &c.tensors[i]
		if t.start > f.size-data {
			return fmt.Errorf("tensor %q begins behind the file's end: it is cut short: download it again", t.Name)
		}
		t.start += data
		if t.DType.Size() == 0 && !t.DType.Blocks() {
			continue
		}
		if err := f.check(t.start, t.Bytes()); err != nil {
			return fmt.Errorf("tensor %q: %w; the file may be cut short: download it again", t.Name, err)
		}
	}
	return nil
}

// ggufReader reads a header from its beginning. It keeps its first failure.
type ggufReader struct {
	in     *bufio.Reader
	read   int64
	listed uint64 // values of all lists
	err    error
}

func (r *ggufReader) bytes(p []byte) {
	if r.err != nil {
		return
	}
	n, err := io.ReadFull(r.in, p)
	r.read += int64(n)
	r.err = err
}

func (r *ggufReader) u32() uint32 {
	var p [4]byte
	r.bytes(p[:])
	return binary.LittleEndian.Uint32(p[:])
}

func (r *ggufReader) u64() uint64 {
	var p [8]byte
	r.bytes(p[:])
	return binary.LittleEndian.Uint64(p[:])
}

func (r *ggufReader) text(most uint64) string {
	n := r.u64()
	if r.err == nil && n > most {
		r.err = fmt.Errorf("a text of %d bytes; at most %d are read", n, most)
	}
	if r.err != nil {
		return ""
	}
	p := make([]byte, n)
	r.bytes(p)
	return string(p)
}

// The kinds of values.
const (
	ggufBool   = 7
	ggufString = 8
	ggufArray  = 9
)

// key reads a key with its value.
func (r *ggufReader) key(c *content) {
	name := r.text(maxName)
	kind := r.u32()
	if kind != ggufArray {
		c.metadata[name] = r.value(kind)
		return
	}
	kind = r.u32()
	n := r.u64()
	if r.listed += n; r.err == nil && (n > maxList || r.listed > maxList || kind == ggufArray) {
		r.err = fmt.Errorf("the list %.80q has %d values of kind %d", name, n, kind)
	}
	var list []string
	for i := uint64(0); i < n && r.err == nil; i++ {
		list = append(list, r.value(kind))
	}
	c.lists[name] = list
}

// value reads a value that is no list, as text.
func (r *ggufReader) value(kind uint32) string {
	sizes := [...]int{0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, ggufBool: 1, 10: 8, 11: 8, 12: 8}
	if kind == ggufString {
		return r.text(1 << 20)
	}
	if r.err == nil && (int(kind) >= len(sizes) || sizes[kind] == 0) {
		r.err = fmt.Errorf("a value of the unknown kind %d", kind)
	}
	if r.err != nil {
		return ""
	}
	var p [8]byte
	r.bytes(p[:sizes[kind]])
	bits := binary.LittleEndian.Uint64(p[:])
	switch kind {
	case 1:
		return strconv.Itoa(int(int8(bits)))
	case 3:
		return strconv.Itoa(int(int16(bits)))
	case 5:
		return strconv.Itoa(int(int32(bits)))
	case 6:
		return strconv.FormatFloat(float64(math.Float32frombits(uint32(bits))), 'g', -1, 32)
	case ggufBool:
		return strconv.FormatBool(bits != 0)
	case 11:
		return strconv.FormatInt(int64(bits), 10)
	case 12:
		return strconv.FormatFloat(math.Float64frombits(bits), 'g', -1, 64)
	}
	return strconv.FormatUint(bits, 10)
}

// tensor reads what is said of a tensor. GGUF has the innermost dimension first.
func (r *ggufReader) tensor(f *file) entry {
	t := entry{Info: Info{Name: r.text(maxName), File: f.name, Shape: []int{}}, file: f}
	dims := r.u32()
	if r.err == nil && dims > maxDims {
		r.err = fmt.Errorf("tensor %.80q has %d dimensions", t.Name, dims)
	}
	for range dims {
		d := r.u64()
		if r.err != nil {
			return t
		}
		if d > math.MaxInt32 {
			r.err = fmt.Errorf("tensor %.80q has a dimension of %d", t.Name, d)
			return t
		}
		t.Shape = append([]int{int(d)}, t.Shape...)
	}
	kind, offset := r.u32(), r.u64()
	if r.err != nil {
		return t
	}
	var ok bool
	if t.DType, ok = ggufTypes[kind]; !ok {
		t.DType = DType("GGML_" + strconv.Itoa(int(kind)))
	}
	n, fits := product(t.Shape)
	switch elements, _ := t.DType.Block(); {
	case offset > math.MaxInt64/2:
		r.err = fmt.Errorf("tensor %.80q begins at %d", t.Name, offset)
	case !fits || n > math.MaxInt64/16:
		r.err = fmt.Errorf("tensor %.80q: the shape %v overflows", t.Name, t.Shape)
	case len(t.Shape) > 0 && elements > 1 && t.Shape[len(t.Shape)-1]%elements != 0:
		r.err = fmt.Errorf("tensor %.80q: rows of %d values are no whole blocks of %d", t.Name, t.Shape[len(t.Shape)-1], elements)
	}
	t.start = int64(offset)
	return t
}

// Blocks reports whether elements are stored in blocks that share a scale: GGUF's quantized types.
func (d DType) Blocks() bool {
	n, _ := d.Block()
	return n > 1
}

// Block is how many elements are stored together, and in how many bytes.
func (d DType) Block() (elements, bytes int) {
	switch d {
	case Q4_0:
		return 32, 2 + 16
	case Q4_1:
		return 32, 4 + 16
	case Q5_0:
		return 32, 2 + 4 + 16
	case Q5_1:
		return 32, 4 + 4 + 16
	case Q8_0:
		return 32, 2 + 32
	}
	return 1, d.Size()
}

// dequantize converts whole blocks, each of 32 elements: x = d·q, with a minimum x = d·q + m. The halves of a block's
// nibbles are its first and its second 16 elements; a fifth bit comes from a field of 32.
func dequantize(dst []float32, src []byte, t DType) {
	_, size := t.Block()
	le := binary.LittleEndian
	for ; len(src) >= size && len(dst) >= 32; src, dst = src[size:], dst[32:] {
		block := src[:size]
		d := kernels.FromFloat16(le.Uint16(block))
		block = block[2:]
		if t == Q8_0 {
			for i := range 32 {
				dst[i] = d * float32(int8(block[i]))
			}
			continue
		}
		m, offset := float32(0), 8
		if t == Q5_0 {
			offset = 16
		}
		if t == Q4_1 || t == Q5_1 {
			m, offset = kernels.FromFloat16(le.Uint16(block)), 0
			block = block[2:]
		}
		high := uint32(0)
		if strings.HasPrefix(string(t), "Q5") {
			high = le.Uint32(block)
			block = block[4:]
		}
		for i := range 16 {
			low := int(block[i]&15) | int(high>>i&1)<<4
			up := int(block[i]>>4) | int(high>>(i+16)&1)<<4
			dst[i] = float32(d*float32(low-offset)) + m
			dst[i+16] = float32(d*float32(up-offset)) + m
		}
	}
}
