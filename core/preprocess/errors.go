package preprocess

import (
	"errors"
	"fmt"
)

// MaxPixels is the largest picture that Decode accepts: Pillow's limit against decompression bombs.
const MaxPixels = 178_956_970

// maxMemory bounds what decoding one picture may allocate.
const maxMemory = 1 << 30

var (
	// ErrNotImage says that the data is no picture, or a broken one that Pillow refuses too.
	ErrNotImage = errors.New("preprocess: not a readable picture")
	// ErrUnsupported says that a picture, or what a configuration asks for, is of a kind that cannot be done exactly.
	ErrUnsupported = errors.New("preprocess: unsupported")
	// ErrTooLarge says that a picture has more than MaxPixels pixels or takes too much memory.
	ErrTooLarge = errors.New("preprocess: too large")
	// ErrConfig says that a configuration is wrong.
	ErrConfig = errors.New("preprocess: bad configuration")
)

func notImage(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrNotImage, fmt.Sprintf(format, args...))
}

func unsupported(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUnsupported, fmt.Sprintf(format, args...))
}

func badConfig(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrConfig, fmt.Sprintf(format, args...))
}

// checkSize refuses sizes that a header claims before anything is allocated for them. bytesPerPixel is all that decoding
// takes for a pixel at its height.
func checkSize(format string, width, height uint64, bytesPerPixel uint64) error {
	switch {
	case width == 0 || height == 0:
		return notImage("%s of %d x %d pixels", format, width, height)
	case width > MaxPixels || height > MaxPixels || width*height > MaxPixels:
		return fmt.Errorf("%w: %s of %d x %d pixels; %d pixels are allowed", ErrTooLarge, format, width, height, MaxPixels)
	case width*height*bytesPerPixel > maxMemory:
		return fmt.Errorf("%w: %s of %d x %d pixels takes %d MiB to decode; %d MiB are allowed", ErrTooLarge, format, width, height,
			width*height*bytesPerPixel>>20, maxMemory>>20)
	}
	return nil
}
