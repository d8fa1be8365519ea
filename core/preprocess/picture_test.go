package preprocess

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	gojpeg "image/jpeg"
	"image/png"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestUpright turns a picture of every mode and compares pixel by pixel with what EXIF says of the orientations.
func TestUpright(t *testing.T) {
	const w, h = 5, 3
	places := map[int]func(x, y int) (int, int){ // of the stored picture, for a place in the upright one
		1: func(x, y int) (int, int) { return x, y },
		2: func(x, y int) (int, int) { return w - 1 - x, y },
		3: func(x, y int) (int, int) { return w - 1 - x, h - 1 - y },
		4: func(x, y int) (int, int) { return x, h - 1 - y },
		5: func(x, y int) (int, int) { return y, x },
		6: func(x, y int) (int, int) { return y, h - 1 - x },
		7: func(x, y int) (int, int) { return w - 1 - y, h - 1 - x },
		8: func(x, y int) (int, int) { return w - 1 - y, x },
	}
	for m := range modes {
		p := newPicture(Mode(m), w, h)
		n := p.mode.bytes()
		for i := range p.pixels {
			p.pixels[i] = byte(i)
		}
		for orientation, place := range places {
			p.orientation = orientation
			u := p.Upright()
			require.Equal(t, 1, u.Orientation())
			width, height := u.Size()
			require.Equal(t, orientation >= 5, width != w, "orientation %d", orientation)
			for y := range height {
				for x := range width {
					fromX, fromY := place(x, y)
					require.Equal(t, p.row(fromY)[fromX*n:][:n], u.row(y)[x*n:][:n], "%s, orientation %d, %d, %d", p.mode, orientation, x, y)
				}
			}
		}
	}
}

func TestOrientationSources(t *testing.T) {
	exif := func(order string, kind, value int) []byte {
		if order == "II" {
			return []byte("II*\x00\x08\x00\x00\x00\x01\x00\x12\x01" + le16(uint16(kind)) + le32(1) + le32(uint32(value)) + le32(0))
		}
		return []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12" + be16(uint16(kind)) + be32(1) + be16(uint16(value)) + "\x00\x00" + be32(0))
	}
	xmp := []byte(`<x:xmpmeta><rdf:Description tiff:Orientation="8"/>`)
	element := []byte(`<tiff:Orientation>5</tiff:Orientation>`)
	for _, c := range []struct {
		exif, xmp []byte
		want      int
	}{
		{nil, nil, 0},
		{exif("II", 3, 6), nil, 6},
		{exif("MM", 3, 3), xmp, 3},
		{append([]byte("Exif\x00\x00"), exif("II", 4, 7)...), nil, 7},
		{exif("II", 3, 9), xmp, 1}, // out of range means upright, and XMP is not asked
		{exif("II", 2, 6), xmp, 8}, // text
		{nil, xmp, 8},
		{nil, element, 5},
		{exif("II", 3, 6)[:15], element, 5},
		{[]byte("II*\x00\xFF\xFF\xFF\xFF"), nil, 0},
		{[]byte("MM\x00*\x00\x00\x00\x08\xFF\xFF"), nil, 0},
	} {
		require.Equal(t, c.want, orientationOf(c.exif, c.xmp), "%q %q", c.exif, c.xmp)
	}
}

// scenery draws an image with colours and, if it is wanted, alpha.
func scenery(w, h int, alpha bool) *image.NRGBA {
	r := rand.New(rand.NewPCG(1, 2))
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = byte(r.Uint32())
		if i%4 == 3 && !alpha {
			m.Pix[i] = 255
		}
	}
	return m
}

// TestFromImage: an image that Go decoded makes the same picture as the file.
func TestFromImage(t *testing.T) {
	b := image.Rect(0, 0, 13, 7)
	opaque, clear := scenery(13, 7, false), scenery(13, 7, true)
	gray, gray16, deep := image.NewGray(b), image.NewGray16(b), image.NewNRGBA64(b)
	paletted := image.NewPaletted(b, color.Palette{color.Black, color.White, color.NRGBA{200, 100, 50, 128}})
	for i := range gray.Pix {
		gray.Pix[i] = byte(i)
		paletted.Pix[i] = byte(i % 3)
	}
	for i := range gray16.Pix {
		gray16.Pix[i] = byte(i * 37)
	}
	for i := range deep.Pix {
		deep.Pix[i] = byte(i * 41)
	}
	for _, m := range []image.Image{opaque, clear, gray, gray16, deep, paletted} {
		var file bytes.Buffer
		require.NoError(t, png.Encode(&file, m))
		want, err := Decode(file.Bytes())
		require.NoError(t, err)
		decoded, err := png.Decode(bytes.NewReader(file.Bytes()))
		require.NoError(t, err)
		got, err := FromImage(decoded)
		require.NoError(t, err)
		require.Equal(t, want.Mode(), got.Mode(), "%T", m)
		require.Equal(t, want.Native(), got.Native(), "%T", m)
		require.Equal(t, want.OnWhite(), got.OnWhite(), "%T", m)
	}

	// Premultiplied images come back to within rounding; opaque ones exactly.
	premultiplied := image.NewRGBA(b)
	draw.Draw(premultiplied, b, opaque, image.Point{}, draw.Src)
	got, err := FromImage(premultiplied)
	require.NoError(t, err)
	want, err := FromImage(opaque)
	require.NoError(t, err)
	require.Equal(t, want, got)
	draw.Draw(premultiplied, b, clear, image.Point{}, draw.Src)
	got, err = FromImage(premultiplied)
	require.NoError(t, err)
	require.Equal(t, RGBA, got.Mode())

	// A part of an image.
	part, err := FromImage(opaque.SubImage(image.Rect(3, 2, 9, 6)))
	require.NoError(t, err)
	require.Equal(t, [2]int{6, 4}, [2]int{part.width, part.height})
	require.Equal(t, want.row(2)[3*3:9*3], part.row(0))

	_, err = FromImage(image.NewGray(image.Rect(0, 0, 0, 5)))
	require.ErrorIs(t, err, ErrNotImage)
	_, err = FromImage(image.NewUniform(color.White))
	require.ErrorIs(t, err, ErrTooLarge)
	_, err = FromImage(&image.Paletted{Rect: b, Stride: 13, Pix: make([]byte, 91), Palette: make(color.Palette, 300)})
	require.ErrorIs(t, err, ErrNotImage)
}

// TestFromImageOfJPEG: Go's planes, interpolated and converted as libjpeg does, come within three levels of libjpeg; so does
// gray, whose planes are the pixels.
func TestFromImageOfJPEG(t *testing.T) {
	for _, name := range []string{"jpeg_420.jpg", "jpeg_420_small.jpg", "jpeg_422.jpg", "jpeg_444.jpg", "jpeg_progressive.jpg", "jpeg_gray.jpg", "tall.jpg"} {
		m, err := gojpeg.Decode(bytes.NewReader(golden(t, name)))
		require.NoError(t, err)
		got, err := FromImage(m)
		require.NoError(t, err)
		want, err := Decode(golden(t, name))
		require.NoError(t, err)
		require.Equal(t, want.Mode(), got.Mode(), name)
		worst := 0
		for i, v := range want.pixels {
			worst = max(worst, int(v)-int(got.pixels[i]), int(got.pixels[i])-int(v))
		}
		require.LessOrEqual(t, worst, 3, name)
	}
	m := image.NewYCbCr(image.Rect(0, 0, 8, 8), image.YCbCrSubsampleRatio420)
	for i := range m.Y {
		m.Y[i] = byte(i)
	}
	aligned, err := FromImage(m.SubImage(image.Rect(2, 2, 8, 8)))
	require.NoError(t, err)
	misaligned, err := FromImage(m.SubImage(image.Rect(1, 2, 8, 8)))
	require.NoError(t, err)
	require.Equal(t, aligned.row(0), misaligned.row(0)[3:])
}

// TestGIFOfGo: what image/gif writes reads the same as it was drawn.
func TestGIFOfGo(t *testing.T) {
	m := image.NewPaletted(image.Rect(0, 0, 40, 30), color.Palette{color.Black, color.White, color.NRGBA{200, 100, 50, 255}, color.NRGBA{1, 2, 3, 255}})
	for i := range m.Pix {
		m.Pix[i] = byte(i * i % 4)
	}
	var file bytes.Buffer
	require.NoError(t, gif.Encode(&file, m, nil))
	p, err := Decode(file.Bytes())
	require.NoError(t, err)
	require.Equal(t, m.Pix, p.Native())
}

// TestResultIsUsedAgain: a second picture leaves nothing of the first, and neither allocates once the memory is there.
func TestResultIsUsedAgain(t *testing.T) {
	small, err := FromImage(scenery(30, 20, true))
	require.NoError(t, err)
	large, err := FromImage(scenery(90, 300, false))
	require.NoError(t, err)
	naFlex := Config{Colors: RGBFirst, Resize: NaFlex, Filter: Bilinear, PatchSize: 4, MaxPatches: 50, Scale: 1.0 / 255, Std: half, Divide: ones}
	contain := OpenAI(32)
	contain.Resize, contain.Fill = Contain, 99
	for _, c := range []Config{OpenAI(32), contain, naFlex} {
		var r Result
		for _, p := range []*Picture{small, large, small} {
			fresh, err := c.Apply(p)
			require.NoError(t, err)
			require.NoError(t, c.ApplyTo(&r, p))
			require.Equal(t, fresh.Pixels, r.Pixels)
			require.Equal(t, fresh.Values, r.Values)
			require.Equal(t, [4]int{fresh.Width, fresh.Height, fresh.Rows, fresh.Columns}, [4]int{r.Width, r.Height, r.Rows, r.Columns})
		}
		few := testing.AllocsPerRun(3, func() { _ = c.ApplyTo(&r, large) })
		require.Less(t, few, 40.0, "%v", c)
	}
}

func TestPlanar(t *testing.T) {
	p, err := FromImage(scenery(9, 4, false))
	require.NoError(t, err)
	c := Config{Resize: KeepSize, Scale: 1, Std: ones, Divide: ones}
	r, err := c.Apply(p)
	require.NoError(t, err)
	planar := r.Planar()
	for i, v := range p.pixels {
		require.Equal(t, float32(v), r.Values[i])
		require.Equal(t, float32(v), planar[i%3*36+i/3])
	}
}
