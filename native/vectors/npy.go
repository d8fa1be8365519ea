package vectors

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/goclip/goclip/native/output"
)

// npyRoom is the length of a header that has room for any number of rows.
const npyRoom = 128

// npy is an array [rows, width]; the number of rows is filled in at the end.
type npy struct {
	matrix
	stdout io.Writer
}

func createNPY(file *output.File, stdout io.Writer, width int) (Writer, error) {
	_, err := file.Write(npyHeader([]int{0, width}, npyRoom))
	return &npy{matrix{file: file, width: width}, stdout}, err
}

func (w *npy) Finish() error {
	if _, err := w.file.WriteAt(npyHeader([]int{w.rows, w.width}, npyRoom), 0); err != nil {
		return err
	}
	return deliver(w.file, w.stdout)
}

// npyHeader is the header of version 1.0 (NumPy's format.py) for little-endian float32 in C order. It is padded with
// spaces to a multiple of length, which must be one of 64.
func npyHeader(shape []int, length int) []byte {
	sizes := make([]string, len(shape))
	for i, n := range shape {
		sizes[i] = fmt.Sprint(n)
	}
	tuple := strings.Join(sizes, ", ")
	if len(sizes) == 1 {
		tuple += ","
	}
	text := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }", tuple)
	const magic = "\x93NUMPY\x01\x00"
	padding := length - (len(magic)+2+len(text)+1)%length
	text += strings.Repeat(" ", padding%length) + "\n"
	header := binary.LittleEndian.AppendUint16([]byte(magic), uint16(len(text)))
	return append(header, text...)
}

// WriteNPY writes a float32 array as .npy.
func WriteNPY(w io.Writer, values []float32, shape ...int) error {
	if _, err := w.Write(npyHeader(shape, 64)); err != nil {
		return err
	}
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	_, err := w.Write(data)
	return err
}
