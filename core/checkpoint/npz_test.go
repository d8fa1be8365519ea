package checkpoint

import (
	"archive/zip"
	"encoding/binary"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNumPyArchives(t *testing.T) {
	for _, name := range []string{"stored.npz", "deflated.npz"} {
		c, err := Open(os.DirFS("testdata"), name)
		require.NoError(t, err)
		defer c.Close()
		require.Equal(t, FormatNumPy, c.Format())
		info, ok := c.Lookup("params/img/embedding/kernel")
		require.True(t, ok)
		require.Equal(t, []int{2, 3, 4}, info.Shape)
		v, err := c.Floats(info.Name, nil)
		require.NoError(t, err)
		for i := range v {
			require.Equal(t, float32(i)/8-1, v[i])
		}
		info, ok = c.Lookup("params/t")
		require.True(t, ok)
		require.Empty(t, info.Shape)
		floats := func(name string) []float32 {
			v, err := c.Floats(name, nil)
			require.NoError(t, err)
			return v
		}
		require.Equal(t, []float32{2.5}, floats("params/t"))
		require.Equal(t, []float32{-3, -2, -1, 0, 1, 2, 3}, floats("half"))
		require.Equal(t, []float32{1, -2.5}, floats("bfloat16"))
		steps, err := c.Ints("steps")
		require.NoError(t, err)
		require.Equal(t, []int64{1, -2, 1 << 40}, steps)
		for _, v := range floats("compressible") {
			require.Equal(t, float32(0.25), v)
		}
		if name == "stored.npz" {
			require.Equal(t, []float32{0, 1, 2, 3, 4, 5}, floats("fortran"), "row-major")
		}
	}
}

// npyOf is an array of four float32 zeros with another header.
func npyOf(header string, data int) string {
	text := "\x93NUMPY\x01\x00" + string(binary.LittleEndian.AppendUint16(nil, uint16(len(header)))) + header
	return text + strings.Repeat("\x00", data)
}

const four = "{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }\n"

func TestHostileNumPyArchives(t *testing.T) {
	header := func(old, replacement string) string { return strings.Replace(four, old, replacement, 1) }
	for name, c := range map[string]struct{ says, body string }{
		"empty":       {"too short for an array", ""},
		"no array":    {"no NumPy array", "PK12345678901234"},
		"version":     {"no NumPy array", "\x93NUMPY\x09\x00\x00\x00"},
		"header":      {"cut short", "\x93NUMPY\x01\x00\xff\xff{"},
		"long header": {"header of 4294967295 bytes", "\x93NUMPY\x02\x00\xff\xff\xff\xff{"},
		"code":        {"not what NumPy writes", npyOf("__import__('os')", 16)},
		"short":       {"does not fill", npyOf(four, 15)},
		"long":        {"does not fill", npyOf(four, 17)},
		"overflow":    {"overflows", npyOf(header("(4,)", "(999999999999, 999999999999)"), 16)},
		"dimensions":  {"is not possible", npyOf(header("(4,)", "("+strings.Repeat("1, ", 65)+")"), 4)},
	} {
		t.Run(name, func(t *testing.T) { refuses(t, zipped(t, member{name: "w.npy", body: c.body}), `tensor "w"`, c.says) })
	}
	w := member{name: "w.npy", body: npyOf(four, 16)}
	refuses(t, zipped(t, w, w), `"w" is there twice`)
	bomb := zipped(t, member{name: "w.npy", body: npyOf(header("(4,)", "(4000000,)"), 16000000), method: zip.Deflate})
	refuses(t, bomb, "more than weights ever do")
	fortran := npyOf("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }\n", 16)
	refuses(t, zipped(t, member{name: "w.npy", body: fortran, method: zip.Deflate}), "Fortran's order and is compressed")
	c := openBytes(t, zipped(t, member{name: "w.npy", body: npyOf(header("<f4", "|O"), 16)}))
	_, err := c.Floats("w", nil)
	require.ErrorContains(t, err, `elements of type "|O" cannot be read`)

	// A member whose bytes are not those that were packed.
	packed := zipped(t, member{name: "w.npy", body: npyOf(four, 16), method: zip.Deflate})
	sum := patch(packed, "w.npy", 16, 7)
	if c, err := Open(memory("f", sum), "f"); err == nil {
		_, err = c.Floats("w", nil)
		require.ErrorContains(t, err, "checksum")
		require.NoError(t, c.Close())
	}
}

// FuzzNumPy fuzzes the member of an archive, stored and compressed.
func FuzzNumPy(f *testing.F) {
	f.Add(npyOf(four, 16), false)
	f.Add(npyOf("{'descr': '<f2', 'fortran_order': True, 'shape': (2, 4), }\n", 16), false)
	f.Add(npyOf("{'descr': '|V2', 'fortran_order': False, 'shape': (), }\n", 2), true)
	f.Fuzz(func(t *testing.T, body string, deflated bool) {
		m := member{name: "w.npy", body: body}
		if deflated {
			m.method = zip.Deflate
		}
		readAll(t, zipped(t, m))
	})
}
