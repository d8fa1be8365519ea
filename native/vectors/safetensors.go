package vectors

import (
	"encoding/binary"
	"encoding/json"
	"io"
	"os"
	"path/filepath"

	"github.com/goclip/goclip/native/output"
)

// safetensors is a file with the tensor "embeddings" [rows, width] and, in its metadata, "inputs": a JSON list that says
// for each row which {"image"} or {"text"} it belongs to. The header stands first and is known last, so the rows wait in
// a scratch file; only the names are kept in memory.
type safetensors struct {
	matrix // in the scratch file
	file   *output.File
	stdout io.Writer
	inputs []Row
}

func createSafetensors(file *output.File, stdout io.Writer, target string, width int) (Writer, error) {
	folder := os.TempDir()
	if target != "" {
		folder = filepath.Dir(target)
	}
	scratch, err := output.Scratch(folder)
	if err != nil {
		file.Abort()
		return nil, err
	}
	return &safetensors{matrix: matrix{file: scratch, width: width}, file: file, stdout: stdout}, nil
}

func (w *safetensors) Add(r Row) error {
	if r.Error == "" {
		w.inputs = append(w.inputs, Row{Image: r.Image, Text: r.Text, Truncated: r.Truncated})
	}
	return w.matrix.Add(r)
}

func (w *safetensors) Finish() error {
	defer w.matrix.Abort()
	header, err := w.header()
	if err != nil {
		return err
	}
	if _, err := w.file.Write(header); err != nil {
		return err
	}
	rows, err := w.matrix.file.Reopened()
	if err != nil {
		return err
	}
	if _, err := io.Copy(w.file, rows); err != nil {
		return err
	}
	return deliver(w.file, w.stdout)
}

// header is the length of the JSON text that follows, and that text, padded so that the data is aligned.
func (w *safetensors) header() ([]byte, error) {
	inputs := w.inputs
	if inputs == nil {
		inputs = []Row{}
	}
	names, err := json.Marshal(inputs)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(map[string]any{
		"__metadata__": map[string]string{"inputs": string(names)},
		"embeddings": map[string]any{
			"dtype": "F32", "shape": []int{w.rows, w.width}, "data_offsets": []int{0, 4 * w.rows * w.width},
		},
	})
	if err != nil {
		return nil, err
	}
	for len(text)%8 != 0 {
		text = append(text, ' ')
	}
	return append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...), nil
}

func (w *safetensors) Abort() {
	w.matrix.Abort()
	w.file.Abort()
}
