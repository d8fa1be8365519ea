package preprocess

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// photos returns the files to measure with: those in the folder that GOCLIP_PHOTOS names (testdata/photos.py draws some),
// else the golden one of 12 million pixels.
func photos(b *testing.B) map[string][]byte {
	b.Helper()
	folder := os.Getenv("GOCLIP_PHOTOS")
	if folder == "" {
		return map[string][]byte{"large": golden(b, "large.jpg")}
	}
	names, err := filepath.Glob(filepath.Join(folder, "*.jpg"))
	require.NoError(b, err)
	require.NotEmpty(b, names)
	files := map[string][]byte{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		require.NoError(b, err)
		files[strings.TrimSuffix(filepath.Base(name), ".jpg")] = data
	}
	return files
}

// BenchmarkDecode decodes photographs of 12 million pixels.
func BenchmarkDecode(b *testing.B) {
	for name, data := range photos(b) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(4000 * 3000 * 3)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkApplyFile takes photographs of 12 million pixels from the file to the tensor.
func BenchmarkApplyFile(b *testing.B) {
	for name, data := range photos(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := OpenAI(224).ApplyFile(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkApply shrinks 12 million pixels to a tower's 224 x 224.
func BenchmarkApply(b *testing.B) {
	p, err := Decode(golden(b, "large.jpg"))
	if err != nil {
		b.Fatal(err)
	}
	squash := OpenAI(224)
	squash.Resize = Exact
	for name, c := range map[string]Config{"crop": OpenAI(224), "squash": squash} {
		for turn, p := range map[string]*Picture{"wide": p, "tall": {mode: RGB, width: p.height, height: p.width, pixels: p.pixels}} {
			b.Run(name+"/"+turn, func(b *testing.B) {
				var r Result
				b.ReportAllocs()
				for b.Loop() {
					if err := c.ApplyTo(&r, p); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
