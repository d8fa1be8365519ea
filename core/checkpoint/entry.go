package checkpoint

import (
	"archive/zip"
	"fmt"
	"slices"
)

// entry is a tensor and where its elements are.
type entry struct {
	Info
	file    *file
	member  *zip.File // the archive member that holds them; nil: start counts from the beginning of the file
	start   int64     // of the first element, in bytes
	strides []int64   // in elements, one a dimension; nil: row-major without gaps
}

// read hands the stored elements to use in row-major order, in parts of whole elements: first is the number of the
// part's first element.
func (t *entry) read(use func(first int, part []byte) error) error {
	start, err := t.locate()
	if err != nil {
		return err
	}
	if t.strides != nil {
		return t.gather(start, use)
	}
	first := 0
	if t.member != nil && t.member.Method != zip.Store {
		return t.inflate(func(part []byte) error {
			err := use(first, part)
			first += len(part) / t.DType.Size()
			return err
		})
	}
	return t.file.parts(start, t.Bytes(), func(part []byte) error {
		err := use(first, part)
		first += len(part) / t.DType.Size()
		return err
	})
}

// readBlocks is read for elements that are stored in blocks: parts of whole blocks.
func (t *entry) readBlocks(use func(first int, part []byte) error) error {
	elements, size := t.DType.Block()
	step := int64(window / size * size)
	for at, total := int64(0), t.Bytes(); at < total; at += step {
		err := t.file.parts(t.start+at, min(step, total-at), func(part []byte) error {
			return use(int(at)/size*elements, part)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// locate finds where in the file the first element is. Where an archive member's data starts is known only from the
// header before it: it is read when the tensor is, since a file behind a network answers slowly.
func (t *entry) locate() (int64, error) {
	if t.member == nil {
		return t.start, nil
	}
	begin, err := t.member.DataOffset()
	if err != nil {
		return 0, fmt.Errorf("archive member %q: %w", t.member.Name, err)
	}
	if err := t.file.check(begin, int64(t.member.CompressedSize64)); err != nil {
		return 0, fmt.Errorf("archive member %q: %w", t.member.Name, err)
	}
	return begin + t.start, nil
}

// gather reads elements that do not lie in row-major order: a transposed matrix, a column slice. It reads the bytes
// from the first element to the last and picks row by row.
func (t *entry) gather(start int64, use func(first int, part []byte) error) error {
	size := int64(t.DType.Size())
	span := (1 + t.reach()) * size
	if t.file.mapped == nil && span > 8*t.Bytes()+window {
		return fmt.Errorf("its %d bytes are scattered over %d: save the tensor with .contiguous()", t.Bytes(), span)
	}
	if t.file.mapped != nil {
		if err := t.file.check(start, span); err != nil {
			return err
		}
		return t.file.view(start, span, func(part []byte) error { return t.pick(part, use) })
	}
	var whole []byte
	return t.file.parts(start, span, func(part []byte) error {
		whole = append(slices.Grow(whole, int(span)-len(whole)), part...)
		if int64(len(whole)) < span {
			return nil
		}
		return t.pick(whole, use)
	})
}

// reach is how many elements the last one lies behind the first.
func (t *entry) reach() int64 {
	last := int64(0)
	for i, d := range t.Shape {
		last += int64(d-1) * t.strides[i]
	}
	return last
}

// pick copies rows together and hands them on.
func (t *entry) pick(src []byte, use func(first int, part []byte) error) error {
	size := t.DType.Size()
	inner := len(t.Shape) - 1
	width, stride := t.Shape[inner], int(t.strides[inner])*size
	row := make([]byte, width*size)
	at := make([]int, inner) // the row's place in the outer dimensions
	begin := 0               // and in src
	for first := 0; first < t.Elements(); first += width {
		for i, from := 0, begin; i < len(row); i, from = i+size, from+stride {
			copy(row[i:i+size], src[from:])
		}
		if err := use(first, row); err != nil {
			return err
		}
		for d := inner - 1; d >= 0; d-- {
			step := int(t.strides[d]) * size
			at[d]++
			begin += step
			if at[d] < t.Shape[d] {
				break
			}
			begin -= at[d] * step
			at[d] = 0
		}
	}
	return nil
}
