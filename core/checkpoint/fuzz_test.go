package checkpoint

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// readAll opens a file and, if that succeeds, reads every tensor: nothing may panic, and sizes must agree. It returns
// what was read without an error.
func readAll(t *testing.T, data []byte) []Tensor {
	c, err := Open(memory("f", data), "f")
	if err != nil {
		require.True(t, strings.HasPrefix(err.Error(), "checkpoint: f: "), err)
		return nil
	}
	defer c.Close()
	var list []Tensor
	elements := 0
	for _, info := range c.Tensors() {
		if elements += info.Elements(); elements > 1<<24 {
			break // many names for the same elements are allowed, and take only time
		}
		v, err := c.Floats(info.Name, nil)
		if err != nil {
			require.Nil(t, v)
			continue
		}
		require.Len(t, v, info.Elements())
		list = append(list, Tensor{Name: info.Name, Shape: info.Shape, Floats: v})
		if info.DType.Integer() {
			if v, err := c.Ints(info.Name); err == nil {
				require.Len(t, v, info.Elements())
			}
		}
	}
	return list
}

// FuzzSafetensors fuzzes header and data. What can be read is written again and read back.
func FuzzSafetensors(f *testing.F) {
	for _, name := range []string{"kinds.safetensors", "written.safetensors"} {
		data, err := os.ReadFile("testdata/" + name)
		require.NoError(f, err)
		length := 8 + binary.LittleEndian.Uint64(data)
		f.Add(data[8:length], data[length:])
	}
	f.Add([]byte(`{"a":{"dtype":"F4","shape":[0,7],"data_offsets":[0,1],"x":[{"y":[-1.5e3,null,true]}]}}`), []byte{1})
	f.Add([]byte(`{"__metadata__":{"\u00e9\ud83d\ude00":"\n"},"module.a":{"dtype":"BOOL","shape":[],"data_offsets":[0,1]}}`), []byte{2})
	f.Fuzz(func(t *testing.T, header, data []byte) {
		read := readAll(t, append(safetensors(string(header), 0), data...))
		if read == nil {
			return
		}
		var again bytes.Buffer
		require.NoError(t, WriteSafetensors(&again, read))
		require.Len(t, readAll(t, again.Bytes()), len(read))
	})
}

// FuzzUnpickle fuzzes the pickle of a torch.save archive.
func FuzzUnpickle(f *testing.F) {
	for _, name := range []string{"zip.pt", "protocol4.pt", "training.pt", "untyped.pt", "script.pt", "refused.pt"} {
		z, err := zip.OpenReader("testdata/" + name)
		require.NoError(f, err)
		for _, m := range z.File {
			if strings.HasSuffix(m.Name, "/data.pkl") {
				r, err := m.Open()
				require.NoError(f, err)
				pickle, err := io.ReadAll(r)
				require.NoError(f, err)
				f.Add(pickle)
			}
		}
		require.NoError(f, z.Close())
	}
	f.Add([]byte(proto(dictOf(text("w"), tensorOf(storageOf("FloatStorage", "0", 4), 0, []int64{2, 2}, []int64{1, 2})))))
	f.Add([]byte(proto(moduleOf("M", text("m"), moduleOf("N", text("w"), floats4())))))
	f.Add([]byte(proto(globalName("os", "system"), text("true"), "\x85R")))
	f.Fuzz(func(t *testing.T, pickle []byte) { readAll(t, torchFile(t, string(pickle))) })
}

// FuzzOpen fuzzes whole files of every format.
func FuzzOpen(f *testing.F) {
	for name := range writtenByPyTorch {
		data, err := os.ReadFile("testdata/" + name)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Add([]byte(`{"metadata":{"total_size":1},"weight_map":{"w":"f","v":"g"}}`))
	f.Add([]byte("version https://git-lfs.github.com/spec/v1\n"))
	f.Fuzz(func(t *testing.T, data []byte) { readAll(t, data) })
}
