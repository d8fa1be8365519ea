package preprocess

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestApplyFile: decoding while resizing gives what one after the other gives, and the same errors.
func TestApplyFile(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(41, 42))
		images, err := filepath.Glob(filepath.Join(vectors(t), "images", "*"))
		require.NoError(t, err)
		large := OpenAI(160)
		exact, padded, patches := OpenAI(24), OpenAI(24), OpenAI(24)
		exact.Resize, exact.Width = Exact, 300
		padded.CropWidth, padded.CropHeight = 200, 40
		plain := OpenAI(24)
		plain.Resize, plain.Crop = KeepSize, NoCrop
		patches.Resize, patches.Crop, patches.MaxPatches, patches.PatchSize = NaFlex, NoCrop, 30, 8
		nearest := OpenAI(48)
		nearest.Filter = Nearest
		for _, name := range images {
			data, err := os.ReadFile(name)
			require.NoError(t, err)
			if len(data) > 100_000 {
				continue
			}
			damaged := bytes.Clone(data)
			damaged[len(data)/2+random.IntN(len(data)/2)] ^= 0xFF
			for _, data := range [][]byte{data, data[:len(data)/2], data[:len(data)-1], damaged} {
				p, wrong := Decode(data)
				for _, c := range []Config{OpenAI(24), large, exact, padded, plain, patches, nearest} {
					got, err := c.ApplyFile(data)
					if wrong != nil {
						require.EqualError(t, err, wrong.Error(), name)
						continue
					}
					want, wrong := c.Apply(p.Upright())
					if wrong != nil {
						require.EqualError(t, err, wrong.Error(), name)
						continue
					}
					require.NoError(t, err, name)
					require.Equal(t, want.Pixels, got.Pixels, "%s %v", name, c)
					require.Equal(t, want.Values, got.Values, "%s %v", name, c)
				}
			}
		}
	})
}
