package preprocess

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	_ "image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goclip/goclip/internal/oracle"
	"github.com/stretchr/testify/require"
)

// vectors is the folder of golden pictures; GOCLIP_PREPROCESS_VECTORS names another of the same layout, such as held-out
// ones.
func vectors(t testing.TB) string {
	if folder := os.Getenv("GOCLIP_PREPROCESS_VECTORS"); folder != "" {
		return folder
	}
	return oracle.Path(t, "preprocess")
}

// lines reads a JSON-lines file.
// lines reads a file with a JSON object a line, which may be gzipped.
func lines[T any](t testing.TB, path ...string) []T {
	t.Helper()
	file, err := os.Open(filepath.Join(path...))
	require.NoError(t, err)
	defer file.Close()
	var text io.Reader = file
	if strings.HasSuffix(file.Name(), ".gz") {
		text, err = gzip.NewReader(file)
		require.NoError(t, err)
	}
	var out []T
	scanner := bufio.NewScanner(text)
	scanner.Buffer(nil, 1<<22)
	for scanner.Scan() {
		var line T
		require.NoError(t, json.Unmarshal(scanner.Bytes(), &line))
		out = append(out, line)
	}
	require.NoError(t, scanner.Err())
	require.NotEmpty(t, out)
	return out
}

func golden(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(vectors(t), "images", name))
	require.NoError(t, err)
	return data
}

func sha(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func shaFloats(values []float32) string {
	data := make([]byte, 4*len(values))
	for i, v := range values {
		binary.LittleEndian.PutUint32(data[4*i:], math.Float32bits(v))
	}
	return sha(data)
}

func TestDecodeGolden(t *testing.T) {
	type line struct {
		File, Mode, RGB, Native, Error string
		Size                           [2]int
		Upright                        string `json:"rgb_upright"`
		OnWhite                        string `json:"rgb_on_white"`
		Exif                           int
	}
	for _, want := range lines[line](t, vectors(t), "decode.jsonl") {
		t.Run(want.File, func(t *testing.T) {
			p, err := Decode(golden(t, want.File))
			if want.Error != "" {
				require.ErrorIs(t, err, ErrNotImage, "Pillow says %s", want.Error)
				return
			}
			require.NoError(t, err)
			require.Equal(t, want.Mode, p.Mode().String())
			width, height := p.Size()
			require.Equal(t, want.Size, [2]int{width, height})
			require.Equal(t, want.RGB, sha(p.RGB()), "RGB")
			require.Equal(t, max(1, want.Exif), p.Orientation())
			if want.Native != "" {
				require.Equal(t, want.Native, sha(p.Native()), "native bytes")
			}
			if want.Upright == "" {
				require.Same(t, p, p.Upright())
			} else {
				require.Equal(t, want.Upright, sha(p.Upright().RGB()), "upright")
				require.Equal(t, 1, p.Upright().Orientation())
			}
			if want.OnWhite == "" {
				want.OnWhite = want.RGB
			}
			require.Equal(t, want.OnWhite, sha(p.OnWhite()), "on white")
		})
	}
}

func TestResizeGolden(t *testing.T) {
	type line struct {
		Mode, Filter string
		In, Out      [2]int
		InHex        string `json:"in_hex"`
		OutHex       string `json:"out_hex"`
	}
	named := map[string]Mode{}
	for m, mode := range modes {
		named[mode.name] = Mode(m)
	}
	byName := map[string]Filter{}
	for f, filter := range filters {
		byName[filter.name] = Filter(f)
	}
	eachLevel(t, func(t *testing.T) {
		var r resizer
		// Those of the package lie on both sides of the rule for which pass comes first.
		all := append(lines[line](t, vectors(t), "resize.jsonl.gz"), lines[line](t, "testdata", "resize.jsonl")...)
		for i, c := range all {
			in, err := hex.DecodeString(c.InHex)
			require.NoError(t, err)
			want, err := hex.DecodeString(c.OutHex)
			require.NoError(t, err)
			mode, ok := named[c.Mode]
			require.True(t, ok)
			p := &Picture{mode: mode, width: c.In[0], height: c.In[1], pixels: in}
			s := source{mode: mode, width: p.width, height: p.height, row: p.row, stored: i%2 == 0}
			got := make([]byte, len(want))
			whole := window{0, 0, c.Out[0], c.Out[1]}
			require.NoError(t, r.resize(got, s, c.Out[0], c.Out[1], byName[c.Filter], whole))
			require.Equal(t, want, got, "line %d: %s %s %v to %v", i+1, c.Mode, c.Filter, c.In, c.Out)

			// Any part alone is the same as cut out of the whole.
			part := window{c.Out[0] / 3, c.Out[1] / 4, c.Out[0] - c.Out[0]/5, c.Out[1]}
			got = make([]byte, part.width()*part.height()*mode.bytes())
			require.NoError(t, r.resize(got, s, c.Out[0], c.Out[1], byName[c.Filter], part))
			resized := &Picture{mode: mode, width: c.Out[0], height: c.Out[1], pixels: want}
			for y := range part.height() {
				n := part.width() * mode.bytes()
				require.Equal(t, resized.row(part.top + y)[part.left*mode.bytes():][:n], got[y*n:][:n], "line %d, part", i+1)
			}
		}
	})
}

const (
	openAINorm   = `"mean":[0.48145466,0.4578275,0.40821073],"std":[0.26862954,0.26130258,0.27577711]`
	halfNorm     = `"mean":[0.5,0.5,0.5],"std":[0.5,0.5,0.5]`
	imageNetNorm = `"mean":[0.485,0.456,0.406],"std":[0.229,0.224,0.225]`
	plainNorm    = `"mean":[0,0,0],"std":[1,1,1]`
)

func openCLIPJSON(norm, mode, interpolation, fill string) func(t testing.TB, n string) Config {
	return func(t testing.TB, n string) Config {
		c, err := OpenCLIP([]byte(`{"model_cfg":{"embed_dim":64,"vision_cfg":{"image_size":` + n + `},"text_cfg":{}},"preprocess_cfg":{"size":` + n +
			`,` + norm + `,"interpolation":"` + interpolation + `","resize_mode":"` + mode + `","fill_color":` + fill + `}}`))
		require.NoError(t, err)
		return c
	}
}

func huggingFaceJSON(class, norm, more string) func(t testing.TB, n string) Config {
	return func(t testing.TB, n string) Config {
		norm := strings.NewReplacer(`"mean"`, `"image_mean"`, `"std"`, `"image_std"`).Replace(norm)
		c, err := HuggingFace([]byte(`{"image_processor_type":"` + class + `","do_resize":true,"do_rescale":true,"do_normalize":true,
			"do_convert_rgb":true,"rescale_factor":0.00392156862745098,` + norm + `,` + strings.ReplaceAll(more, "N", n) + `}`))
		require.NoError(t, err)
		return c
	}
}

// pipelines are those of the golden cases, from the configuration files that models come with.
var pipelines = map[string]func(t testing.TB, n string) Config{
	"openai":                    openCLIPJSON(openAINorm, "shortest", "bicubic", "0"),
	"open_clip_longest":         openCLIPJSON(openAINorm, "longest", "bicubic", "0"),
	"open_clip_longest_fill128": openCLIPJSON(openAINorm, "longest", "bicubic", "128"),
	"open_clip_squash":          openCLIPJSON(halfNorm, "squash", "bicubic", "0"),
	"open_clip_squash_bilinear": openCLIPJSON(imageNetNorm, "squash", "bilinear", "0"),
	"open_clip_bilinear":        openCLIPJSON(plainNorm, "shortest", "bilinear", "0"),
	"hf_clip": huggingFaceJSON("CLIPImageProcessor", openAINorm,
		`"size":{"shortest_edge":N},"resample":3,"do_center_crop":true,"crop_size":{"height":N,"width":N}`),
	"hf_siglip":          huggingFaceJSON("SiglipImageProcessor", halfNorm, `"size":{"height":N,"width":N},"resample":3`),
	"hf_siglip_bilinear": huggingFaceJSON("SiglipImageProcessor", halfNorm, `"size":{"height":N,"width":N},"resample":2`),
	"hf_align": huggingFaceJSON("EfficientNetImageProcessor", halfNorm, `"size":{"height":346,"width":346},"resample":2,
		"do_center_crop":true,"crop_size":{"height":289,"width":289},"do_normalize":false,"rescale_factor":0.00784313725490196,
		"rescale_offset":true,"include_top":false`),
	"hf_naflex256": huggingFaceJSON("Siglip2ImageProcessor", halfNorm, `"resample":2,"max_num_patches":256,"patch_size":16`),
	"hf_naflex64":  huggingFaceJSON("Siglip2ImageProcessor", halfNorm, `"resample":2,"max_num_patches":64,"patch_size":16`),
}

type goldenCase struct {
	File, Variant, Pipeline, U8, F32, Error, PNG string
	N                                            json.Number
	Size                                         [2]int
	SpatialShapes                                []int `json:"spatial_shapes"`
	MaskOnes                                     int   `json:"mask_ones"`
}

func TestPipelinesGolden(t *testing.T) { eachLevel(t, testPipelinesGolden) }

func testPipelinesGolden(t *testing.T) {
	pictures := map[string]*Picture{}
	seen := map[string]int{}
	var r Result
	for _, want := range lines[goldenCase](t, vectors(t), "cases.jsonl.gz") {
		pipeline, ok := pipelines[want.Pipeline]
		if !ok { // those of torchvision and transformers 4
			continue
		}
		seen[want.Pipeline]++
		name := strings.Join([]string{want.Pipeline, want.N.String(), want.Variant, want.File}, " ")
		p := pictures[want.File]
		if p == nil {
			var err error
			p, err = Decode(golden(t, want.File))
			require.NoError(t, err, name)
			pictures[want.File] = p
		}
		if want.Variant == "upright" {
			p = p.Upright()
		}
		c := pipeline(t, want.N.String())
		err := c.ApplyTo(&r, p)
		if want.Error != "" {
			require.Error(t, err, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, want.Size, [2]int{r.Width, r.Height}, name)
		if got := sha(r.Pixels); got != want.U8 {
			require.Equal(t, want.U8, got, "%s: %s", name, worst(t, want.PNG, r.Pixels))
		}
		require.Equal(t, want.F32, shaFloats(r.Planar()), "%s: tensor", name)
		if want.SpatialShapes != nil {
			require.Equal(t, want.SpatialShapes, []int{r.Rows, r.Columns}, name)
			require.Equal(t, want.MaskOnes, r.Rows*r.Columns, name)
		}
		if height, width := c.Size(); height != 0 {
			require.Equal(t, [2]int{width, height}, [2]int{r.Width, r.Height}, name)
		}
	}
	for name := range pipelines {
		require.NotZero(t, seen[name], "no golden case of %s", name)
	}
}

// worst says how far pixels are from the expected picture, if that is stored.
func worst(t testing.TB, path string, pixels []byte) string {
	data, err := os.ReadFile(filepath.Join(vectors(t), path))
	if path == "" || err != nil {
		return "pixels differ"
	}
	m, _, err := image.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	p, err := FromImage(m)
	require.NoError(t, err)
	most := 0
	for i, v := range p.RGB() {
		most = max(most, int(v)-int(pixels[i]), int(pixels[i])-int(v))
	}
	return fmt.Sprintf("pixels differ by up to %d levels", most)
}
