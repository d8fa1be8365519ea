package checkpoint

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// Tensor is a named tensor in memory, row-major. Exactly one of Floats, Ints and Ints32 is set; a tensor without
// elements may have none of them and is then one of floats.
type Tensor struct {
	Name   string
	Shape  []int // outermost first, empty for a scalar
	Floats []float32
	Ints   []int64
	Ints32 []int32
}

// DType is F32, I64 or I32.
func (t Tensor) DType() DType {
	switch {
	case t.Ints != nil:
		return I64
	case t.Ints32 != nil:
		return I32
	}
	return F32
}

// WriteSafetensors writes tensors as the safetensors library does, to the byte: I64 first, then F32, then I32, each by
// name, a header without metadata that is padded with spaces to a multiple of eight bytes. The order of the tensors
// does not matter. Names that occur twice, and shapes that do not fit the values, are errors before anything is
// written.
func WriteSafetensors(w io.Writer, tensors []Tensor) error {
	rank := map[DType]int{I64: 0, F32: 1, I32: 2}
	tensors = slices.Clone(tensors)
	slices.SortStableFunc(tensors, func(a, b Tensor) int {
		return cmp.Or(cmp.Compare(rank[a.DType()], rank[b.DType()]), strings.Compare(a.Name, b.Name))
	})
	header, err := safetensorsHeader(tensors)
	if err != nil {
		return fmt.Errorf("checkpoint: writing safetensors: %w", err)
	}
	out := bufio.NewWriterSize(w, 64<<10)
	out.Write(header)
	for _, t := range tensors {
		t.writeTo(out)
	}
	if err := out.Flush(); err != nil { // a bufio.Writer keeps its first error
		return fmt.Errorf("checkpoint: writing safetensors: %w", err)
	}
	return nil
}

// safetensorsHeader is the length and the JSON text, tensors following each other in the order given.
func safetensorsHeader(tensors []Tensor) ([]byte, error) {
	text := []byte("{")
	names := map[string]bool{}
	offset := int64(0)
	for i, t := range tensors {
		if err := t.check(); err != nil {
			return nil, err
		}
		if len(t.Name) > maxName {
			return nil, fmt.Errorf("tensor %q…: a name of more than %d bytes", t.Name[:60], maxName)
		}
		if names[t.Name] || t.Name == "__metadata__" {
			return nil, fmt.Errorf("tensor %q: the name is there twice, or is not one that a tensor may have", t.Name)
		}
		names[t.Name] = true
		if i > 0 {
			text = append(text, ',')
		}
		elements, _ := product(t.Shape)
		end := offset + elements*int64(t.DType().Size())
		shape := strings.ReplaceAll(fmt.Sprint(t.Shape), " ", ",")
		text = append(text, quote(t.Name)...)
		text = fmt.Appendf(text, `:{"dtype":%q,"shape":%s,"data_offsets":[%d,%d]}`, t.DType(), shape, offset, end)
		offset = end
	}
	text = append(text, '}')
	for len(text)%8 != 0 {
		text = append(text, ' ')
	}
	if len(text) > maxHeader {
		return nil, fmt.Errorf("a header of %d bytes; at most %d are allowed", len(text), maxHeader)
	}
	return append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...), nil
}

// quote writes a JSON string without escaping what only HTML needs escaped.
func quote(s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic("BUG: checkpoint: a string is no JSON: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// check compares the shape with the values.
func (t Tensor) check() error {
	elements, ok := product(t.Shape)
	values := len(t.Floats) + len(t.Ints) + len(t.Ints32)
	if !ok || elements != int64(values) {
		return fmt.Errorf("tensor %q: %d values for the shape %v", t.Name, values, t.Shape)
	}
	kinds := 0
	for _, set := range []bool{t.Floats != nil, t.Ints != nil, t.Ints32 != nil} {
		if set {
			kinds++
		}
	}
	if kinds > 1 {
		return fmt.Errorf("tensor %q: more than one of Floats, Ints and Ints32 is set", t.Name)
	}
	return nil
}

// writeTo writes the values. An error stays in out.
func (t Tensor) writeTo(out *bufio.Writer) {
	for _, v := range t.Floats {
		out.Write(binary.LittleEndian.AppendUint32(out.AvailableBuffer(), math.Float32bits(v)))
	}
	for _, v := range t.Ints {
		out.Write(binary.LittleEndian.AppendUint64(out.AvailableBuffer(), uint64(v)))
	}
	for _, v := range t.Ints32 {
		out.Write(binary.LittleEndian.AppendUint32(out.AvailableBuffer(), uint32(v)))
	}
}
