package preprocess

import (
	"fmt"
	"math"
)

// Resize is a rule for the size that a picture is resized to.
type Resize uint8

const (
	// KeepSize does not resize.
	KeepSize Resize = iota
	// Shortest brings the shorter side to Config.Height and keeps the shape, the longer side rounded down (torchvision's
	// Resize of one number, transformers' shortest_edge).
	Shortest
	// Cover keeps the shape and covers Height x Width, sides rounded (open_clip's "shortest" of a target that is not
	// square).
	Cover
	// Contain keeps the shape inside Height x Width, sides rounded (open_clip's "longest").
	Contain
	// Exact resizes to Height x Width whatever the shape (open_clip's "squash").
	Exact
	// NaFlex keeps about the shape, in whole patches and at most Config.MaxPatches of them (SigLIP 2).
	NaFlex
)

// Crop is a rule for where the middle of a picture is cut out.
type Crop uint8

const (
	// NoCrop leaves the picture as it was resized.
	NoCrop Crop = iota
	// RoundEven rounds half a pixel of margin to the even number and pads a larger part below and right (torchvision).
	RoundEven
	// RoundDown rounds margins down and pads a larger part above and left (transformers).
	RoundDown
)

// Colors says when a picture becomes RGB.
type Colors uint8

const (
	// ResizeFirst resizes and crops in the picture's own mode and converts last, dropping alpha (OpenAI, open_clip).
	ResizeFirst Colors = iota
	// RGBFirst converts first and drops alpha (SigLIP, ALIGN, transformers 4).
	RGBFirst
	// OnWhite converts first, transparent parts on white (transformers 5's CLIP).
	OnWhite
)

// Config is a pipeline from a picture to a tensor. The zero Config is not valid; OpenAI, OpenCLIP and HuggingFace make
// them.
type Config struct {
	// Colors says when the picture becomes RGB.
	Colors Colors

	// Resize is the rule for the size, Height and Width its target in pixels (of Shortest, Height only; of KeepSize and
	// NaFlex, neither), Filter how pixels are resampled.
	Resize        Resize
	Height, Width int
	Filter        Filter

	// Crop is the rule for the middle part of CropHeight x CropWidth pixels that is kept. A smaller picture is padded with
	// the value Fill in every band of the mode that it has then.
	Crop                  Crop
	CropHeight, CropWidth int
	Fill                  byte

	// PatchSize is the side of a patch, MaxPatches how many the tensor holds; NaFlex only.
	PatchSize, MaxPatches int

	// A byte v becomes ((v*Scale - Offset) - Mean) / Std / Divide, each step rounded to float32. Scale is multiplied in
	// float64; Offset is 1 for ALIGN, else 0; Divide is a second deviation (EfficientNet's include_top), else 1.
	Scale  float64
	Offset float32
	Mean   [3]float32
	Std    [3]float32
	Divide [3]float32
}

// maxSide is the largest side that a tower may ask for, maxTensor the most pixels.
const (
	maxSide   = 16384
	maxTensor = 1 << 25
)

var (
	openAIMean = [3]float32{0.48145466, 0.4578275, 0.40821073}
	openAIStd  = [3]float32{0.26862954, 0.26130258, 0.27577711}
	half       = [3]float32{0.5, 0.5, 0.5}
	ones       = [3]float32{1, 1, 1}
)

// OpenAI returns the pipeline of OpenAI's clip.load: the shorter side to size by bicubic resampling in the picture's
// own mode, the middle square, RGB, OpenAI's mean and deviation.
func OpenAI(size int) Config {
	return Config{
		Resize: Shortest, Height: size, Width: size, Filter: Bicubic,
		Crop: RoundEven, CropHeight: size, CropWidth: size,
		Scale: 1.0 / 255, Mean: openAIMean, Std: openAIStd, Divide: ones,
	}
}

// CLIP returns the pipeline of transformers' CLIPImageProcessor with this mean and deviation. Errors wrap ErrConfig.
func CLIP(size int, mean, std [3]float32) (Config, error) {
	c := OpenAI(size)
	c.Colors, c.Crop, c.Mean, c.Std = OnWhite, RoundDown, mean, std
	return c, c.Validate()
}

// MobileCLIP returns the pipeline of Apple's ml-mobileclip: RGB, the shorter side to size by bilinear resampling, the middle
// square, values from 0 to 1.
func MobileCLIP(size int) Config {
	return Config{
		Colors: RGBFirst,
		Resize: Shortest, Height: size, Width: size, Filter: Bilinear,
		Crop: RoundEven, CropHeight: size, CropWidth: size,
		Scale: 1.0 / 255, Std: ones, Divide: ones,
	}
}

// Size returns the height and width in pixels that every picture comes out with, or 0 and 0 if that depends on the picture
// (NaFlex, KeepSize without a crop).
func (c Config) Size() (height, width int) {
	switch {
	case c.Crop != NoCrop:
		return c.CropHeight, c.CropWidth
	case c.Resize == Exact:
		return c.Height, c.Width
	}
	return 0, 0
}

// Validate returns what is wrong with the configuration, wrapping ErrConfig.
func (c Config) Validate() error {
	side := func(name string, n int) error {
		if n < 1 || n > maxSide {
			return badConfig("%s is %d pixels; 1 to %d are possible", name, n, maxSide)
		}
		return nil
	}
	area := func(height, width int) error {
		if height < 1 || width < 1 || height > maxTensor/width {
			return badConfig("a tensor of %d x %d pixels; %d pixels are possible", height, width, maxTensor)
		}
		return nil
	}
	var problems []error
	switch c.Resize {
	case KeepSize:
	case Shortest:
		problems = append(problems, side("size", c.Height))
	case Cover, Contain, Exact:
		problems = append(problems, side("height", c.Height), side("width", c.Width), area(c.Height, c.Width))
	case NaFlex:
		problems = append(problems, side("patch size", c.PatchSize))
		problems = append(problems, area(c.MaxPatches, c.PatchSize*c.PatchSize))
		if c.Crop != NoCrop {
			problems = append(problems, badConfig("NaFlex pictures are not cropped"))
		}
	default:
		problems = append(problems, badConfig("unknown rule of resizing %d", c.Resize))
	}
	if c.Crop != NoCrop {
		problems = append(problems, side("crop height", c.CropHeight), side("crop width", c.CropWidth), area(c.CropHeight, c.CropWidth))
	}
	if c.Crop > RoundDown || c.Colors > OnWhite {
		problems = append(problems, badConfig("unknown rule of cropping %d or colours %d", c.Crop, c.Colors))
	}
	if c.Filter < Nearest || c.Filter > Hamming {
		problems = append(problems, badConfig("unknown resampling filter %d; Pillow has 0 to 5", c.Filter))
	}
	problems = append(problems, c.validateValues())
	for _, err := range problems {
		if err != nil {
			return err
		}
	}
	return nil
}

func (c Config) validateValues() error {
	finite := func(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
	if !finite(c.Scale) || c.Scale == 0 || !finite(float64(c.Offset)) {
		return badConfig("rescaling by %g less %g", c.Scale, c.Offset)
	}
	for k := range 3 {
		if !finite(float64(c.Mean[k])) {
			return badConfig("mean %v", c.Mean)
		}
		if std, divide := float64(c.Std[k]), float64(c.Divide[k]); !finite(std) || std == 0 || !finite(divide) || divide == 0 {
			return badConfig("standard deviation %v", c.Std)
		}
	}
	return nil
}

// String describes the pipeline in a line.
func (c Config) String() string {
	s := [...]string{KeepSize: "as it is", Shortest: "shorter side", Cover: "covering", Contain: "inside", Exact: "exactly", NaFlex: "NaFlex"}
	colors := [...]string{ResizeFirst: "in its own mode", RGBFirst: "as RGB", OnWhite: "as RGB on white"}
	if c.Validate() != nil {
		return "invalid"
	}
	text := fmt.Sprintf("resized %s", s[c.Resize])
	switch c.Resize {
	case NaFlex:
		text += fmt.Sprintf(" to %d patches of %d", c.MaxPatches, c.PatchSize)
	case Shortest:
		text += fmt.Sprintf(" %d", c.Height)
	case Cover, Contain, Exact:
		text += fmt.Sprintf(" %dx%d", c.Width, c.Height)
	}
	text += fmt.Sprintf(" %s %s", c.Filter, colors[c.Colors])
	if c.Crop != NoCrop {
		text += fmt.Sprintf(", middle %dx%d", c.CropWidth, c.CropHeight)
	}
	return text + fmt.Sprintf(", mean %v, std %v", c.Mean, c.Std)
}

// table returns the float32 value of every byte in every channel.
func (c Config) table() *[3][256]float32 {
	t := new([3][256]float32)
	for k := range t {
		for v := range t[k] {
			x := float32(float64(v) * c.Scale)
			x = float32(x - c.Offset)
			x = float32(x - c.Mean[k])
			x = float32(x / c.Std[k])
			t[k][v] = float32(x / c.Divide[k])
		}
	}
	return t
}
