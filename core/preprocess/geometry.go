package preprocess

import (
	"fmt"
	"math"
)

// maxResized bounds the pixels of a resized picture before it is cropped. Thin pictures grow beyond all bounds when their
// shorter side is brought to the tower's; no reference can hold those.
const maxResized = 1 << 30

// resizedSize returns the size that a picture of this size is resized to.
func (c Config) resizedSize(width, height int) (w, h int, err error) {
	fw, fh := float64(width), float64(height)
	switch c.Resize {
	case Shortest:
		if width <= height {
			w, h = c.Height, side(float64(c.Height)*fh/fw)
		} else {
			w, h = side(float64(c.Height)*fw/fh), c.Height
		}
	case Cover:
		ratio := min(fh/float64(c.Height), fw/float64(c.Width))
		w, h = side(math.RoundToEven(fw/ratio)), side(math.RoundToEven(fh/ratio))
	case Contain:
		ratio := max(fh/float64(c.Height), fw/float64(c.Width))
		w, h = side(math.RoundToEven(fw/ratio)), side(math.RoundToEven(fh/ratio))
	case Exact:
		w, h = c.Width, c.Height
	case NaFlex:
		w, h = c.patchedSize(fw, fh)
	default:
		w, h = width, height
	}
	if w < 1 || h < 1 {
		return 0, 0, fmt.Errorf("%w: a picture of %d x %d pixels shrinks to %d x %d", ErrUnsupported, width, height, w, h)
	}
	if w > maxResized/h {
		return 0, 0, fmt.Errorf("%w: a picture of %d x %d pixels grows to %d x %d", ErrTooLarge, width, height, w, h)
	}
	return w, h, nil
}

// side rounds down, and brings what is beyond all bounds just beyond them.
func side(v float64) int { return int(min(v, maxResized+1)) }

// patchedSize searches for the largest scale at which the picture, in whole patches, has at most MaxPatches of them
// (transformers' get_image_size_for_max_num_patches, Siglip2ImageProcessor).
func (c Config) patchedSize(width, height float64) (w, h int) {
	const epsilon = 1e-5
	patch := float64(c.PatchSize)
	patches := func(side, scale float64) float64 { return max(1, math.Ceil(side*scale/patch)) }
	low, high := epsilon/10, 100.0
	for high-low >= epsilon {
		scale := (low + high) / 2
		if patches(height, scale)*patches(width, scale) <= float64(c.MaxPatches) {
			low = scale
		} else {
			high = scale
		}
	}
	return int(patches(width, low)) * c.PatchSize, int(patches(height, low)) * c.PatchSize
}

// margin returns how many of size pixels lie before the middle part of crop pixels; below zero, how many are missing.
func (c Crop) margin(size, crop int) int {
	spare := size - crop
	switch {
	case c == RoundDown:
		return int(math.Floor(float64(spare) / 2))
	case spare < 0:
		return -(-spare / 2)
	}
	return int(math.RoundToEven(float64(spare) / 2))
}
