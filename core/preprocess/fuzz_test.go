package preprocess

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzDecode: whatever the bytes, Decode ends, allocates little and returns a sound picture or one of its errors.
func FuzzDecode(f *testing.F) {
	for _, v := range variants(f) {
		if len(v.Data) < 700 {
			f.Add(v.Data)
		}
	}
	images, err := filepath.Glob(filepath.Join(vectors(f), "images", "*"))
	require.NoError(f, err)
	require.NotEmpty(f, images)
	for _, name := range images {
		data, err := os.ReadFile(name)
		require.NoError(f, err)
		if len(data) < 3000 {
			f.Add(data)
		}
	}
	for _, file := range headers(20, 20) {
		f.Add([]byte(file))
	}
	config := OpenAI(16)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Decode(data)
		if err != nil {
			if !errors.Is(err, ErrNotImage) && !errors.Is(err, ErrUnsupported) && !errors.Is(err, ErrTooLarge) {
				t.Fatalf("an error of another kind: %v", err)
			}
			if _, again := config.ApplyFile(data); again == nil || again.Error() != err.Error() {
				t.Fatalf("ApplyFile says %v, Decode %v", again, err)
			}
			return
		}
		width, height := p.Size()
		if width < 1 || height < 1 || width*height > MaxPixels || len(p.Native()) != width*height*p.mode.bytes() {
			t.Fatalf("%d x %d pixels of %s in %d bytes", width, height, p.mode, len(p.Native()))
		}
		if width*height > 1<<20 {
			return
		}
		if u := p.Upright(); len(u.RGB()) != 3*width*height || len(u.OnWhite()) != 3*width*height {
			t.Fatal("conversions of the wrong size")
		}
		want, err := config.Apply(p.Upright())
		got, again := config.ApplyFile(data)
		if (err == nil) != (again == nil) || err == nil && !slices.Equal(want.Pixels, got.Pixels) {
			t.Fatalf("ApplyFile gives other pixels: %v, %v", err, again)
		}
		if err != nil && !errors.Is(err, ErrTooLarge) && !errors.Is(err, ErrUnsupported) {
			t.Fatalf("apply: %v", err)
		}
	})
}

// FuzzConfig: whatever the configuration, it is refused or works.
func FuzzConfig(f *testing.F) {
	for _, json := range []string{
		`{}`, `{"size":224,"crop_size":{"height":7,"width":9},"image_mean":0.5,"resample":0}`, `{"max_num_patches":9,"patch_size":4}`,
		`{"image_processor_type":"EfficientNetImageProcessor","size":[5,6],"rescale_offset":true}`,
		`{"model_cfg":{"vision_cfg":{"image_size":[24,12]}},"preprocess_cfg":{"resize_mode":"shortest","std":[1,2,3]}}`,
		`{"preprocess_cfg":{"size":9,"resize_mode":"longest","fill_color":4,"interpolation":"bilinear"}}`,
	} {
		f.Add([]byte(json))
	}
	p, err := FromImage(scenery(7, 5, true))
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, json []byte) {
		for _, read := range []func([]byte) (Config, error){HuggingFace, OpenCLIP} {
			c, err := read(json)
			if err != nil {
				if !errors.Is(err, ErrConfig) {
					t.Fatalf("an error of another kind: %v", err)
				}
				continue
			}
			if height, width := c.Size(); c.Height > 512 || c.Width > 512 || height*width > 1<<18 || c.MaxPatches*c.PatchSize*c.PatchSize > 1<<18 {
				continue
			}
			if _, err := c.Apply(p); err != nil && !errors.Is(err, ErrTooLarge) && !errors.Is(err, ErrUnsupported) {
				t.Fatalf("apply: %v", err)
			}
		}
	})
}
