package vectors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func row(text string, values ...float32) Row { return Row{Text: &text, Embedding: values} }

// written gives what a format makes of rows, in a file and on standard output, which must be the same.
func written(t *testing.T, format string, rows ...Row) []byte {
	t.Helper()
	folder := t.TempDir()
	target := filepath.Join(folder, "out")
	var stdout bytes.Buffer
	for _, name := range []string{target, ""} {
		w, err := Create(format, name, 2, &stdout)
		require.NoError(t, err)
		for _, r := range rows {
			require.NoError(t, w.Add(r))
			require.NoError(t, w.Flush())
		}
		require.NoError(t, w.Finish())
		w.Abort()
	}
	data, err := os.ReadFile(target)
	require.NoError(t, err)
	require.Equal(t, string(data), stdout.String())
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	return data
}

var failed = Row{Image: "b.png", Error: "broken"}

func TestLines(t *testing.T) {
	got := string(written(t, "jsonl", row("a", 1, 0.1), failed))
	require.Equal(t, `{"text":"a","embedding":[1,0.1]}`+"\n"+`{"image":"b.png","error":"broken"}`+"\n", got)
}

func TestNPY(t *testing.T) {
	got := written(t, "npy", row("a", 1, 2), failed, row("b", 3, -4))
	require.Len(t, got, npyRoom+16)
	header := "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }"
	require.Equal(t, "\x93NUMPY\x01\x00\x76\x00"+header+strings.Repeat(" ", 118-len(header)-1)+"\n", string(got[:npyRoom]))
	var values [4]float32
	require.NoError(t, binary.Read(bytes.NewReader(got[npyRoom:]), binary.LittleEndian, &values))
	require.Equal(t, [4]float32{1, 2, 3, -4}, values)
	require.Len(t, written(t, "npy"), npyRoom, "no rows are a file of none")
}

// The header keeps its length whatever number of rows it gets, and is aligned.
func TestNPYHeader(t *testing.T) {
	for _, shape := range [][]int{{0, 1}, {1 << 40, 1 << 20}, {3, 224, 224}, {7}} {
		require.Zero(t, len(npyHeader(shape, 64))%64)
		require.Len(t, npyHeader(shape, npyRoom), npyRoom)
	}
	require.Contains(t, string(npyHeader([]int{7}, 64)), "(7,)")
}

func TestSafetensors(t *testing.T) {
	got := written(t, "safetensors", row("a", 1, 2), failed, Row{Image: "c.png", Embedding: []float32{3, -4}})
	length := binary.LittleEndian.Uint64(got)
	require.Zero(t, length%8)
	var header struct {
		Metadata   map[string]string `json:"__metadata__"`
		Embeddings struct {
			DType   string `json:"dtype"`
			Shape   []int  `json:"shape"`
			Offsets []int  `json:"data_offsets"`
		} `json:"embeddings"`
	}
	require.NoError(t, json.Unmarshal(got[8:8+length], &header))
	require.Equal(t, "F32", header.Embeddings.DType)
	require.Equal(t, []int{2, 2}, header.Embeddings.Shape)
	require.Equal(t, []int{0, 16}, header.Embeddings.Offsets)
	require.JSONEq(t, `[{"text":"a"},{"image":"c.png"}]`, header.Metadata["inputs"])
	require.Len(t, got, int(8+length)+16)
	require.JSONEq(t, `[]`, func() string {
		empty := written(t, "safetensors")
		var header struct {
			Metadata map[string]string `json:"__metadata__"`
		}
		require.NoError(t, json.Unmarshal(empty[8:], &header))
		return header.Metadata["inputs"]
	}())
}

func TestFormatOf(t *testing.T) {
	for name, want := range map[string]string{"a.npy": "npy", "A.NPY": "npy", "x.safetensors": "safetensors", "x.jsonl": "jsonl", "x.bin": "", "npy": ""} {
		require.Equal(t, want, FormatOf(name), name)
	}
}

func TestUnknownFormat(t *testing.T) {
	_, err := Create("csv", filepath.Join(t.TempDir(), "x"), 2, nil)
	require.ErrorContains(t, err, `"csv"`)
}
