package jpeg

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWant: the part of a picture that is wanted is the same as that part of the whole.
func TestWant(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(31, 32))
		files, sums := golden(t)
		for name, data := range files {
			if sums[name] == "" || len(data) > 100_000 {
				continue
			}
			whole, err := Decode(data)
			require.NoError(t, err, name)
			stride := whole.Width * whole.Channels
			for range 20 {
				left, top := random.IntN(whole.Width), random.IntN(whole.Height)
				right, bottom := left+1+random.IntN(whole.Width-left), top+1+random.IntN(whole.Height-top)
				r, err := NewReader(data)
				require.NoError(t, err)
				r.Want(left, top, right, bottom)
				row := make([]byte, stride)
				for y := top; y < bottom; y++ {
					if random.IntN(4) == 0 {
						continue
					}
					require.NoError(t, r.Skip(y))
					require.NoError(t, r.Next(row))
					from, to := left*whole.Channels, right*whole.Channels
					require.Equal(t, whole.Pixels[y*stride:][from:to], row[from:to], "%s, row %d of %d,%d to %d,%d", name, y, left, top, right, bottom)
				}
				require.NoError(t, r.Finish())
			}
		}
	})
}

// TestQuick: blocks decode the same, and leave the same behind, by quick tables and symbol by symbol.
func TestQuick(t *testing.T) {
	random := rand.New(rand.NewPCG(33, 34))
	typical := typicalTables[0]
	dc, ac := newHuffman([]byte(typical.dc.counts), []byte(typical.dc.symbols)), newHuffman([]byte(typical.ac.counts), []byte(typical.ac.symbols))
	dc.fillQuick()
	ac.fillQuick()
	for turn := range 900 {
		data := make([]byte, 3*blockBytes)
		for i := range data {
			data[i] = byte(random.Uint32())
			if random.IntN(9) == 0 {
				data[i] = 0xFF
			}
			if i > 0 && data[i-1] == 0xFF {
				if data[i] = 0; random.IntN(300) == 0 {
					data[i] = markEOI
				}
			}
		}
		first := 1 + random.IntN(63)
		band := &scan{first: first, last: first + random.IntN(64-first), low: random.IntN(14)}
		quickly, slowly := &entropy{bitReader: bitReader{data: data}, scan: band}, &entropy{bitReader: bitReader{data: data}, scan: band}
		quick, slow := &component{dc: dc, ac: ac}, &component{dc: dc, ac: ac}
		for slowly.at < 2*blockBytes && slowly.left >= 0 {
			var got, want [64]int16
			slowly.clear = slowly.at + 1 // nearly
			switch turn % 2 {
			case 0:
				quickly.sequential(quick, &got)
				slowly.sequential(slow, &want)
			case 1:
				quickly.firstAC(quick, &got)
				slowly.firstAC(slow, &want)
			}
			require.Equal(t, want, got)
			require.Equal(t, slow.predicted, quick.predicted)
			require.Equal(t, slowly.skip, quickly.skip)
			if slowly.marker == 0 && quickly.marker == 0 {
				require.Equal(t, position(slowly), position(quickly))
			}
		}
	}
}

// position counts the bits that were taken, stuffed bytes among them where they are taken whole.
func position(e *entropy) int {
	bits := 0
	for i := 0; i < e.at; i++ {
		bits += 8
		if e.data[i] == 0xFF {
			i++
		}
	}
	return bits - e.left
}
