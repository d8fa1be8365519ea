package checkpoint

import (
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// entryJSON is one tensor of a header.
func entryJSON(name, dtype, shape string, begin, end int) string {
	return sprint(`%q:{"dtype":%q,"shape":%s,"data_offsets":[%d,%d]}`, name, dtype, shape, begin, end)
}

func TestSafetensorsHeaders(t *testing.T) {
	for name, file := range map[string][]byte{
		"no tensors":         safetensors(`{}`, 0),
		"only metadata":      safetensors(`{"__metadata__":{"a":"b"}}`, 0),
		"padded":             safetensors("{}\n \t  ", 0),
		"any order":          safetensors("{"+entryJSON("b", "U8", "[2]", 3, 5)+","+entryJSON("a", "U8", "[3]", 0, 3)+"}", 5),
		"empty tensors":      safetensors("{"+entryJSON("b", "F32", "[0,9223372036854775807]", 3, 3)+","+entryJSON("a", "U8", "[3]", 0, 3)+"}", 3),
		"unaligned":          safetensors("{"+entryJSON("a", "U8", "[1]", 0, 1)+","+entryJSON("b", "F64", "[1]", 1, 9)+"}", 9),
		"unknown type":       safetensors("{"+entryJSON("a", "F4", "[3]", 0, 2)+"}", 2),
		"fields to come":     safetensors(`{"a":{"dtype":"U8","x":[{"y":[1.5e3,null,true]},"z"],"shape":[1],"data_offsets":[0,1]}}`, 1),
		"escapes":            safetensors(`{"a\u00e9\"\\":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}`, 1),
		"length like pickle": safetensors("{}"+repeat(" ", 0x280-2), 0),
	} {
		t.Run(name, func(t *testing.T) {
			c := openBytes(t, file)
			for _, info := range c.Tensors() {
				v, err := c.Floats(info.Name, nil)
				if info.DType == "F4" {
					require.ErrorContains(t, err, `tensor "a": elements of type "F4" cannot be read`)
					continue
				}
				require.NoError(t, err)
				require.Len(t, v, info.Elements())
			}
			if name == "escapes" {
				_, ok := c.Lookup(`aé"\`)
				require.True(t, ok)
			}
		})
	}
}

func TestHostileSafetensors(t *testing.T) {
	one := func(dtype, shape string, begin, end, data int) []byte {
		return safetensors("{"+entryJSON("w", dtype, shape, begin, end)+"}", data)
	}
	for _, c := range []struct {
		name, says string
		file       []byte
	}{
		{"length beyond the file", "cut short", append([]byte{200, 0, 0, 0, 0, 0, 0, 0}, `{"w":1}`...)},
		{"length beyond reason", "at most 100000000", append([]byte{0, 0, 0, 0, 0, 0, 0, 0x80}, `{"w":1}`...)},
		{"length of all ones", "at most 100000000", append([]byte(repeat("\xff", 8)), `{"w":1}`...)},
		{"only a length", "cut short", []byte{9, 0, 0, 0, 0, 0, 0, 0}},
		{"not UTF-8", "UTF-8", safetensors("{\"\xff\":1}", 0)},
		{"JSON cut short", "ends", safetensors(`{"w":{"dtype":"F32"`, 0)},
		{"JSON and more", "after the end", safetensors(`{} {}`, 0)},
		{"control characters", "invalid character", safetensors("{\"a\nb\":1}", 0)},
		{"tensor is a number", `tensor "w"`, safetensors(`{"w":1}`, 0)},
		{"metadata is a number", `__metadata__ "a"`, safetensors(`{"__metadata__":{"a":1}}`, 0)},
		{"tensor twice", `the key "w" comes twice`, safetensors("{"+entryJSON("w", "U8", "[1]", 0, 1)+","+entryJSON("w", "U8", "[1]", 1, 2)+"}", 2)},
		{"tensor twice by escapes", `the key "w" comes twice`, safetensors("{"+entryJSON("w", "U8", "[1]", 0, 1)+","+strings.Replace(entryJSON("w", "U8", "[1]", 1, 2), `"w"`, `"\u0077"`, 1)+"}", 2)},
		{"field twice", `the key "shape" comes twice`, safetensors(`{"w":{"dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1]}}`, 1)},
		{"metadata twice", `the key "__metadata__" comes twice`, safetensors(`{"__metadata__":{},"__metadata__":{}}`, 0)},
		{"no shape", "missing", safetensors(`{"w":{"dtype":"U8","data_offsets":[0,1]}}`, 1)},
		{"shape overflows", "overflows", one("F32", "[4294967296,4294967296,4294967296]", 0, 4, 4)},
		{"shape overflows to zero", "overflows", one("F32", "[4294967296,4294967296]", 0, 0, 0)},
		{"bytes overflow", "needs 8 bytes", one("F64", "[4611686018427387904]", 0, 8, 8)},
		{"shape too large", "data_offsets give 4 bytes", one("F32", "[1000000000]", 0, 4, 4)},
		{"shape too small", "data_offsets give 8 bytes", one("F32", "[1]", 0, 8, 8)},
		{"negative shape", "not negative", one("F32", "[-1]", 0, 4, 4)},
		{"fractional shape", "is due", one("F32", "[1.0]", 0, 4, 4)},
		{"octal shape", "whole number", one("U8", "[01]", 0, 1, 1)},
		{"shape beyond 64 bits", "63 bits", one("F32", "[99999999999999999999]", 0, 4, 4)},
		{"too many dimensions", "more than 64", one("U8", "[1"+repeat(",1", 64)+"]", 0, 1, 1)},
		{"offsets backwards", "not a range", one("F32", "[1]", 4, 0, 4)},
		{"offsets outside", "cut short", one("F32", "[1]", 0, 4, 3)},
		{"three offsets", "more than 2", safetensors(`{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}`, 1)},
		{"one offset", "not a range", safetensors(`{"w":{"dtype":"U8","shape":[1],"data_offsets":[0]}}`, 1)},
		{"gap before", "before tensor", one("U8", "[1]", 1, 2, 2)},
		{"gap behind", "behind the last", one("U8", "[1]", 0, 1, 2)},
		{"overlap", "overlaps", safetensors("{"+entryJSON("v", "U8", "[2]", 0, 2)+","+entryJSON("w", "U8", "[2]", 1, 3)+"}", 3)},
		{"same bytes twice", "overlaps", safetensors("{"+entryJSON("v", "U8", "[2]", 0, 2)+","+entryJSON("w", "U8", "[2]", 0, 2)+"}", 2)},
		{"name too long", "more than 1024 bytes", safetensors("{"+entryJSON(repeat("n", 1025), "U8", "[1]", 0, 1)+"}", 1)},
		{"unknown field too deep", "too deep", safetensors(`{"w":{"x":`+repeat("[", 1000)+repeat("]", 1000)+`}}`, 0)},
	} {
		t.Run(c.name, func(t *testing.T) { refuses(t, c.file, c.says) })
	}
}

// TestHugeHeaders: 100 MB of what costs most to hold.
func TestHugeHeaders(t *testing.T) {
	if testing.Short() {
		t.Skip("builds files of 100 MB")
	}
	const size = maxHeader - 1000
	for name, header := range map[string]string{
		"brackets":   repeat("[", size),
		"objects":    "{" + repeat(`"a":{`, size/5),
		"one name":   `{"` + repeat("a", size),
		"escapes":    `{"` + repeat(`\u0061`, size/6) + `":1}`,
		"one shape":  `{"w":{"shape":[` + repeat("1,", size/2) + "1]}}",
		"one text":   `{"__metadata__":{"a":"` + repeat(`\n`, size/2) + `"}`,
		"unknown":    `{"w":{"x":[` + repeat("1,", size/2) + "1]}}",
		"space":      "{" + repeat(" ", size),
		"one number": `{"w":{"shape":[` + repeat("1", size) + "]}}",
	} {
		t.Run(name, func(t *testing.T) { refuses(t, safetensors(header, 0)) })
	}
	var many strings.Builder
	many.WriteString("{")
	for i := range maxTensors + 1 {
		many.WriteString(entryJSON(sprint("%x", i), "U8", "[0]", 0, 0) + ",")
	}
	t.Run("tensors", func(t *testing.T) { refuses(t, safetensors(many.String()+"}", 0), "more than 131072 elements") })
}

// TestCutShort: a file that ends early anywhere is refused, never a panic.
func TestCutShort(t *testing.T) {
	for name := range writtenByPyTorch {
		data, err := os.ReadFile("testdata/" + name)
		require.NoError(t, err)
		for length := range len(data) {
			c, err := Open(memory("f", data[:length]), "f")
			if err == nil {
				c.Close()
				t.Fatalf("%s: %d of %d bytes are accepted", name, length, len(data))
			}
		}
	}
}

func TestElements(t *testing.T) {
	for _, c := range []struct {
		shape []int
		want  int64
		ok    bool
	}{
		{nil, 1, true},
		{[]int{2, 3}, 6, true},
		{[]int{math.MaxInt, math.MaxInt, 0}, 0, true},
		{[]int{math.MaxInt, 2}, 0, false},
		{[]int{-1, 2}, 0, false},
	} {
		got, ok := product(c.shape)
		require.Equal(t, c.ok, ok)
		require.Equal(t, c.want, got)
	}
}
