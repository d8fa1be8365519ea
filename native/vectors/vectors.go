// Package vectors writes embeddings row by row, in constant memory, as files that other programs read: JSON lines,
// NumPy's .npy and safetensors.
package vectors

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"strings"

	"github.com/goclip/goclip/native/output"
)

// Row is one embedding, of a picture or of a text, or the reason why there is none.
type Row struct {
	Image     string    `json:"image,omitempty"`
	Text      *string   `json:"text,omitempty"`
	Truncated bool      `json:"truncated,omitempty"` // the text was longer than the context
	Embedding []float32 `json:"embedding,omitempty"`
	Error     string    `json:"error,omitempty"`
}

// Writer takes rows of equal width. Finish completes the file; without it Abort leaves nothing behind.
type Writer interface {
	Add(Row) error
	// Flush hands over what was added, if the format lets readers see it before the end.
	Flush() error
	Finish() error
	Abort()
}

// Formats are the names of the formats, the usual one first.
var Formats = []string{"jsonl", "npy", "safetensors"}

// FormatOf tells the format from a file's name; it is empty for names that say nothing.
func FormatOf(name string) string {
	for _, format := range Formats {
		if strings.HasSuffix(strings.ToLower(name), "."+format) {
			return format
		}
	}
	return ""
}

// Create begins a file of a format; an empty target is standard output. Rows with errors are kept by jsonl and left out
// by the others.
func Create(format, target string, width int, stdout io.Writer) (Writer, error) {
	if format == "jsonl" {
		return createLines(target, stdout)
	}
	file, err := create(target)
	if err != nil {
		return nil, err
	}
	if target != "" {
		stdout = nil
	}
	switch format {
	case "npy":
		return createNPY(file, stdout, width)
	case "safetensors":
		return createSafetensors(file, stdout, target, width)
	}
	file.Abort()
	return nil, fmt.Errorf("vectors: there is no format %q: want %s", format, strings.Join(Formats, ", "))
}

// create begins the target, or what will be copied to standard output.
func create(target string) (*output.File, error) {
	if target == "" {
		return output.Scratch(os.TempDir())
	}
	return output.Create(target)
}

// deliver gives a file its name or, if stdout is set, its content to that.
func deliver(file *output.File, stdout io.Writer) error {
	if stdout == nil {
		return file.Commit()
	}
	defer file.Abort()
	written, err := file.Reopened()
	if err == nil {
		_, err = io.Copy(stdout, written)
	}
	return err
}

// lines writes a JSON object a row.
type lines struct {
	buffer *bufio.Writer
	file   *output.File // nil: standard output
}

func createLines(target string, stdout io.Writer) (Writer, error) {
	w := &lines{}
	if target == "" {
		w.buffer = bufio.NewWriter(stdout)
	} else {
		f, err := output.Create(target)
		if err != nil {
			return nil, err
		}
		w.file, w.buffer = f, f.Writer
	}
	return w, nil
}

func (w *lines) Add(r Row) error { return output.JSONLine(w.buffer, r) }

func (w *lines) Flush() error { return w.buffer.Flush() }

func (w *lines) Finish() error {
	if w.file != nil {
		return w.file.Commit()
	}
	return w.buffer.Flush()
}

func (w *lines) Abort() {
	if w.file != nil {
		w.file.Abort()
	}
}

// matrix writes rows of little-endian float32 values.
type matrix struct {
	file   *output.File
	width  int
	rows   int
	buffer []byte
}

func (m *matrix) Add(r Row) error {
	if r.Error != "" {
		return nil
	}
	if len(r.Embedding) != m.width {
		panic(fmt.Sprintf("BUG: vectors: a row of %d values in a file of width %d", len(r.Embedding), m.width))
	}
	m.rows++
	m.buffer = m.buffer[:0]
	for _, v := range r.Embedding {
		m.buffer = binary.LittleEndian.AppendUint32(m.buffer, math.Float32bits(v))
	}
	_, err := m.file.Write(m.buffer)
	return err
}

func (m *matrix) Flush() error { return nil }

func (m *matrix) Abort() { m.file.Abort() }
