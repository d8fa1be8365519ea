package checkpoint

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What ggml's own package wrote, and what it reads back, to the bit.
func TestGGUFTypes(t *testing.T) {
	c, err := Open(os.DirFS("testdata"), "types.gguf")
	require.NoError(t, err)
	defer c.Close()
	require.Equal(t, FormatGGUF, c.Format())
	metadata := c.Metadata()
	require.Equal(t, "true", metadata["clip.use_gelu"])
	require.Equal(t, "224", metadata["clip.vision.image_size"])
	require.Equal(t, "1e-05", metadata["clip.vision.eps"])
	require.Equal(t, "-3", metadata["small"])
	require.Equal(t, []string{"a", "b</w>", "猫"}, c.List("tokens"))
	require.Equal(t, []string{"0.48145467", "0.4578275", "0.40821072"}, c.List("clip.vision.image_mean"))
	require.Nil(t, c.List("small"))
	tested := 0
	for _, info := range c.Tensors() {
		if strings.HasSuffix(info.Name, ".want") {
			continue
		}
		require.Equal(t, []int{2, 96}, info.Shape, info.Name)
		require.Equal(t, DType(info.Name), info.DType)
		got, err := c.Floats(info.Name, nil)
		require.NoError(t, err)
		want, err := c.Floats(info.Name+".want", nil)
		require.NoError(t, err)
		require.Equal(t, want, got, info.Name)
		require.Equal(t, want, inParts(t, c, info.Name), info.Name)
		tested++
	}
	require.Equal(t, 8, tested)
}

// gguf writes a file: keys and tensors are written already.
func gguf(version uint32, tensors, keys uint64, parts ...[]byte) []byte {
	out := binary.LittleEndian.AppendUint32([]byte("GGUF"), version)
	out = binary.LittleEndian.AppendUint64(out, tensors)
	out = binary.LittleEndian.AppendUint64(out, keys)
	return append(out, bytes.Join(parts, nil)...)
}

func ggufText(s string) []byte {
	return append(binary.LittleEndian.AppendUint64(nil, uint64(len(s))), s...)
}

func ggufTensor(name string, kind uint32, offset uint64, dims ...uint64) []byte {
	out := binary.LittleEndian.AppendUint32(ggufText(name), uint32(len(dims)))
	for _, d := range dims {
		out = binary.LittleEndian.AppendUint64(out, d)
	}
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(out, kind), offset)
}

func TestGGUFRefuses(t *testing.T) {
	u32 := func(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }
	u64 := func(v uint64) []byte { return binary.LittleEndian.AppendUint64(nil, v) }
	for says, data := range map[string][]byte{
		"claims 18446744073709551615 tensors":   gguf(3, math.MaxUint64, 0),
		"and 5000 keys":                         gguf(3, 0, 5000),
		"ends within it":                        gguf(3, 1, 0),
		"a text of 2000 bytes":                  gguf(3, 0, 1, u64(2000)),
		"the unknown kind 99":                   gguf(3, 0, 1, ggufText("k"), u32(99)),
		"values of kind 9":                      gguf(3, 0, 1, ggufText("k"), u32(9), u32(9), u64(1)),
		"has 4294967296 values":                 gguf(3, 0, 1, ggufText("k"), u32(9), u32(4), u64(1<<32)),
		"general.alignment is 3":                gguf(3, 0, 1, ggufText("general.alignment"), u32(4), u32(3)),
		"has 100 dimensions":                    gguf(3, 1, 0, ggufTensor("t", 0, 0, make([]uint64, 100)...)),
		"a dimension of 1099511627776":          gguf(3, 1, 0, ggufTensor("t", 0, 0, 1<<40)),
		"overflows":                             gguf(3, 1, 0, ggufTensor("t", 0, 0, 1<<31-1, 1<<31-1, 1<<31-1)),
		"rows of 33 values are no whole blocks": gguf(3, 1, 0, ggufTensor("t", 8, 0, 33)),
		"are not inside the file":               gguf(3, 1, 0, ggufTensor("t", 0, 0, 100), make([]byte, 64)),
		"begins behind the file's end":          gguf(3, 1, 0, ggufTensor("t", 0, 1<<40, 1)),
		"the tensor \"t\" is there twice":       gguf(3, 2, 0, ggufTensor("t", 0, 0, 0), ggufTensor("t", 0, 0, 0), make([]byte, 64)),
	} {
		refuses(t, data, says)
	}
	c, err := Open(memory("f", gguf(3, 1, 0, ggufTensor("t", 12, 0, 256), make([]byte, 64))), "f")
	require.NoError(t, err, "a tensor of an unknown type may be left alone")
	_, err = c.Floats("t", nil)
	require.ErrorContains(t, err, `elements of type "GGML_12" cannot be read`)
}

func FuzzGGUF(f *testing.F) {
	data, err := os.ReadFile("testdata/types.gguf")
	require.NoError(f, err)
	f.Add(data)
	f.Add(gguf(2, 1, 1, ggufText("k"), []byte{7, 0, 0, 0, 1}, ggufTensor("t", 8, 0, 32, 2), make([]byte, 128)))
	f.Fuzz(func(t *testing.T, data []byte) { readAll(t, data) })
}
