package preprocess

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHuggingFaceDefaults(t *testing.T) {
	clip := Config{
		Colors: OnWhite, Resize: Shortest, Height: 224, Width: 224, Filter: Bicubic, Crop: RoundDown, CropHeight: 224, CropWidth: 224,
		Scale: 1.0 / 255, Mean: openAIMean, Std: openAIStd, Divide: ones,
	}
	siglip := Config{
		Colors: RGBFirst, Resize: Exact, Height: 224, Width: 224, Filter: Bicubic,
		Scale: 1.0 / 255, Mean: half, Std: half, Divide: ones,
	}
	naflex := Config{
		Colors: RGBFirst, Resize: NaFlex, Filter: Bilinear, PatchSize: 16, MaxPatches: 256,
		Scale: 1.0 / 255, Mean: half, Std: half, Divide: ones,
	}
	efficient := siglip
	efficient.Height, efficient.Width, efficient.Divide = 346, 346, half
	with := func(c Config, change func(*Config)) Config { change(&c); return c }
	for _, c := range []struct {
		json string
		want Config
	}{
		{`{}`, clip},
		{`{"image_processor_type":"CLIPImageProcessor"}`, clip},
		{`{"image_processor_type":"CLIPImageProcessorFast"}`, clip},
		{`{"image_processor":{"image_processor_type":"CLIPImageProcessor"},"processor_class":"CLIPProcessor"}`, clip},
		{`{"feature_extractor_type":"CLIPFeatureExtractor","size":224,"crop_size":224,"resample":3}`, clip},
		{`{"feature_extractor_type":"ChineseCLIPFeatureExtractor"}`, clip},
		{`{"image_processor_type":"ChineseCLIPImageProcessor","size":{"height":224,"width":224}}`,
			with(clip, func(c *Config) { c.Resize = Exact })},
		{`{"image_processor_type":"CLIPImageProcessor","size":{"shortest_edge":336},"crop_size":{"height":336.0,"width":336}}`,
			with(clip, func(c *Config) { c.Height, c.Width, c.CropHeight, c.CropWidth = 336, 336, 336, 336 })},
		{`{"size":null,"image_mean":null,"image_std":null,"do_convert_rgb":null,"resample":null,"crop_size":null}`, clip},
		{`{"do_convert_rgb":false}`, with(clip, func(c *Config) { c.Colors = RGBFirst })},
		{`{"do_normalize":false,"do_rescale":false}`,
			with(clip, func(c *Config) { c.Scale, c.Mean, c.Std = 1, [3]float32{}, ones })},
		{`{"do_resize":false,"do_center_crop":false}`,
			with(clip, func(c *Config) {
				c.Resize, c.Crop, c.Height, c.Width, c.CropHeight, c.CropWidth = KeepSize, NoCrop, 0, 0, 0, 0
			})},
		{`{"image_mean":0.5,"image_std":[0.25,0.5,1]}`,
			with(clip, func(c *Config) { c.Mean, c.Std = half, [3]float32{0.25, 0.5, 1} })},
		{`{"image_processor_type":"SiglipImageProcessor"}`, siglip},
		{`{"image_processor_type":"SiglipImageProcessor","size":384}`,
			with(siglip, func(c *Config) { c.Resize, c.Height, c.Width = Shortest, 384, 384 })},
		{`{"image_processor_type":"SiglipImageProcessor","size":[256,128],"resample":2}`,
			with(siglip, func(c *Config) { c.Height, c.Width, c.Filter = 256, 128, Bilinear })},
		{`{"image_processor_type":"Siglip2ImageProcessorFast"}`, naflex},
		{`{"max_num_patches":64,"patch_size":32}`, with(naflex, func(c *Config) { c.MaxPatches, c.PatchSize = 64, 32 })},
		{`{"image_processor_type":"EfficientNetImageProcessor"}`, efficient},
		{`{"image_processor_type":"EfficientNetImageProcessor","size":300,"rescale_offset":true,"include_top":false,"do_center_crop":true}`,
			with(efficient, func(c *Config) {
				c.Height, c.Width, c.Offset, c.Divide = 300, 300, 1, ones
				c.Crop, c.CropHeight, c.CropWidth = RoundDown, 289, 289
			})},
	} {
		got, err := HuggingFace([]byte(c.json))
		require.NoError(t, err, c.json)
		require.Equal(t, c.want, got, c.json)
	}
}

func TestOpenCLIPDefaults(t *testing.T) {
	with := func(c Config, change func(*Config)) Config { change(&c); return c }
	bilinear := with(OpenAI(224), func(c *Config) { c.Filter = Bilinear })
	for _, c := range []struct {
		json string
		want Config
	}{
		{`{}`, OpenAI(224)},
		{`{"model_cfg":{"vision_cfg":{"image_size":336}}}`, OpenAI(336)},
		{`{"preprocess_cfg":{"size":[240,240],"mode":"RGB","mean":null}}`, OpenAI(240)},
		{`{"model_cfg":{"vision_cfg":{"image_size":378}},"preprocess_cfg":{"size":[3]}}`, OpenAI(378)},
		{`{"preprocess_cfg":{"interpolation":"random"}}`, OpenAI(224)},
		{`{"preprocess_cfg":{"interpolation":"bilinear"}}`, bilinear},
		{`{"preprocess_cfg":{"resize_mode":"squash","fill_color":7}}`,
			with(OpenAI(224), func(c *Config) { c.Resize, c.Crop, c.CropHeight, c.CropWidth = Exact, NoCrop, 0, 0 })},
		{`{"preprocess_cfg":{"resize_mode":"longest","fill_color":7}}`,
			with(OpenAI(224), func(c *Config) { c.Resize, c.Fill = Contain, 7 })},
		{`{"preprocess_cfg":{"size":[224,112],"interpolation":"bilinear"}}`,
			with(OpenAI(224), func(c *Config) { c.Resize, c.Width, c.CropWidth = Cover, 112, 112 })},
	} {
		got, err := OpenCLIP([]byte(c.json))
		require.NoError(t, err, c.json)
		require.Equal(t, c.want, got, c.json)
	}
}

func TestConfigErrors(t *testing.T) {
	for _, c := range []struct{ json, says string }{
		{`{`, "unexpected end"},
		{`[]`, "cannot unmarshal"},
		{`{"size":"large"}`, "a size of"},
		{`{"size":{"shortest_edge":-1}}`, "size is -1 pixels"},
		{`{"size":{"height":224}}`, "width is 0 pixels"},
		{`{"size":{"longest_edge":224}}`, "longest_edge"},
		{`{"size":{"max_pixels":224}}`, `a size with "max_pixels"`},
		{`{"size":224.5}`, "a size of 224.5"},
		{`{"size":{"shortest_edge":20000}}`, "1 to 16384 are possible"},
		{`{"size":{"height":16000,"width":16000}}`, "pixels are possible"},
		{`{"crop_size":0}`, "crop height is 0 pixels"},
		{`{"resample":9}`, "filter 9"},
		{`{"resample":"bicubic"}`, "cannot unmarshal"},
		{`{"image_std":[0.5,0,0.5]}`, "standard deviation"},
		{`{"image_std":[0.5,1e-60,0.5]}`, "standard deviation"},
		{`{"image_mean":[1e60,0,0]}`, "mean"},
		{`{"image_mean":[0.5,0.5]}`, "three numbers"},
		{`{"rescale_factor":0}`, "rescaling"},
		{`{"do_pad":true}`, "do_pad"},
		{`{"image_processor_type":"ViTImageProcessor"}`, `"ViTImageProcessor" is not known`},
		{`{"max_num_patches":0}`, "a tensor of 0"},
		{`{"max_num_patches":1000000000}`, "a tensor of"},
		{`{"max_num_patches":9,"patch_size":70000}`, "patch size is 70000"},
		{`{"max_num_patches":9,"do_resize":false}`, "must be resized"},
		{strings.Repeat(" ", maxJSON) + `{}`, "are allowed"},
	} {
		_, err := HuggingFace([]byte(c.json))
		require.ErrorIs(t, err, ErrConfig, "%.80s", c.json)
		require.ErrorContains(t, err, c.says)
		require.Equal(t, 1, strings.Count(err.Error(), "preprocess:"), err.Error())
	}
	for _, c := range []struct{ json, says string }{
		{`{"preprocess_cfg":{"resize_mode":"stretch"}}`, "stretch"},
		{`{"preprocess_cfg":{"interpolation":"nearest"}}`, "nearest"},
		{`{"preprocess_cfg":{"mode":"L"}}`, "only RGB"},
		{`{"preprocess_cfg":{"resize_mode":"longest","fill_color":256}}`, "0 to 255"},
		{`{"model_cfg":{"vision_cfg":{"image_size":0}}}`, "0 pixels"},
		{`{"preprocess_cfg":{"std":0}}`, "standard deviation"},
	} {
		_, err := OpenCLIP([]byte(c.json))
		require.ErrorIs(t, err, ErrConfig, c.json)
		require.ErrorContains(t, err, c.says)
	}
	require.ErrorIs(t, Config{}.Validate(), ErrConfig)
	_, err := OpenAI(-1).Apply(newPicture(RGB, 1, 1))
	require.ErrorIs(t, err, ErrConfig)
	nan := OpenAI(224)
	nan.Mean[1] = float32(math.NaN())
	require.ErrorIs(t, nan.Validate(), ErrConfig)
}

func TestConfigString(t *testing.T) {
	require.Equal(t, "resized shorter side 224 bicubic in its own mode, middle 224x224, mean [0.48145467 0.4578275 0.40821072], std [0.26862955 0.2613026 0.2757771]",
		OpenAI(224).String())
	require.Equal(t, "invalid", Config{}.String())
	require.Equal(t, "filter 7", Filter(7).String())
}

// TestRescaleIsDivision: 1/255 in float64 gives the float32 values of a division.
func TestRescaleIsDivision(t *testing.T) {
	table := Config{Scale: 1.0 / 255, Std: ones, Divide: ones}.table()
	for v := range 256 {
		require.Equal(t, float32(v)/255, table[0][v], "%d", v)
	}
}

func TestGeometry(t *testing.T) {
	for _, c := range []struct {
		config        Config
		in, out, crop [2]int // width, height; left, top
	}{
		{OpenAI(224), [2]int{640, 480}, [2]int{298, 224}, [2]int{37, 0}},
		{OpenAI(224), [2]int{480, 640}, [2]int{224, 298}, [2]int{0, 37}},
		{OpenAI(224), [2]int{227, 224}, [2]int{227, 224}, [2]int{2, 0}},
		{Config{Resize: Shortest, Height: 224, Crop: RoundDown, CropHeight: 224, CropWidth: 224}, [2]int{227, 224}, [2]int{227, 224}, [2]int{1, 0}},
		{Config{Resize: Contain, Height: 224, Width: 224, Crop: RoundEven, CropHeight: 224, CropWidth: 224}, [2]int{640, 451}, [2]int{224, 158}, [2]int{0, -33}},
		{Config{Resize: KeepSize, Crop: RoundEven, CropHeight: 8, CropWidth: 8}, [2]int{5, 9}, [2]int{5, 9}, [2]int{-1, 0}},
		{Config{Resize: KeepSize, Crop: RoundDown, CropHeight: 8, CropWidth: 8}, [2]int{5, 9}, [2]int{5, 9}, [2]int{-2, 0}},
		{Config{Resize: NaFlex, PatchSize: 16, MaxPatches: 256}, [2]int{1, 1}, [2]int{112, 112}, [2]int{}},
		{Config{Resize: NaFlex, PatchSize: 16, MaxPatches: 256}, [2]int{640, 480}, [2]int{288, 224}, [2]int{}},
	} {
		name := fmt.Sprintf("%v of %v", c.config.Resize, c.in)
		w, h, err := c.config.resizedSize(c.in[0], c.in[1])
		require.NoError(t, err, name)
		require.Equal(t, c.out, [2]int{w, h}, name)
		if c.config.Crop != NoCrop {
			left, top := c.config.Crop.margin(w, c.config.CropWidth), c.config.Crop.margin(h, c.config.CropHeight)
			require.Equal(t, c.crop, [2]int{left, top}, name)
		}
	}
	_, _, err := Config{Resize: Contain, Height: 224, Width: 224}.resizedSize(1000, 1)
	require.ErrorIs(t, err, ErrUnsupported)
	_, _, err = OpenAI(224).resizedSize(100_000_000, 1)
	require.ErrorIs(t, err, ErrTooLarge)
}
