package preprocess

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"io"
)

const pngMagic = "\x89PNG\r\n\x1a\n"

// pngKinds maps depth and colour type to the mode that Pillow reads them in.
var pngKinds = map[[2]byte]struct {
	mode    Mode
	samples int
}{
	{1, 0}: {Bilevel, 1}, {2, 0}: {Gray, 1}, {4, 0}: {Gray, 1}, {8, 0}: {Gray, 1}, {16, 0}: {Gray16, 1},
	{8, 2}: {RGB, 3}, {16, 2}: {RGB, 3},
	{1, 3}: {Indexed, 1}, {2, 3}: {Indexed, 1}, {4, 3}: {Indexed, 1}, {8, 3}: {Indexed, 1},
	{8, 4}: {GrayAlpha, 2}, {16, 4}: {RGBA, 2}, // sixteen bits of gray and alpha become RGBA
	{8, 6}: {RGBA, 4}, {16, 6}: {RGBA, 4},
}

// pngFile holds what the chunks of a PNG file say (PNG specification, third edition).
type pngFile struct {
	depth, colorType byte
	interlaced       bool
	mode             Mode
	samples          int
	width, height    int
	frame            [4]int // left, top, width and height of what the image data covers; an animation's may be a part
	frames           int    // fcTL chunks so far

	palette *palette
	key     *[3]byte
	exif    []byte
	xmp     []byte
	data    [][]byte // the image data chunks
	size    uint64   // bytes in them
}

func decodePNG(data []byte) (*Picture, error) {
	f := new(pngFile)
	rest := data[len(pngMagic):]
	rest, err := f.readHeader(rest)
	if err != nil {
		return nil, err
	}
	rest = f.readImageData(rest)
	if err := f.readTrailer(rest); err != nil {
		return nil, err
	}
	picture, err := f.decode()
	if err != nil {
		return nil, err
	}
	picture.palette, picture.key = f.palette, f.key
	picture.orientation = orientationOf(f.exif, f.xmp)
	return picture, nil
}

// nextChunk splits off a chunk: its name, its bytes, and what follows its checksum. ok is false at the end of the data;
// a chunk that is cut short has whole false.
func nextChunk(data []byte) (name string, body, rest []byte, whole, ok bool) {
	if len(data) < 8 {
		return "", nil, nil, false, false
	}
	for _, c := range data[4:8] {
		if c|0x20 < 'a' || c|0x20 > 'z' {
			return "", nil, nil, false, false
		}
	}
	n := uint64(binary.BigEndian.Uint32(data))
	name, data = string(data[4:8]), data[8:]
	if n+4 > uint64(len(data)) {
		return name, data[:min(n, uint64(len(data)))], nil, n <= uint64(len(data)), true
	}
	return name, data[:n], data[n+4:], true, true
}

// readHeader reads the chunks before the image data, whose checksums must hold, and returns what begins with it.
func (f *pngFile) readHeader(data []byte) ([]byte, error) {
	for {
		name, body, rest, whole, ok := nextChunk(data)
		switch {
		case !ok || name == "IEND":
			return nil, notImage("PNG without image data")
		case name == "IDAT":
			if f.mode.bytes() == 0 || f.width == 0 {
				return nil, notImage("PNG without a header")
			}
			return data, nil
		case !whole || len(data) < 12+len(body):
			return nil, notImage("PNG cut short in its %s chunk", name)
		case crc32.ChecksumIEEE(data[4:8+len(body)]) != binary.BigEndian.Uint32(data[8+len(body):]):
			return nil, notImage("PNG with a wrong checksum in its %s chunk", name)
		}
		if err := f.take(name, body); err != nil {
			return nil, err
		}
		data = rest
	}
}

// readImageData collects the image data chunks. Their checksums do not count, nor that the last one is whole, if the
// compressed data in them is.
func (f *pngFile) readImageData(data []byte) []byte {
	for {
		name, body, rest, _, ok := nextChunk(data)
		if !ok || name != "IDAT" {
			return data
		}
		f.data = append(f.data, body)
		f.size += uint64(len(body))
		data = rest
	}
}

// readTrailer reads the chunks after the image data: as far as they go, but none may be cut short.
func (f *pngFile) readTrailer(data []byte) error {
	for {
		name, body, rest, whole, ok := nextChunk(data)
		if !ok || name == "IEND" {
			return nil
		}
		if !whole {
			return notImage("PNG cut short in its %s chunk", name)
		}
		if name == "eXIf" || name == "tRNS" || name == "iTXt" || name == "tEXt" || name == "zTXt" {
			if err := f.take(name, body); err != nil {
				return err
			}
		}
		data = rest
	}
}

func (f *pngFile) take(name string, body []byte) error {
	if f.width == 0 && name != "IHDR" {
		return nil
	}
	switch name {
	case "IHDR":
		return f.takeHeader(body)
	case "PLTE":
		if f.mode == Indexed {
			for i := range min(256, len(body)/3) {
				f.palette.colors[i] = [3]byte(body[3*i:])
			}
		}
	case "tRNS":
		return f.takeTransparency(body)
	case "fcTL":
		return f.takeFrameControl(body)
	case "eXIf":
		f.exif = body
	case "iTXt":
		f.takeText(body)
	case "tEXt", "zTXt":
		if f.exif == nil {
			f.exif = rawProfile(name, body)
		}
	}
	return nil
}

func (f *pngFile) takeHeader(body []byte) error {
	if len(body) < 13 {
		return notImage("PNG header of %d bytes", len(body))
	}
	width, height := binary.BigEndian.Uint32(body), binary.BigEndian.Uint32(body[4:])
	f.depth, f.colorType, f.interlaced = body[8], body[9], body[12] != 0
	kind, ok := pngKinds[[2]byte{f.depth, f.colorType}]
	if !ok || body[11] != 0 {
		return notImage("PNG of colour type %d, depth %d, filter method %d", f.colorType, f.depth, body[11])
	}
	f.mode, f.samples = kind.mode, kind.samples
	if f.mode == Indexed {
		f.palette = newPalette()
	}
	if err := checkSize("PNG", uint64(width), uint64(height), uint64(f.mode.bytes())); err != nil {
		return err
	}
	f.width, f.height = int(width), int(height)
	f.frame = [4]int{0, 0, f.width, f.height}
	return nil
}

// takeTransparency reads the alpha of palette entries or the transparent colour, of which Pillow compares the low bytes
// with the pixels after their conversion to 8 bits.
func (f *pngFile) takeTransparency(body []byte) error {
	switch f.mode {
	case Indexed:
		if len(body) > 256 {
			return notImage("PNG with %d alpha values", len(body))
		}
		copy(f.palette.alpha[:], body)
		// Alpha values that are all 255 say nothing, but Pillow still counts the picture as transparent.
		f.palette.transparent = true
	case RGB:
		if len(body) < 6 {
			return notImage("PNG transparency of %d bytes", len(body))
		}
		f.key = &[3]byte{body[1], body[3], body[5]}
	case Bilevel, Gray, Gray16:
		if len(body) < 2 {
			return notImage("PNG transparency of %d bytes", len(body))
		}
		gray := body[1]
		if f.mode == Bilevel && (body[0] != 0 || body[1] != 0) {
			gray = 255
		}
		f.key = &[3]byte{gray, gray, gray}
	}
	return nil
}

// takeFrameControl reads where the first frame of an animation lies, if that is the image data.
func (f *pngFile) takeFrameControl(body []byte) error {
	if len(body) < 26 {
		return notImage("PNG frame control of %d bytes", len(body))
	}
	var v [5]uint64
	for i := range v {
		v[i] = uint64(binary.BigEndian.Uint32(body[4*i:]))
	}
	if v[0] != uint64(f.frames) {
		return notImage("PNG with animation frames out of order")
	}
	f.frames++
	if v[1] == 0 || v[2] == 0 || v[3]+v[1] > uint64(f.width) || v[4]+v[2] > uint64(f.height) {
		return notImage("PNG with an animation frame outside the picture")
	}
	f.frame = [4]int{int(v[3]), int(v[4]), int(v[1]), int(v[2])}
	return nil
}

// takeText keeps XMP data that is not compressed.
func (f *pngFile) takeText(body []byte) {
	if rest, ok := bytes.CutPrefix(body, []byte("XML:com.adobe.xmp\x00\x00")); ok {
		f.xmp = rest
	}
}

// rawProfile reads EXIF data as ImageMagick writes it into text chunks: in hexadecimal, after three lines.
func rawProfile(name string, body []byte) []byte {
	text, ok := bytes.CutPrefix(body, []byte("Raw profile type exif\x00"))
	if !ok {
		return nil
	}
	if name == "zTXt" {
		const most = 1 << 20 // Pillow's MAX_TEXT_CHUNK
		if len(text) == 0 || text[0] != 0 {
			return nil
		}
		z, err := openZlib(bytes.NewReader(text[1:]))
		if err != nil {
			return nil
		}
		if text, err = io.ReadAll(io.LimitReader(z, most)); err != nil {
			return nil
		}
	}
	lines := bytes.SplitN(text, []byte("\n"), 4)
	if len(lines) < 4 {
		return nil
	}
	digits := bytes.ReplaceAll(lines[3], []byte("\n"), nil)
	exif := make([]byte, hex.DecodedLen(len(digits)))
	if _, err := hex.Decode(exif, digits); err != nil {
		return nil
	}
	return exif
}
