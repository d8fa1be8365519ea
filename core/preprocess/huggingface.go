package preprocess

import "strings"

// huggingFaceFile is preprocessor_config.json. What is null counts as missing, as in transformers.
type huggingFaceFile struct {
	Type      *string `json:"image_processor_type"`
	OlderType *string `json:"feature_extractor_type"`

	DoResize      *bool    `json:"do_resize"`
	Size          sides    `json:"size"`
	Resample      *number  `json:"resample"`
	DoCenterCrop  *bool    `json:"do_center_crop"`
	CropSize      sides    `json:"crop_size"`
	DoRescale     *bool    `json:"do_rescale"`
	RescaleFactor *float64 `json:"rescale_factor"`
	RescaleOffset *bool    `json:"rescale_offset"`
	DoNormalize   *bool    `json:"do_normalize"`
	IncludeTop    *bool    `json:"include_top"`
	ImageMean     channels `json:"image_mean"`
	ImageStd      channels `json:"image_std"`
	DoPad         *bool    `json:"do_pad"`
	DoConvertRGB  *bool    `json:"do_convert_rgb"`
	PatchSize     *number  `json:"patch_size"`
	MaxPatches    *number  `json:"max_num_patches"`

	// Inside holds all that in processor_config.json.
	Inside *huggingFaceFile `json:"image_processor"`
}

// processor is what a class of transformers does when the configuration is silent.
type processor struct {
	size         sides
	square       bool // a size of one number means a square, not the shorter side
	crop         bool
	cropSize     sides
	filter       Filter
	mean, std    [3]float32
	colors       Colors
	efficientNet bool
	naFlex       bool
}

var processors = map[string]processor{
	"CLIPImageProcessor": {
		size: sides{shortest: 224}, crop: true, cropSize: sides{one: 224}, filter: Bicubic,
		mean: openAIMean, std: openAIStd, colors: OnWhite,
	},
	"ChineseCLIPImageProcessor": {
		size: sides{shortest: 224}, crop: true, cropSize: sides{one: 224}, filter: Bicubic,
		mean: openAIMean, std: openAIStd, colors: OnWhite,
	},
	"SiglipImageProcessor": {
		size: sides{height: 224, width: 224}, filter: Bicubic, mean: half, std: half, colors: RGBFirst,
	},
	"Siglip2ImageProcessor": {filter: Bilinear, mean: half, std: half, colors: RGBFirst, naFlex: true},
	"EfficientNetImageProcessor": {
		size: sides{height: 346, width: 346}, square: true, cropSize: sides{height: 289, width: 289}, filter: Bicubic,
		mean: half, std: half, colors: RGBFirst, efficientNet: true,
	},
}

// HuggingFace reads preprocessor_config.json (or processor_config.json, which holds the same a level deeper) of the
// image processors of CLIP, Chinese-CLIP, SigLIP, SigLIP 2 and EfficientNet (ALIGN), with the defaults of their classes in
// transformers 5. The results are those of the classes that use Pillow; the torchvision classes (…Fast) differ by up to two
// levels. Without a class it is CLIP, or SigLIP 2 if it limits the patches. Errors wrap ErrConfig.
//
// CLIP puts transparent pictures on white and the others drop alpha, which is what transformers' pipelines come to: they
// convert a file to RGB before a processor sees it.
func HuggingFace(data []byte) (Config, error) {
	var f huggingFaceFile
	if err := parse("preprocessor_config.json", data, &f); err != nil {
		return Config{}, err
	}
	if f.Inside != nil {
		f = *f.Inside
	}
	kind, err := f.kind()
	if err != nil {
		return Config{}, err
	}
	class, ok := processors[kind]
	if !ok {
		return Config{}, badConfig("preprocessor_config.json: image processor %q is not known", kind)
	}
	if or(f.DoPad, false) {
		return Config{}, badConfig("preprocessor_config.json: do_pad is not known")
	}
	c := Config{Colors: class.colors, Filter: Filter(or(f.Resample, number(class.filter))), Scale: 1, Std: ones, Divide: ones}
	if !or(f.DoConvertRGB, true) {
		c.Colors = RGBFirst // a tower needs RGB all the same
	}
	if err := f.setSize(&c, class); err != nil {
		return Config{}, err
	}
	f.setValues(&c, class)
	return c, c.Validate()
}

// kind returns the class of the image processor without what names its implementation.
func (f *huggingFaceFile) kind() (string, error) {
	kind := or(f.Type, "")
	if kind == "" {
		kind = strings.Replace(or(f.OlderType, ""), "FeatureExtractor", "ImageProcessor", 1)
	}
	for _, suffix := range []string{"Fast", "Pil"} {
		kind = strings.TrimSuffix(kind, suffix)
	}
	switch {
	case kind != "":
		return kind, nil
	case f.MaxPatches != nil:
		return "Siglip2ImageProcessor", nil
	}
	return "CLIPImageProcessor", nil
}

func (f *huggingFaceFile) setSize(c *Config, class processor) error {
	size, crop := class.size, class.cropSize
	if f.Size.set {
		size = f.Size
	}
	if f.CropSize.set {
		crop = f.CropSize
	}
	switch {
	case !or(f.DoResize, true):
	case class.naFlex:
		c.Resize = NaFlex
	case size.longest != 0:
		return badConfig("preprocessor_config.json: longest_edge is not known")
	case size.shortest != 0 && size.height == 0 && size.width == 0:
		c.Resize, c.Height, c.Width = Shortest, size.shortest, size.shortest
	case size.one != 0 && !class.square:
		c.Resize, c.Height, c.Width = Shortest, size.one, size.one
	case size.one != 0:
		c.Resize, c.Height, c.Width = Exact, size.one, size.one
	default:
		c.Resize, c.Height, c.Width = Exact, size.height, size.width
	}
	if class.naFlex {
		c.PatchSize, c.MaxPatches = int(or(f.PatchSize, 16)), int(or(f.MaxPatches, 256))
		if c.Resize != NaFlex {
			return badConfig("preprocessor_config.json: NaFlex pictures must be resized")
		}
		return nil
	}
	if or(f.DoCenterCrop, class.crop) {
		if crop.one != 0 {
			crop.height, crop.width = crop.one, crop.one
		}
		c.Crop, c.CropHeight, c.CropWidth = RoundDown, crop.height, crop.width
	}
	return nil
}

func (f *huggingFaceFile) setValues(c *Config, class processor) {
	std := f.ImageStd.or(class.std)
	if or(f.DoRescale, true) {
		c.Scale = or(f.RescaleFactor, 1.0/255)
		if class.efficientNet && or(f.RescaleOffset, false) {
			c.Offset = 1
		}
	}
	if or(f.DoNormalize, true) {
		c.Mean, c.Std = f.ImageMean.or(class.mean), std
	}
	if class.efficientNet && or(f.IncludeTop, true) {
		c.Divide = std
	}
}
