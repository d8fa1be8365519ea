package preprocess

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// plainly resamples one sample as the documentation of Pillow's Resample.c has it: a sum of 32 bits, rounded and clipped.
func plainly(a *axis, i int, in func(k int) byte) byte {
	sum := int64(weightHalf)
	for k := range a.taps(i) {
		sum += int64(a.fixed[a.start[i]+k]) * int64(in(a.first[i]+k))
	}
	return byte(max(0, min(255, int64(int32(sum)>>weightBits))))
}

// TestResizeRandom holds both passes at every level against sums made one by one, for sizes at which vectors end anywhere.
func TestResizeRandom(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(11, 12))
		var r resizer
		for turn := range 400 {
			mode := []Mode{RGB, RGB, CMYK, Gray}[random.IntN(4)]
			n := mode.bytes()
			side := func() int { return 1 + random.IntN([]int{9, 70, 300}[random.IntN(3)]) }
			p := newPicture(mode, side(), side())
			for i := range p.pixels {
				p.pixels[i] = byte(random.Uint32())
				if turn%3 == 0 { // extremes overshoot
					p.pixels[i] = byte(random.IntN(2)) * 255
				}
			}
			width, height := side(), side()
			if turn%5 == 0 {
				width = p.width
			}
			if turn%7 == 0 {
				height = p.height
			}
			filter := []Filter{Bicubic, Bilinear, Lanczos, Box, Hamming}[random.IntN(5)]
			w := window{random.IntN(width), random.IntN(height), 0, 0}
			w.right, w.bottom = w.left+1+random.IntN(width-w.left), w.top+1+random.IntN(height-w.top)
			guarded := bytes.Repeat([]byte{0xA5}, w.width()*w.height()*n+64)
			out := guarded[32 : len(guarded)-32]
			s := source{mode: p.mode, width: p.width, height: p.height, row: p.row, stored: turn%2 == 0}
			require.NoError(t, r.resize(out, s, width, height, filter, w))
			require.Equal(t, bytes.Repeat([]byte{0xA5}, 32), guarded[:32])
			require.Equal(t, bytes.Repeat([]byte{0xA5}, 32), guarded[len(guarded)-32:])

			var across, down axis
			require.NoError(t, across.fill(p.width, width, w.left, w.right, filter, false))
			require.NoError(t, down.fill(p.height, height, w.top, w.bottom, filter, false))
			at := func(x, y, band int) byte { return p.pixels[(y*p.width+x)*n+band] }
			acrossAt := func(i, y, band int) byte {
				if width == p.width {
					return at(w.left+i, y, band)
				}
				return plainly(&across, i, func(x int) byte { return at(x, y, band) })
			}
			downAt := func(x, j, band int) byte {
				if height == p.height {
					return at(x, w.top+j, band)
				}
				return plainly(&down, j, func(y int) byte { return at(x, y, band) })
			}
			downFirst := height < p.height && p.height-height > 2*(p.width-width)
			for range 60 {
				i, j, band := random.IntN(w.width()), random.IntN(w.height()), random.IntN(n)
				var want byte
				switch {
				case downFirst && width == p.width:
					want = downAt(w.left+i, j, band)
				case downFirst:
					want = plainly(&across, i, func(x int) byte { return downAt(x, j, band) })
				case height == p.height:
					want = acrossAt(i, w.top+j, band)
				default:
					want = plainly(&down, j, func(y int) byte { return acrossAt(i, y, band) })
				}
				require.Equal(t, want, out[(j*w.width()+i)*n+band], "%v %v %d x %d to %d x %d, %v: %d %d", mode, filter, p.width, p.height, width, height, w, i, j)
			}
		}
	})
}
