package checkpoint

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxRatio is how far weights may be compressed beyond the first MiB: a trained tensor shrinks by a third, not to a
// hundredth.
const maxRatio = 64

// isNumPy reports whether all members of an archive are arrays.
func isNumPy(z *zip.Reader) bool {
	for _, m := range z.File {
		if !strings.HasSuffix(m.Name, ".npy") {
			return false
		}
	}
	return len(z.File) > 0
}

// readNumPy reads what numpy.savez or numpy.savez_compressed wrote: an archive with an array a member. Stored members are
// read in place, compressed ones inflated each time.
func readNumPy(f *file, z *zip.Reader) (*content, error) {
	c := &content{format: FormatNumPy}
	for _, m := range z.File {
		t := entry{Info: Info{Name: strings.TrimSuffix(m.Name, ".npy"), File: f.name}, file: f, member: m}
		if len(t.Name) > maxName {
			return nil, fmt.Errorf("a tensor's name of %d bytes; at most %d are read", len(t.Name), maxName)
		}
		if err := t.readArrayHeader(); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		c.tensors = append(c.tensors, t)
	}
	return c, nil
}

// npyHeader is the dictionary of an array: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }.
type npyHeader struct {
	descr   string
	fortran bool
	shape   []string
}

// parseNPYHeader takes the dictionary apart as NumPy writes it, with its keys in this order.
func parseNPYHeader(text string) (h npyHeader, ok bool) {
	text, begins := strings.CutPrefix(text, "{'descr': '")
	descr, text, typed := strings.Cut(text, "', 'fortran_order': ")
	order, text, ordered := strings.Cut(text, ", 'shape': (")
	shape, text, shaped := strings.Cut(text, "), }")
	padding := strings.Trim(strings.TrimSuffix(text, "\n"), " ")
	switch {
	case !begins || !typed || !ordered || !shaped || padding != "":
	case descr == "" || len(descr) > 16 || strings.Contains(descr, "'"):
	case order != "True" && order != "False":
	default:
		dims := strings.Split(shape, ",")
		for i, d := range dims {
			if i > 0 {
				d = strings.TrimPrefix(d, " ")
			}
			if d == "" && i == len(dims)-1 {
				dims = dims[:i] // of no dimension, or after a last comma
				break
			}
			if len(d) > 18 || strings.Trim(d, "0123456789") != "" || d == "" {
				return h, false
			}
			dims[i] = d
		}
		return npyHeader{descr, order == "True", dims}, true
	}
	return h, false
}

// npyTypes are NumPy's names of types. It does not know bfloat16 and calls it two bytes of anything.
var npyTypes = map[string]DType{
	"<f8": F64, "<f4": F32, "<f2": F16, "|V2": BF16, "<i8": I64, "<i4": I32, "<i2": I16, "|i1": I8,
	"<u8": U64, "<u4": U32, "<u2": U16, "|u1": U8, "|b1": Bool,
}

// readArrayHeader reads the header of a .npy member (NumPy, numpy/lib/format.py) and compares it with the member's size.
func (t *entry) readArrayHeader() error {
	m := t.member
	if m.Method != zip.Store && m.Method != zip.Deflate {
		return fmt.Errorf("is compressed by method %d; stored and deflated members are read", m.Method)
	}
	compressed, whole := m.CompressedSize64, m.UncompressedSize64
	switch {
	case compressed > uint64(t.file.size), m.Method == zip.Store && compressed != whole:
		return fmt.Errorf("has %d bytes in the archive, %d unpacked, and the file has %d", compressed, whole, t.file.size)
	case whole > 1<<20 && whole/maxRatio > compressed:
		return fmt.Errorf("%d bytes are said to become %d, more than weights ever do", compressed, whole)
	}
	r, err := m.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	text, err := npyText(r)
	if err != nil {
		return err
	}
	t.start = int64(len(text.before) + len(text.dictionary))
	header, ok := parseNPYHeader(text.dictionary)
	if !ok {
		return fmt.Errorf("its .npy header is %.100q, not what NumPy writes for an array", text.dictionary)
	}
	if t.DType = npyTypes[header.descr]; t.DType == "" {
		t.DType = DType(header.descr)
	}
	for _, d := range header.shape {
		n, err := strconv.Atoi(d)
		if err != nil || len(t.Shape) == maxDims {
			return fmt.Errorf("its shape (%.100s) is not possible", strings.Join(header.shape, ", "))
		}
		t.Shape = append(t.Shape, n)
	}
	elements, ok := product(t.Shape)
	if !ok {
		return fmt.Errorf("the shape %v overflows", t.Shape)
	}
	if size := int64(t.DType.Size()); size > 0 && (elements > int64(whole)/size || uint64(t.start+elements*size) != whole) {
		return fmt.Errorf("%s %v behind a header of %d bytes does not fill its %d bytes", t.DType, t.Shape, t.start, whole)
	}
	if header.fortran && len(t.Shape) > 1 {
		if m.Method != zip.Store {
			return errors.New("lies in Fortran's order and is compressed: save it with numpy.savez, or by numpy.ascontiguousarray")
		}
		stride := int64(1)
		for _, d := range t.Shape {
			t.strides = append(t.strides, stride)
			stride *= int64(d)
		}
	}
	return nil
}

// npyStart is the beginning of a .npy file: magic, version and length, then the dictionary.
type npyStart struct{ before, dictionary string }

// npyText reads it.
func npyText(r io.Reader) (npyStart, error) {
	head := make([]byte, 10, 12)
	if _, err := io.ReadFull(r, head); err != nil {
		return npyStart{}, fmt.Errorf("is too short for an array: %w", err)
	}
	if string(head[:6]) != "\x93NUMPY" || head[6] < 1 || head[6] > 3 {
		return npyStart{}, fmt.Errorf("is no NumPy array; it begins with the bytes % x", head[:8])
	}
	length := uint32(binary.LittleEndian.Uint16(head[8:]))
	if head[6] > 1 { // the length has four bytes
		head = head[:12]
		if _, err := io.ReadFull(r, head[10:]); err != nil {
			return npyStart{}, fmt.Errorf("is too short for an array: %w", err)
		}
		length = binary.LittleEndian.Uint32(head[8:])
	}
	if length > 1<<16 {
		return npyStart{}, fmt.Errorf("a .npy header of %d bytes", length)
	}
	dictionary := make([]byte, length)
	if _, err := io.ReadFull(r, dictionary); err != nil {
		return npyStart{}, fmt.Errorf("its .npy header is cut short: %w", err)
	}
	return npyStart{string(head), string(dictionary)}, nil
}

// inflate hands the elements of a compressed member to use, as file.parts does.
func (t *entry) inflate(use func(part []byte) error) error {
	r, err := t.member.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := io.CopyN(io.Discard, r, t.start); err != nil {
		return fmt.Errorf("archive member %q: %w", t.member.Name, err)
	}
	left := t.Bytes()
	buffer := make([]byte, min(left, window))
	for left > 0 {
		part := buffer[:min(left, window)]
		if _, err := io.ReadFull(r, part); err != nil {
			return fmt.Errorf("archive member %q: %w", t.member.Name, err)
		}
		if err := use(part); err != nil {
			return err
		}
		left -= int64(len(part))
	}
	// The checksum is compared at the end.
	if _, err := io.Copy(io.Discard, r); err != nil {
		return fmt.Errorf("archive member %q: %w", t.member.Name, err)
	}
	return nil
}
