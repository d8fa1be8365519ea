package checkpoint

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestNotWeights(t *testing.T) {
	for name, c := range map[string]struct{ says, data string }{
		"Git LFS pointer":   {"is a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 605157884\n"},
		"web page":          {"is a web page", "\n<!DOCTYPE html><html><body>Sign in</body></html>"},
		"web page, plain":   {"is a web page", "<HTML><head>"},
		"storage's error":   {"is a web page", `<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>`},
		"hub's error":       {"is JSON without a weight_map", `{"error":"Repository not found"}`},
		"text":              {`is text, not weights; it begins "Entry not found"`, "Entry not found"},
		"empty":             {"is empty", ""},
		"three bytes":       {"has only 3 bytes", "\x01\x02\x03"},
		"old GGUF":          {"is GGUF of version 1", "GGUF\x01\x00\x00\x00\x00\x00"},
		"GGUF cut short":    {"GGUF header: ends within it", "GGUF\x03\x00\x00\x00\x00\x00"},
		"NumPy":             {"is one NumPy array", "\x93NUMPY\x01\x00"},
		"HDF5":              {"is HDF5", "\x89HDF\r\n\x1a\n"},
		"pickle":            {"that torch.save did not write", "\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00}\x94."},
		"picture":           {"it begins with the bytes 89 50 4e 47", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"},
		"zeros":             {"it begins with the bytes 00 00", strings.Repeat("\x00", 100)},
		"index of nothing":  {"is JSON without a weight_map", "{}"},
		"JSON cut short":    {"ends where", `{"weight_map":{"a":"b"`},
		"index's map twice": {"comes twice", `{"weight_map":{},"weight_map":{}}`},
	} {
		t.Run(name, func(t *testing.T) { refuses(t, []byte(c.data), c.says) })
	}
}

func TestNoFile(t *testing.T) {
	_, err := Open(os.DirFS("testdata"), "nothing.safetensors")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "checkpoint: open nothing.safetensors")
	_, err = Open(os.DirFS("."), "testdata")
	require.ErrorContains(t, err, "checkpoint: testdata: is a folder")
	_, err = Open(fstest.MapFS{"f": {Mode: fs.ModeDevice}}, "f")
	require.ErrorContains(t, err, "not a regular file")
}

func TestHostileArchives(t *testing.T) {
	pickle := proto(dictOf(text("w"), floats4()))
	data := member{name: "archive/data/0", body: strings.Repeat("\x00", 16)}
	main := member{name: "archive/data.pkl", body: pickle}
	npy := member{name: "params/img/w.npy"}
	for _, c := range []struct {
		name, says string
		members    []member
	}{
		{"nothing inside", "no data.pkl", nil},
		{"no data.pkl", "none of torch.save, torch.jit.save and numpy.savez wrote: it has no data.pkl", []member{data}},
		{"NumPy array within", "has params/img/w.npy beside the folder archive", []member{main, npy}},
		{"two roots", "has other/data.pkl beside the folder archive", []member{main, data, {name: "other/data.pkl", body: pickle}}},
		{"no root", "beside the folder", []member{{name: "data.pkl", body: pickle}}},
		{"nameless root", "beside the folder", []member{{name: "/data.pkl", body: pickle}}},
		{"member twice", "member archive/data/0 twice", []member{main, data, data}},
		{"pickle twice", "member archive/data.pkl twice", []member{main, main, data}},
		{"compressed pickle", "archive/data.pkl is compressed", []member{{name: main.name, body: pickle, method: zip.Deflate}, data}},
		{"compressed storage", "archive/data/0 is compressed", []member{main, {name: data.name, body: data.body, method: zip.Deflate}}},
		{"no storage", "no member archive/data/0", []member{main}},
		{"short storage", "has 15 bytes; its storage needs 4 elements of F32", []member{main, {name: data.name, body: data.body[1:]}}},
		{"big-endian", `byte order "big"`, []member{main, data, {name: "archive/byteorder", body: "big"}}},
		{"byte order too long", "at most 16", []member{main, data, {name: "archive/byteorder", body: strings.Repeat("l", 17)}}},
	} {
		t.Run(c.name, func(t *testing.T) { refuses(t, zipped(t, c.members...), c.says) })
	}
}

// patch changes a number in the directory entry of a member, at an offset of the zip format's "central file header".
func patch(archive []byte, name string, offset int, value uint32) []byte {
	archive = bytes.Clone(archive)
	at := bytes.LastIndex(archive, []byte(name)) - 46
	binary.LittleEndian.PutUint32(archive[at+offset:], value)
	return archive
}

// TestLyingDirectory: sizes and places in a zip directory that are not true.
func TestLyingDirectory(t *testing.T) {
	const method, compressed, uncompressed, place = 10, 20, 24, 42
	good := torchFile(t, proto(dictOf(text("w"), floats4())))
	refuses(t, patch(good, "archive/data.pkl", uncompressed, 1<<31), "is compressed")
	lie := patch(patch(good, "archive/data.pkl", uncompressed, 1<<31), "archive/data.pkl", compressed, 1<<31)
	refuses(t, lie, "is said to have 2147483648 bytes")
	refuses(t, patch(good, "archive/data.pkl", place, 1<<31), "EOF")
	refuses(t, patch(good, "archive/data.pkl", place, 7), "not a valid zip file")
	long := uint32(len(good) - 30)
	refuses(t, patch(patch(good, "archive/data.pkl", uncompressed, long), "archive/data.pkl", compressed, long), "not inside the file")

	refuses(t, patch(good, "archive/data/0", method, uint32(zip.Deflate)), "archive/data/0 is compressed")

	// Where a storage lies is looked at when a tensor is read.
	c := openBytes(t, patch(good, "archive/data/0", place, 7))
	_, err := c.Floats("w", nil)
	require.ErrorContains(t, err, `checkpoint: f: tensor "w": archive member "archive/data/0": zip: not a valid zip file`)
	c = openBytes(t, patch(patch(good, "archive/data/0", uncompressed, long), "archive/data/0", compressed, long))
	_, err = c.Floats("w", nil)
	require.ErrorContains(t, err, "not inside the file")
}

// TestLargeDirectory: archive/zip would hold a gigabyte for a file that is all directory.
func TestLargeDirectory(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a file of 110 MB")
	}
	entry := append([]byte("PK\x01\x02"), make([]byte, 42)...)
	file := append([]byte("PK\x03\x04"), make([]byte, 26)...)
	entries := bytes.Repeat(entry, 110<<20/len(entry))
	end := append([]byte("PK\x05\x06"), make([]byte, 18)...)
	binary.LittleEndian.PutUint32(end[12:], uint32(len(entries)))
	binary.LittleEndian.PutUint32(end[16:], uint32(len(file)))
	refuses(t, append(append(file, entries...), end...), "a directory of more than 32 MiB")
}

func TestHostileIndex(t *testing.T) {
	good := safetensors("{"+entryJSON("w", "U8", "[1]", 0, 1)+"}", 1)
	open := func(index string) error {
		c, err := Open(fstest.MapFS{"m/index.json": {Data: []byte(index)}, "m/a": {Data: good}, "b": {Data: good}, "m/self": {Data: []byte(index)},
			"m/torch": {Data: torchFile(t, proto(dictOf(text("t"), floats4())))}}, "m/index.json")
		if err == nil {
			c.Close()
		}
		return err
	}
	require.NoError(t, open(`{"metadata":{"total_size":1},"weight_map":{"w":"a"}}`))
	for name, c := range map[string]struct{ says, index string }{
		"folder above":        {`names the shard "../b"`, `{"weight_map":{"w":"../b"}}`},
		"absolute":            {`names the shard "/etc/passwd"`, `{"weight_map":{"w":"/etc/passwd"}}`},
		"backslash":           {`names the shard "..\\b"`, `{"weight_map":{"w":"..\\b"}}`},
		"drive":               {`names the shard "c:b"`, `{"weight_map":{"w":"c:b"}}`},
		"dots":                {`names the shard ".."`, `{"weight_map":{"w":".."}}`},
		"no name":             {`names the shard ""`, `{"weight_map":{"w":""}}`},
		"number":              {"is due", `{"weight_map":{"w":1}}`},
		"not there":           {"open m/c: file does not exist", `{"weight_map":{"w":"c"}}`},
		"itself":              {"shard self: is an index of shards where", `{"weight_map":{"w":"self"}}`},
		"other tensors":       {`shard a: has not the tensors ["v"] (1 of 2) of the index`, `{"weight_map":{"v":"a","w":"a"}}`},
		"tensor twice":        {`the key "w" comes twice`, `{"weight_map":{"w":"a","w":"a"}}`},
		"shards of two kinds": {"shard torch: is pytorch, the shards before it are safetensors", `{"weight_map":{"w":"a","t":"torch"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			err := open(c.index)
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, "checkpoint: m/index.json: ")
		})
	}
}

// TestShrinkingFile: a mapped file that is cut short after it was opened is an error, not the end of the program.
func TestShrinkingFile(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "js" {
		t.Skip("an open file cannot be cut short here")
	}
	path := filepath.Join(t.TempDir(), "f")
	const size = 1 << 20
	require.NoError(t, os.WriteFile(path, safetensors("{"+entryJSON("w", "U8", sprint("[%d]", size), 0, size)+"}", size), 0o600))
	c, err := Open(os.DirFS(filepath.Dir(path)), "f")
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Floats("w", nil)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(path, 5000))
	_, err = c.Floats("w", nil)
	require.ErrorContains(t, err, `checkpoint: f: tensor "w": `)
}

// TestTogether reads from several goroutines while another closes the checkpoint.
func TestTogether(t *testing.T) {
	c, err := Open(os.DirFS("testdata"), "zip.pt")
	require.NoError(t, err)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			var dst []float32
			for range 100 {
				for _, info := range c.Tensors() {
					if got, err := c.Floats(info.Name, dst); err == nil {
						dst = got
					} else if !strings.Contains(err.Error(), fs.ErrClosed.Error()) {
						t.Error(err)
					}
				}
			}
		})
	}
	require.NoError(t, c.Close())
	group.Wait()
}

// TestScattered: elements of a file that is not mapped are read in one piece only if they lie reasonably close.
func TestScattered(t *testing.T) {
	pickle := proto(dictOf(text("w"), tensorOf(storageOf("FloatStorage", "0", 1<<22), 0, []int64{2}, []int64{1<<22 - 1})))
	members := []member{{name: "archive/data.pkl", body: pickle}, {name: "archive/data/0", body: strings.Repeat("\x00\x00\x80\x3f", 1<<22)}}
	_, err := openBytes(t, zipped(t, members...)).Floats("w", nil)
	require.ErrorContains(t, err, "its 8 bytes are scattered over 16777216")
}

func TestRename(t *testing.T) {
	var file bytes.Buffer
	require.NoError(t, WriteSafetensors(&file, []Tensor{{Name: "b", Shape: []int{1}, Floats: []float32{2}}, {Name: "c", Shape: []int{1}, Floats: []float32{3}}}))
	c, err := Open(fstest.MapFS{"model.safetensors": {Data: file.Bytes()}}, "model.safetensors")
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.Rename(func(name string) string { return map[string]string{"b": "z", "c": "a"}[name] }))
	require.Equal(t, "a", c.Tensors()[0].Name)
	values, err := c.Floats("z", nil)
	require.NoError(t, err)
	require.Equal(t, []float32{2}, values)
	_, ok := c.Lookup("b")
	require.False(t, ok)
	require.ErrorContains(t, c.Rename(func(string) string { return "same" }), `"same" is there twice`)
}
