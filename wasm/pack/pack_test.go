package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// module has a custom section and the data.
func module(data []byte) []byte {
	m := append([]byte(preamble), 0, 3, 'a', 'b', 'c', dataSection, byte(len(data)))
	return append(m, data...)
}

func TestPack(t *testing.T) {
	packed, err := pack(module(writePieces([]piece{
		{8, []byte("one")}, {20, []byte("two")}, {23, []byte("three")}, {40000, []byte("far")}, {10, []byte("back")},
	})))
	require.NoError(t, err)
	section, ok := bytes.CutPrefix(packed, module(nil)[:len(preamble)+5])
	require.True(t, ok, "other sections stay")
	require.Equal(t, []byte{dataSection, byte(len(section) - 2)}, section[:2])
	pieces, err := readPieces(section[2:])
	require.NoError(t, err)
	require.Equal(t, []piece{
		{8, []byte("one\x00\x00\x00\x00\x00\x00\x00\x00\x00twothree")}, {40000, []byte("far")}, {10, []byte("back")},
	}, pieces)
	again, err := pack(packed)
	require.NoError(t, err)
	require.Equal(t, packed, again)
}

func TestSigned(t *testing.T) {
	for _, n := range []int64{0, 1, 63, 64, 127, 128, 8191, 8192, 1 << 31, -1, -64, -65, -8192, -8193} {
		got, err := readSigned(bytes.NewReader(appendSigned(nil, n)))
		require.NoError(t, err)
		require.Equal(t, n, got)
	}
}

func FuzzPack(f *testing.F) {
	f.Add([]byte{})
	f.Add(module(writePieces([]piece{{8, []byte("one")}, {20, []byte("two")}})))
	f.Add(module([]byte{1, 0, 0x23, 0, opEnd, 0}))
	f.Add(module([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}))
	f.Fuzz(func(t *testing.T, module []byte) {
		packed, err := pack(module)
		if err == nil {
			again, err := pack(packed)
			require.NoError(t, err)
			require.Equal(t, packed, again)
		}
	})
}
