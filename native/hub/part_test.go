package hub

import (
	"bytes"
	"context"
	"encoding/binary"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/core/checkpoint"
	"github.com/goclip/goclip/native/hub/hubtest"
)

// twoTowers is a checkpoint whose tensors alternate.
func twoTowers(t *testing.T) []byte {
	t.Helper()
	var tensors []checkpoint.Tensor
	for i, name := range []string{"visual.a", "text.a", "visual.b", "visual.c", "text.b"} {
		values := make([]float32, 100_000*(i+1))
		for j := range values {
			values[j] = float32(i*1000 + j%77)
		}
		tensors = append(tensors, checkpoint.Tensor{Name: name, Shape: []int{len(values)}, Floats: values})
	}
	var b bytes.Buffer
	require.NoError(t, checkpoint.WriteSafetensors(&b, tensors))
	return b.Bytes()
}

func ofText(name string) bool { return strings.HasPrefix(name, "text.") }

func fetchPart(ctx context.Context, t *testing.T, c *Client, target string) (size, told int64, err error) {
	t.Helper()
	r, err := c.Repository(ctx, model, "")
	require.NoError(t, err)
	for _, f := range r.Files {
		if f.Path == "model.safetensors" {
			err = c.FetchPart(ctx, r, f, ofText, target, func(n int64) Progress {
				size = n
				return func(n int64) { told += n }
			})
		}
	}
	return size, told, err
}

func requirePart(t *testing.T, target string, whole []byte) {
	t.Helper()
	data, err := os.ReadFile(target)
	require.NoError(t, err)
	want, err := checkpoint.Open(fstest.MapFS{"x.safetensors": {Data: whole}}, "x.safetensors")
	require.NoError(t, err)
	got, err := checkpoint.Open(fstest.MapFS{"x.safetensors": {Data: data}}, "x.safetensors")
	require.NoError(t, err)
	require.Len(t, got.Tensors(), 2)
	for _, name := range []string{"text.a", "text.b"} {
		a, err := want.Floats(name, nil)
		require.NoError(t, err)
		b, err := got.Floats(name, nil)
		require.NoError(t, err)
		require.Equal(t, a, b, name)
	}
}

func TestPart(t *testing.T) {
	whole := twoTowers(t)
	h := hubtest.New(t, model, map[string][]byte{"config.json": []byte("{}"), "model.safetensors": whole})
	c := newClient(t, h)
	target := filepath.Join(t.TempDir(), "part", "model.safetensors")
	size, told, err := fetchPart(t.Context(), t, c, target)
	require.NoError(t, err)
	requirePart(t, target, whole)
	require.Equal(t, size, told)
	info, err := os.Stat(target)
	require.NoError(t, err)
	require.Equal(t, size, info.Size())
	require.Less(t, size, int64(len(whole))/2)

	before := len(h.Requests())
	_, told, err = fetchPart(t.Context(), t, c, target)
	require.NoError(t, err)
	require.Equal(t, size, told)
	require.LessOrEqual(t, len(h.Requests()), before+5, "only the listing and the header")
}

// A part goes on where it was cut off, in the middle of a tensor.
func TestPartResumes(t *testing.T) {
	whole := twoTowers(t)
	h := hubtest.New(t, model, map[string][]byte{"config.json": []byte("{}"), "model.safetensors": whole})
	c := newClient(t, h)
	target := filepath.Join(t.TempDir(), "model.safetensors")
	_, _, err := fetchPart(t.Context(), t, c, target)
	require.NoError(t, err)
	data, err := os.ReadFile(target)
	require.NoError(t, err)
	require.NoError(t, os.Remove(target))
	for _, beginning := range [][]byte{data[:len(data)-12_345], data[:900_000], data[:100], data[:5], nil, []byte("another file altogether, and a longer one than the header is by far ........................................................................................................................................")} {
		require.NoError(t, os.WriteFile(target+".incomplete", beginning, 0o644))
		_, _, err = fetchPart(t.Context(), t, c, target)
		require.NoError(t, err)
		requirePart(t, target, whole)
		require.NoError(t, os.Remove(target))
	}
	h.Answer = func(w http.ResponseWriter, r *http.Request) bool {
		if onStorage(h, r) {
			w.Write(whole) // no parts
			return true
		}
		return false
	}
	_, _, err = fetchPart(t.Context(), t, c, target)
	require.ErrorContains(t, err, "pull without --only")
}

// What is there of another commit, whole or begun, passes for nothing of this one.
func TestPartsKnowTheirCommit(t *testing.T) {
	whole := twoTowers(t)
	changed := bytes.Clone(whole)
	for i := 4000; i < len(changed); i++ {
		changed[i] ^= 1
	}
	h := hubtest.New(t, model, map[string][]byte{"config.json": []byte("{}"), "model.safetensors": whole})
	c := newClient(t, h)
	target := filepath.Join(t.TempDir(), "part", "model.safetensors")
	_, _, err := fetchPart(t.Context(), t, c, target)
	require.NoError(t, err)
	before, err := os.ReadFile(target)
	require.NoError(t, err)

	h.Files["model.safetensors"] = changed
	_, _, err = fetchPart(t.Context(), t, c, target)
	require.NoError(t, err)
	requirePart(t, target, changed)

	require.NoError(t, os.Remove(target))
	require.NoError(t, os.WriteFile(target+".incomplete", before[:len(before)/2], 0o644))
	_, _, err = fetchPart(t.Context(), t, c, target)
	require.NoError(t, err)
	requirePart(t, target, changed)
}

func TestHostileHeaders(t *testing.T) {
	for want, header := range map[string]string{
		"bytes 0 to 99 of 10": `{"text.a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 99]}}`,
		"bytes -1 to 4":       `{"text.a": {"dtype": "F32", "shape": [1], "data_offsets": [-1, 4]}}`,
		"overlaps":            `{"text.a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "text.b": {"dtype": "F32", "shape": [1], "data_offsets": [2, 6]}}`,
		"no tensors":          `{"visual.a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}`,
		"header":              `[1, 2]`,
		`tensor "text.a"`:     `{"text.a": 7}`,
	} {
		_, err := selectTensors([]byte(header), 10, ofText, nil)
		require.ErrorContains(t, err, want)
	}
	h := hubtest.New(t, model, map[string][]byte{"model.safetensors": binary.LittleEndian.AppendUint64(nil, 1<<60)})
	_, _, err := fetchPart(t.Context(), t, newClient(t, h), filepath.Join(t.TempDir(), "x"))
	require.ErrorContains(t, err, "its header is said to have")
}

func FuzzSelectTensors(f *testing.F) {
	f.Add([]byte(`{"text.a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "__metadata__": {"format": "pt"}}`), int64(4))
	f.Fuzz(func(t *testing.T, header []byte, data int64) {
		p, err := selectTensors(header, data, ofText, nil)
		if err == nil && p.size() > int64(len(p.header))+max(0, data) {
			t.Fatal("larger than the file")
		}
	})
}
