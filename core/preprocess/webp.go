package preprocess

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/image/vp8"
	"golang.org/x/image/vp8l"
)

// riffChunk is a chunk of a WebP file (WebP container specification).
type riffChunk struct {
	name string
	body []byte
}

// riffChunks splits a sequence of chunks. Each must be whole.
func riffChunks(data []byte) ([]riffChunk, error) {
	var chunks []riffChunk
	for len(data) >= 8 {
		size := uint64(binary.LittleEndian.Uint32(data[4:]))
		if size > uint64(len(data)-8) {
			return nil, notImage("WebP cut short in its %q chunk", data[:4])
		}
		chunks = append(chunks, riffChunk{string(data[:4]), data[8 : 8+size]})
		data = data[min(8+size+size&1, uint64(len(data))):]
	}
	return chunks, nil
}

// webpFrame is one coded picture and where it lies on the canvas.
type webpFrame struct {
	left, top     int
	width, height int // as the container says; 0 if it does not
	alpha         []byte
	lossy         []byte
	lossless      []byte
}

// take sorts the chunks of a picture.
func (f *webpFrame) take(chunks []riffChunk) {
	for _, c := range chunks {
		switch {
		case f.lossy != nil || f.lossless != nil:
			return
		case c.name == "ALPH":
			f.alpha = c.body
		case c.name == "VP8 ":
			f.lossy = c.body
		case c.name == "VP8L":
			f.lossless = c.body
		}
	}
}

// VP8X flags.
const (
	webpAnimated = 0x02
	webpAlpha    = 0x10
)

func decodeWebP(data []byte) (*Picture, error) {
	size := uint64(binary.LittleEndian.Uint32(data[4:]))
	if size+8 > uint64(len(data)) {
		return nil, notImage("WebP cut short")
	}
	chunks, err := riffChunks(data[12 : 8+max(4, size)])
	if err != nil {
		return nil, err
	}
	if len(chunks) == 0 {
		return nil, notImage("WebP without a picture")
	}
	frame := new(webpFrame)
	if head := chunks[0]; head.name != "VP8X" {
		frame.take(chunks[:1])
		return frame.decode(0, 0, len(frame.lossless) > 4 && frame.lossless[4]&0x10 != 0)
	}
	head := chunks[0].body
	if len(head) < 10 {
		return nil, notImage("WebP header of %d bytes", len(head))
	}
	width, height := 1+int(uint24(head[4:])), 1+int(uint24(head[7:]))
	if err := checkSize("WebP", uint64(width), uint64(height), 4); err != nil {
		return nil, err
	}
	if head[0]&webpAnimated == 0 {
		frame.width, frame.height = width, height
		frame.take(chunks)
	} else if err := frame.takeAnimation(chunks, width, height); err != nil {
		return nil, err
	}
	p, err := frame.decode(width, height, head[0]&webpAlpha != 0)
	if err != nil {
		return nil, err
	}
	var exif, xmp []byte
	for _, c := range chunks {
		switch c.name {
		case "EXIF":
			exif = c.body
		case "XMP ":
			xmp = c.body
		}
	}
	p.orientation = orientationOf(exif, xmp)
	return p, nil
}

func uint24(b []byte) uint32 { return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 }

// takeAnimation reads the first frame of an animation.
func (f *webpFrame) takeAnimation(chunks []riffChunk, width, height int) error {
	declared := false
	for _, c := range chunks {
		declared = declared || c.name == "ANIM"
		if c.name != "ANMF" || !declared {
			continue
		}
		if len(c.body) < 16 {
			return notImage("WebP frame of %d bytes", len(c.body))
		}
		f.left, f.top = 2*int(uint24(c.body)), 2*int(uint24(c.body[3:]))
		f.width, f.height = 1+int(uint24(c.body[6:])), 1+int(uint24(c.body[9:]))
		if f.left+f.width > width || f.top+f.height > height {
			return notImage("WebP with a frame outside the picture")
		}
		inner, err := riffChunks(c.body[16:])
		if err != nil {
			return err
		}
		f.take(inner)
		return nil
	}
	return notImage("WebP animation without frames")
}

// decode decodes the frame and puts it on a canvas of this size; 0 x 0 is the frame's own. Outside of the frame there is
// transparent black.
func (f *webpFrame) decode(width, height int, alpha bool) (*Picture, error) {
	mode := RGB
	if alpha {
		mode = RGBA
	}
	var p *Picture
	var err error
	switch {
	case f.lossless != nil:
		p, err = f.decodeLossless(mode)
	case f.lossy != nil:
		p, err = f.decodeLossy(mode)
	default:
		err = notImage("WebP without a picture")
	}
	if err != nil || width == 0 || p.width == width && p.height == height {
		return p, err
	}
	canvas := newPicture(mode, width, height)
	for y := range p.height {
		copy(canvas.row(f.top + y)[f.left*mode.bytes():], p.row(y))
	}
	return canvas, nil
}

// checkFrame checks the size in a picture's own header, before it is decoded.
func (f *webpFrame) checkFrame(width, height int, bytesPerPixel uint64) error {
	if f.width != 0 && (f.width != width || f.height != height) {
		return notImage("WebP of %d x %d pixels with a picture of %d x %d", f.width, f.height, width, height)
	}
	return checkSize("WebP", uint64(width), uint64(height), bytesPerPixel)
}

func (f *webpFrame) decodeLossless(mode Mode) (*Picture, error) {
	pixels, width, height, err := f.lossless4(f.lossless)
	if err != nil {
		return nil, err
	}
	if mode == RGB { // in place: large pictures have no room for a copy
		for i := range width * height {
			copy(pixels[3*i:3*i+3], pixels[4*i:])
		}
		pixels = pixels[:3*width*height]
	}
	return &Picture{mode: mode, width: width, height: height, pixels: pixels}, nil
}

// lossless4 decodes a VP8L bitstream to four bytes a pixel.
func (f *webpFrame) lossless4(data []byte) (pixels []byte, width, height int, err error) {
	config, err := vp8l.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, 0, 0, notImage("WebP: %v", cutShort(err))
	}
	if err := f.checkFrame(config.Width, config.Height, 4); err != nil {
		return nil, 0, 0, err
	}
	decoded, err := vp8l.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, 0, 0, notImage("WebP: %v", cutShort(err))
	}
	m := straight(decoded)
	return m.Pix, config.Width, config.Height, nil
}

func (f *webpFrame) decodeLossy(mode Mode) (*Picture, error) {
	decoder := vp8.NewDecoder()
	decoder.Init(bytes.NewReader(f.lossy), len(f.lossy))
	header, err := decoder.DecodeFrameHeader()
	if err != nil {
		return nil, notImage("WebP: %v", cutShort(err))
	}
	if !header.KeyFrame || !header.ShowFrame || header.VersionNumber > 3 {
		return nil, notImage("WebP with a frame that is no picture")
	}
	perPixel := uint64(5) // planes of 1.5 bytes a pixel, then RGB
	if mode == RGBA {
		perPixel = 7 // alpha too
	}
	if err := f.checkFrame(header.Width, header.Height, perPixel); err != nil {
		return nil, err
	}
	var alpha []byte
	if mode == RGBA && f.alpha != nil {
		if alpha, err = f.decodeAlpha(header.Width, header.Height); err != nil {
			return nil, err
		}
	}
	planes, err := decoder.DecodeFrame()
	if err != nil {
		return nil, notImage("WebP: %v", cutShort(err))
	}
	p := newPicture(mode, header.Width, header.Height)
	limitedRange(p, planes)
	if mode == RGBA {
		for i := range p.width * p.height {
			p.pixels[4*i+3] = 255
			if alpha != nil {
				p.pixels[4*i+3] = alpha[i]
			}
		}
	}
	return p, nil
}
