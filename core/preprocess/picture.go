package preprocess

// Mode says what the bytes of a picture are, as Pillow's modes do.
type Mode uint8

const (
	// Bilevel is Pillow's "1": a byte a pixel, 0 or 255.
	Bilevel Mode = iota
	// Gray is "L": a byte a pixel.
	Gray
	// GrayAlpha is "LA": gray and alpha, not premultiplied.
	GrayAlpha
	// Gray16 is "I;16": two bytes a pixel, the low one first.
	Gray16
	// Indexed is "P": a byte a pixel, an index into a palette.
	Indexed
	// RGB has three bytes a pixel.
	RGB
	// RGBA has red, green, blue and alpha, not premultiplied.
	RGBA
	// CMYK has cyan, magenta, yellow and black, 255 being full ink.
	CMYK
)

var modes = [...]struct {
	name  string
	bytes int // a pixel
}{
	Bilevel: {"1", 1}, Gray: {"L", 1}, GrayAlpha: {"LA", 2}, Gray16: {"I;16", 2},
	Indexed: {"P", 1}, RGB: {"RGB", 3}, RGBA: {"RGBA", 4}, CMYK: {"CMYK", 4},
}

// String returns Pillow's name of the mode.
func (m Mode) String() string { return modes[m].name }

func (m Mode) bytes() int { return modes[m].bytes }

// Picture is a decoded picture in the mode of its file. It is not changed once it is made and may be used by several
// goroutines at a time.
type Picture struct {
	mode          Mode
	width, height int
	pixels        []byte // height x width x mode.bytes()
	palette       *palette
	key           *[3]byte // the colour that is transparent (PNG's tRNS, GIF without a palette), after conversion to RGB
	orientation   int      // EXIF, 1 to 8; 0 is none
}

// palette maps the indices of an Indexed picture. Entries that the file does not have are black and opaque.
type palette struct {
	colors      [256][3]byte
	alpha       [256]byte
	transparent bool // the file gives alpha values
}

func newPalette() *palette {
	p := new(palette)
	for i := range p.alpha {
		p.alpha[i] = 255
	}
	return p
}

// newPicture allocates a picture whose size was checked.
func newPicture(mode Mode, width, height int) *Picture {
	return &Picture{mode: mode, width: width, height: height, pixels: make([]byte, width*height*mode.bytes())}
}

// Size returns the width and height in pixels.
func (p *Picture) Size() (width, height int) { return p.width, p.height }

// Mode returns the mode that the picture was stored in.
func (p *Picture) Mode() Mode { return p.mode }

// Native returns the pixels in the picture's own mode, height x width x bytes. They must not be changed.
func (p *Picture) Native() []byte { return p.pixels }

// Orientation returns the EXIF orientation, 1 (upright) to 8, and 1 when the file does not say.
func (p *Picture) Orientation() int { return max(1, p.orientation) }

func (p *Picture) row(y int) []byte {
	stride := p.width * p.mode.bytes()
	return p.pixels[y*stride:][:stride]
}

// RGB returns height x width x 3 bytes as Pillow's convert("RGB") does: alpha and transparent colours are ignored.
func (p *Picture) RGB() []byte { return p.convert(p.rgbRow) }

// OnWhite returns height x width x 3 bytes with transparent pixels on a white ground, as transformers 5 converts.
func (p *Picture) OnWhite() []byte { return p.convert(p.whiteRow) }

func (p *Picture) convert(row func(out []byte, y int)) []byte {
	out := make([]byte, 3*p.width*p.height)
	for y := range p.height {
		row(out[3*p.width*y:][:3*p.width], y)
	}
	return out
}
