package jpeg

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestQueue holds blocks in pairs against blocks one by one, among them those whose sums leave 16 bits.
func TestQueue(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(21, 22))
		var q queue
		const stride = 21
		for turn := range 4000 {
			var blocks [2][64]int16
			var quantizers [2][64]int16
			var want, got [2][]byte
			for i := range blocks {
				rows := []int{1, 2, 8, 8}[random.IntN(4)] // that hold coefficients
				size := []int{4, 60, 2000, 1 << 16}[random.IntN(4)]
				for k := range blocks[i] {
					quantizers[i][k] = int16(1 + random.IntN([]int{9, 255, 1 << 16}[random.IntN(3)]))
					if k < 8*rows && random.IntN(3) == 0 {
						blocks[i][k] = int16(random.IntN(size) - size/2)
					}
				}
				want[i], got[i] = bytes.Repeat([]byte{7}, 8*stride), bytes.Repeat([]byte{7}, 8*stride)
				block := blocks[i]
				transform(want[i], stride, &block, &quantizers[i], 63)
				*q.free() = blocks[i]
				q.add(got[i], stride, &quantizers[i], 63)
			}
			q.flush()
			require.Equal(t, want, got, "turn %d: %v", turn, blocks)
			require.Equal(t, [queueLength][64]int16{}, q.blocks)
		}
	})
}

// TestRows holds interpolation and colours against the portable loops, for widths at which vectors end anywhere.
func TestRows(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(23, 24))
		row := func(n int) []byte {
			out := make([]byte, n, n+slack)
			for i := range out {
				out[i] = byte(random.Uint32())
				if random.IntN(3) == 0 {
					out[i] = byte(random.IntN(2)) * 255
				}
			}
			return out
		}
		for width := 3; width < 300; width++ {
			near, far := row(width), row(width)
			for growDown, plain := range map[int]upsampler{1: interpolateAcross, 2: interpolateBoth} {
				want, got := row(2*width), row(2*width)
				plain(want, near, far, true)
				chooseUpsampler(2, growDown, width)(got, near, far, true)
				require.Equal(t, want, got, "%d down, width %d", growDown, width)
			}
			y, cb, cr := row(width), row(width), row(width)
			got := append(row(3*width), 1, 2, 3)
			ycbcrToRGB(got, &[4][]byte{y, cb, cr})
			require.Equal(t, []byte{1, 2, 3}, got[3*width:])
			for x := range y {
				l, b, r := int32(y[x]), int32(cb[x])-128, int32(cr[x])-128
				require.Equal(t, []byte{
					clip(l + (redFromCr*r+half16)>>16),
					clip(l + (greenFromCb*b+greenFromCr*r+half16)>>16),
					clip(l + (blueFromCb*b+half16)>>16),
				}, got[3*x:3*x+3])
			}
		}
		// Every colour of every lightness that is at an end.
		for cb := range 256 {
			for _, l := range []byte{0, 128, 255} {
				var rows [4][]byte
				for cr := range 256 {
					rows[0], rows[1], rows[2] = append(rows[0], l), append(rows[1], byte(cb)), append(rows[2], byte(cr))
				}
				got := make([]byte, 3*256)
				ycbcrToRGB(got, &rows)
				for cr := range 256 {
					b, r := int32(cb)-128, int32(cr)-128
					require.Equal(t, clip(int32(l)+(greenFromCb*b+greenFromCr*r+half16)>>16), got[3*cr+1])
					require.Equal(t, clip(int32(l)+(redFromCr*r+half16)>>16), got[3*cr])
					require.Equal(t, clip(int32(l)+(blueFromCb*b+half16)>>16), got[3*cr+2])
				}
			}
		}
	})
}
