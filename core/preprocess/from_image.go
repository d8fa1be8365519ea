package preprocess

import (
	"fmt"
	"image"
	"image/color"

	"github.com/goclip/goclip/core/preprocess/jpeg"
)

// FromImage makes a picture of an image that is decoded already. Gray, paletted, CMYK and 16-bit gray images keep their
// mode, opaque colour images become RGB, and all others RGBA; 16-bit colours keep their high byte. YCbCr images are taken
// for what image/jpeg decodes and converted as libjpeg does, which comes within 3 levels of Decode; prefer Decode where
// the file is at hand, above all for WebP. Errors wrap ErrTooLarge or ErrNotImage (no pixels).
func FromImage(m image.Image) (*Picture, error) {
	b := m.Bounds()
	if err := checkSize("image", uint64(max(0, b.Dx())), uint64(max(0, b.Dy())), 4); err != nil {
		return nil, err
	}
	switch m := m.(type) {
	case *image.Gray:
		return copyRows(Gray, b, m.Pix[m.PixOffset(b.Min.X, b.Min.Y):], m.Stride), nil
	case *image.CMYK:
		return copyRows(CMYK, b, m.Pix[m.PixOffset(b.Min.X, b.Min.Y):], m.Stride), nil
	case *image.Gray16:
		p := copyRows(Gray16, b, m.Pix[m.PixOffset(b.Min.X, b.Min.Y):], m.Stride)
		for i := 0; i < len(p.pixels); i += 2 {
			p.pixels[i], p.pixels[i+1] = p.pixels[i+1], p.pixels[i]
		}
		return p, nil
	case *image.Paletted:
		if len(m.Palette) > 256 {
			return nil, fmt.Errorf("%w: a palette of %d colours", ErrNotImage, len(m.Palette))
		}
		p := copyRows(Indexed, b, m.Pix[m.PixOffset(b.Min.X, b.Min.Y):], m.Stride)
		p.palette = newPalette()
		for i, c := range m.Palette {
			n := color.NRGBAModel.Convert(c).(color.NRGBA)
			p.palette.colors[i], p.palette.alpha[i] = [3]byte{n.R, n.G, n.B}, n.A
			p.palette.transparent = p.palette.transparent || n.A != 255
		}
		return p, nil
	case *image.YCbCr:
		if pixels := jpeg.FromYCbCr(m); pixels != nil {
			return &Picture{mode: RGB, width: b.Dx(), height: b.Dy(), pixels: pixels}, nil
		}
	}
	p := copyRows(RGBA, b, nil, 0)
	n := straight(m)
	for y := range p.height {
		copy(p.row(y), n.Pix[n.PixOffset(n.Rect.Min.X, n.Rect.Min.Y+y):])
	}
	if n.Opaque() {
		for i := range p.width * p.height {
			copy(p.pixels[3*i:3*i+3], p.pixels[4*i:])
		}
		p.mode, p.pixels = RGB, p.pixels[:3*p.width*p.height]
	}
	return p, nil
}

// copyRows makes a picture of the rows of an image; of no rows, a black one.
func copyRows(mode Mode, b image.Rectangle, pixels []byte, stride int) *Picture {
	p := newPicture(mode, b.Dx(), b.Dy())
	for y := range p.height {
		if pixels != nil {
			copy(p.row(y), pixels[y*stride:])
		}
	}
	return p
}

// straight returns the image without premultiplication.
func straight(m image.Image) *image.NRGBA {
	if n, ok := m.(*image.NRGBA); ok {
		return n
	}
	b := m.Bounds()
	n := image.NewNRGBA(b)
	if m, ok := m.(*image.RGBA); ok && m.Opaque() {
		for y := range b.Dy() {
			copy(n.Pix[y*n.Stride:][:n.Stride], m.Pix[m.PixOffset(b.Min.X, b.Min.Y+y):])
		}
		return n
	}
	if m, ok := m.(*image.NRGBA64); ok {
		for y := range b.Dy() {
			in, out := m.Pix[m.PixOffset(b.Min.X, b.Min.Y+y):], n.Pix[y*n.Stride:][:n.Stride]
			for i := range out {
				out[i] = in[2*i]
			}
		}
		return n
	}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			n.Set(x, y, m.At(x, y))
		}
	}
	return n
}
