package preprocess

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// variant is a small file of an uncommon kind and what Pillow makes of it (testdata/record.py).
type variant struct {
	Kind, Mode, Native, RGB, White, Upright, Error string
	Data                                           []byte
	Size                                           [2]int
}

func variants(t testing.TB) []variant { return lines[variant](t, "testdata", "variants.jsonl.gz") }

// TestVariants holds decoding against Pillow for every format, mode, depth, compression, sampling and kind of damage. A
// file may be refused as unsupported, but never decoded to other pixels, and what Pillow refuses is refused.
func TestVariants(t *testing.T) {
	refused := map[string]int{}
	for _, want := range variants(t) {
		p, err := Decode(want.Data)
		if want.Error != "" {
			require.Error(t, err, "%s: Pillow says %s", want.Kind, want.Error)
			continue
		}
		if errors.Is(err, ErrUnsupported) {
			refused[strings.SplitN(want.Kind, "_", 2)[0]]++
			continue
		}
		require.NoError(t, err, want.Kind)
		width, height := p.Size()
		require.Equal(t, want.Size, [2]int{width, height}, want.Kind)
		require.Equal(t, want.Mode, p.Mode().String(), want.Kind)
		require.Equal(t, want.Native, sha(p.Native()), "%s: native bytes", want.Kind)
		require.Equal(t, want.RGB, sha(p.RGB()), "%s: RGB", want.Kind)
		require.Equal(t, want.White, sha(p.OnWhite()), "%s: on white", want.Kind)
		require.Equal(t, want.Upright, sha(p.Upright().RGB()), "%s: upright", want.Kind)
	}
	// TIFF in odd planes and orders, and a 4-bit BMP whose palette Pillow drops.
	require.LessOrEqual(t, refused["tiff2"], 25)
	require.LessOrEqual(t, refused["bmp"], 3)
	for _, format := range []string{"jpeg", "corrupt", "png", "gif", "webp", "tiff"} {
		require.Zero(t, refused[format], "unsupported %s", format)
	}
}
