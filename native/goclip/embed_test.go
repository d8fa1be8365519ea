package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goclip/goclip/core/checkpoint"
	"github.com/goclip/goclip/native/vectors"
	"github.com/stretchr/testify/require"
)

func TestEmbedLines(t *testing.T) {
	t.Parallel()
	rows := objects[vectors.Row](t, good(t, "embed", "--text", "dog", "--text", "", car, dog))
	require.Len(t, rows, 4)
	require.Equal(t, "dog", *rows[0].Text)
	require.Equal(t, "", *rows[1].Text)
	require.Equal(t, car, rows[2].Image)
	require.Equal(t, dog, rows[3].Image)
	for _, r := range rows {
		require.Len(t, r.Embedding, 192)
		require.InDelta(t, 1, length(r.Embedding), 1e-5)
		require.False(t, r.Truncated)
	}
	require.Equal(t, rows, objects[vectors.Row](t, good(t, "embed", "--json", "--text", "dog", "--text", "", car, dog)))
}

func TestEmbedWithoutNormalizing(t *testing.T) {
	t.Parallel()
	unit := objects[vectors.Row](t, good(t, "embed", "--text", "dog", dog))
	raw := objects[vectors.Row](t, good(t, "embed", "--no-normalize", "--text", "dog", dog))
	for i := range raw {
		l := length(raw[i].Embedding)
		require.Greater(t, math.Abs(l-1), 0.01)
		for j, v := range raw[i].Embedding {
			require.InDelta(t, float64(unit[i].Embedding[j]), float64(v)/l, 1e-5)
		}
	}
}

func TestEmbedTextsFile(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("dog ", 100)
	var texts []string
	for i := range 70 {
		texts = append(texts, fmt.Sprintf("picture %d", i))
	}
	texts[3], texts[5] = "", long
	content := strings.Join(texts, "\n") + "\n"
	file := write(t, t.TempDir(), "texts.txt", content)
	rows := objects[vectors.Row](t, good(t, "embed", "--texts-file", file))
	require.Len(t, rows, len(texts))
	for i, r := range rows {
		require.Equal(t, texts[i], *r.Text)
		require.Equal(t, i == 5, r.Truncated)
	}
	r := runWith(t, strings.NewReader(content), "embed", "--texts-file", "-")
	require.Equal(t, rows, objects[vectors.Row](t, r.stdout))

	npy := filepath.Join(t.TempDir(), "out.npy")
	r = run(t, "embed", "--text", long, "-o", npy)
	require.Equal(t, 0, r.status)
	require.Contains(t, r.stderr, "longer than the model reads")
}

// The formats hold the same numbers.
func TestEmbedFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	lines := filepath.Join(folder, "out.jsonl")
	require.Empty(t, good(t, "embed", "-o", lines, "--text", "a \"dog\"", examples))
	rows := objects[vectors.Row](t, string(read(t, lines)))
	require.Len(t, rows, 1+len(filesIn(t, examples)))

	npy := filepath.Join(folder, "out.npy")
	write(t, folder, "out.npy", "something else")
	require.Empty(t, good(t, "embed", "-o", npy, "--text", "a \"dog\"", examples))
	requireNPY(t, read(t, npy), rows)
	require.Equal(t, string(read(t, npy)), good(t, "embed", "--format", "npy", "--text", "a \"dog\"", examples))

	file := filepath.Join(folder, "out.bin")
	require.Empty(t, good(t, "embed", "--format", "safetensors", "-o", file, "--text", "a \"dog\"", examples))
	requireSafetensors(t, file, rows)
	require.ElementsMatch(t, []string{"out.jsonl", "out.npy", "out.bin"}, filesIn(t, folder))
}

func requireNPY(t *testing.T, data []byte, rows []vectors.Row) {
	t.Helper()
	require.Equal(t, "\x93NUMPY\x01\x00", string(data[:8]))
	end := 10 + int(binary.LittleEndian.Uint16(data[8:]))
	require.Zero(t, end%64)
	header := string(data[10:end])
	require.Regexp(t, regexp.MustCompile(`^\{'descr': '<f4', 'fortran_order': False, 'shape': \(\d+, \d+\), \} *\n$`), header)
	require.Contains(t, header, fmt.Sprintf("(%d, %d)", len(rows), len(rows[0].Embedding)))
	requireFloats(t, data[end:], rows)
}

func requireSafetensors(t *testing.T, path string, rows []vectors.Row) {
	t.Helper()
	c, err := checkpoint.Open(os.DirFS(filepath.Dir(path)), filepath.Base(path))
	require.NoError(t, err)
	defer c.Close()
	info, ok := c.Lookup("embeddings")
	require.True(t, ok)
	require.Equal(t, []int{len(rows), len(rows[0].Embedding)}, info.Shape)
	values, err := c.Floats("embeddings", nil)
	require.NoError(t, err)
	for i, r := range rows {
		require.Equal(t, r.Embedding, values[i*len(r.Embedding):(i+1)*len(r.Embedding)])
	}
	var inputs []vectors.Row
	require.NoError(t, json.Unmarshal([]byte(c.Metadata()["inputs"]), &inputs))
	require.Len(t, inputs, len(rows))
	for i, r := range rows {
		require.Equal(t, r.Image, inputs[i].Image)
		require.Equal(t, r.Text, inputs[i].Text)
	}
}

func requireFloats(t *testing.T, data []byte, rows []vectors.Row) {
	t.Helper()
	require.Len(t, data, 4*len(rows)*len(rows[0].Embedding))
	for i, r := range rows {
		for j, v := range r.Embedding {
			at := 4 * (i*len(r.Embedding) + j)
			require.Equal(t, v, math.Float32frombits(binary.LittleEndian.Uint32(data[at:])))
		}
	}
}

func TestEmbedRefuses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, c := range map[string]struct {
		message   string
		arguments []string
	}{
		"nothing":        {"needs a picture", nil},
		"format":         {"--format", []string{"--format", "csv", dog}},
		"json and npy":   {"exclude each other", []string{"--json", "--format", "npy", dog}},
		"no such folder": {"nofolder", []string{"-o", filepath.Join(folder, "nofolder", "x.npy"), dog}},
		"a folder":       {"is a folder", []string{"-o", folder, dog}},
		"no texts file":  {"nofile.txt", []string{"--texts-file", "nofile.txt"}},
		"stdin for both": {"standard input", []string{"--texts-file", "-", "-"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Empty(t, refused(t, c.message, append([]string{"embed"}, c.arguments...)...).stdout)
		})
	}
	require.Empty(t, filesIn(t, folder))
}

// Without a picture that could be embedded an older file stays.
func TestEmbedWritesNothingWhenAllFails(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	broken := write(t, folder, "broken.png", "no picture")
	old := write(t, folder, "old.npy", "as it was")
	r := run(t, "embed", "-o", old, broken)
	require.Equal(t, 1, r.status)
	require.Equal(t, "as it was", string(read(t, old)))
	require.Len(t, filesIn(t, folder), 2)
}

func length(v []float32) float64 {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}
