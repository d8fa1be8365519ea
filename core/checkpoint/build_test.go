package checkpoint

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// memory is a folder in memory whose files implement io.ReaderAt.
func memory(name string, data []byte) fs.FS { return fstest.MapFS{name: {Data: data}} }

// sequential hides io.ReaderAt, as the files of a compressed archive do.
type sequential struct{ fs.FS }

func (s sequential) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	return struct{ fs.File }{f}, err
}

// openBytes opens a checkpoint in memory that the test closes.
func openBytes(t testing.TB, data []byte) *Checkpoint {
	t.Helper()
	c, err := Open(memory("f", data), "f")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// refuses opens a file that has to be refused, and measures that it took little memory to see it.
func refuses(t *testing.T, data []byte, parts ...string) {
	t.Helper()
	before, after := new(runtime.MemStats), new(runtime.MemStats)
	fsys := memory("f", data)
	runtime.ReadMemStats(before)
	c, err := Open(fsys, "f")
	runtime.ReadMemStats(after)
	if err == nil {
		c.Close()
	}
	require.Error(t, err)
	require.LessOrEqual(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<30), "bytes allocated in all, freed ones too")
	require.LessOrEqual(t, len(err.Error()), 2000)
	for _, part := range append(parts, "checkpoint: f: ") {
		require.ErrorContains(t, err, part)
	}
}

// safetensors puts a header before data.
func safetensors(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

// member is a file of a zip archive; a nil body of a name that ends in "/" is a folder.
type member struct {
	name, body string
	method     uint16
}

// zipped makes an archive of stored members.
func zipped(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		f, err := w.CreateHeader(&zip.FileHeader{Name: m.name, Method: m.method})
		require.NoError(t, err)
		_, err = io.WriteString(f, m.body)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

// torchFile makes a torch.save archive of a pickle and a storage "0" of 16 bytes: 1.5, -2, 0, 4 as float32.
func torchFile(t testing.TB, pickle string) []byte {
	t.Helper()
	storage := "\x00\x00\xc0\x3f\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x80\x40"
	return zipped(t, member{name: "archive/data.pkl", body: pickle}, member{name: "archive/data/0", body: storage})
}

// The pieces of a pickle.
const stop = "."

func proto(parts ...string) string { return "\x80\x02" + strings.Join(parts, "") + stop }

func text(s string) string {
	return "X" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
}

// number is LONG1 with eight bytes.
func number(v int64) string {
	return "\x8a\x08" + string(binary.LittleEndian.AppendUint64(nil, uint64(v)))
}

func group(parts ...string) string { return "(" + strings.Join(parts, "") + "t" }

func numbers(values ...int64) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = number(v)
	}
	return group(parts...)
}

func globalName(from, name string) string { return "c" + from + "\n" + name + "\n" }

// storageOf is a reference to the storage under a key.
func storageOf(class, key string, elements int64) string {
	return group(text("storage"), globalName("torch", class), text(key), text("cpu"), number(elements)) + "Q"
}

// tensorOf is a tensor of a storage.
func tensorOf(storage string, offset int64, size, strides []int64) string {
	return globalName("torch._utils", "_rebuild_tensor_v2") +
		group(storage, number(offset), numbers(size...), numbers(strides...), "\x89", globalName("collections", "OrderedDict")+")R") + "R"
}

// floats4 is the tensor of all four elements of torchFile's storage.
func floats4() string { return tensorOf(storageOf("FloatStorage", "0", 4), 0, []int64{4}, []int64{1}) }

func dictOf(keyValues ...string) string { return "}(" + strings.Join(keyValues, "") + "u" }

// moduleOf is a TorchScript module with these attributes.
func moduleOf(name string, keyValues ...string) string {
	return globalName("__torch__", name) + ")\x81" + dictOf(keyValues...) + "b"
}

func TestBuiltFilesAreRead(t *testing.T) {
	c := openBytes(t, torchFile(t, proto(dictOf(text("w"), floats4()))))
	v, err := c.Floats("w", nil)
	require.NoError(t, err)
	require.Equal(t, []float32{1.5, -2, 0, 4}, v)
	require.Equal(t, FormatPyTorch, c.Format())
	require.Empty(t, c.Metadata())
}

func repeat(s string, times int) string { return strings.Repeat(s, times) }

func sprint(format string, a ...any) string { return fmt.Sprintf(format, a...) }
