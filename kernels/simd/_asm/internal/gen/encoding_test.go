package gen

import (
	"bytes"
	"testing"
)

// What GNU's assembler makes of these, as objdump shows it: registers on both sides of 8 and 16 in every place.
func TestEncodings(t *testing.T) {
	for _, c := range []struct {
		encode           func(sum, left, right byte) []byte
		sum, left, right byte
		want             []byte
	}{
		{vpdpbusd, 1, 2, 3, []byte{0xc4, 0xe2, 0x6d, 0x50, 0xcb}},
		{vpdpbusd, 11, 12, 13, []byte{0xc4, 0x42, 0x1d, 0x50, 0xdd}},
		{vpdpbusd, 15, 1, 8, []byte{0xc4, 0x42, 0x75, 0x50, 0xf8}},
		{vpdpbusd, 7, 8, 1, []byte{0xc4, 0xe2, 0x3d, 0x50, 0xf9}},
		{vdpbf16ps, 1, 2, 3, []byte{0x62, 0xf2, 0x6e, 0x48, 0x52, 0xcb}},
		{vdpbf16ps, 28, 29, 30, []byte{0x62, 0x02, 0x16, 0x40, 0x52, 0xe6}},
		{vdpbf16ps, 9, 17, 8, []byte{0x62, 0x52, 0x76, 0x40, 0x52, 0xc8}},
		{vdpbf16ps, 24, 8, 17, []byte{0x62, 0x22, 0x3e, 0x48, 0x52, 0xc1}},
	} {
		if got := c.encode(c.sum, c.left, c.right); !bytes.Equal(got, c.want) {
			t.Errorf("registers %d, %d, %d give % x, want % x", c.sum, c.left, c.right, got, c.want)
		}
	}
}
