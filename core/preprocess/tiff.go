package preprocess

import (
	"encoding/binary"
	"slices"
)

// Tags of a TIFF directory (TIFF 6.0).
const (
	tiffWidth           = 256
	tiffHeight          = 257
	tiffBits            = 258
	tiffCompression     = 259
	tiffPhotometric     = 262
	tiffFillOrder       = 266
	tiffStripOffsets    = 273
	tiffSamples         = 277
	tiffRowsPerStrip    = 278
	tiffStripByteCounts = 279
	tiffPlanar          = 284
	tiffGroup3Options   = 292
	tiffPredictor       = 317
	tiffColorMap        = 320
	tiffTileWidth       = 322
	tiffTileHeight      = 323
	tiffTileOffsets     = 324
	tiffTileByteCounts  = 325
	tiffExtraSamples    = 338
	tiffSampleFormat    = 339
	tiffXMP             = 700
)

// tiffFile is the first directory of a TIFF file.
type tiffFile struct {
	data  []byte
	order binary.ByteOrder
	tags  map[uint16]tiffEntry
}

type tiffEntry struct {
	kind uint16
	body []byte
}

// tiffKinds gives the bytes of a value of each type.
var tiffKinds = [...]uint64{1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}

func decodeTIFF(data []byte) (*Picture, error) {
	order, at, _ := tiffHeader(data)
	f := &tiffFile{data: data, order: order, tags: map[uint16]tiffEntry{}}
	if err := f.readDirectory(uint64(at)); err != nil {
		return nil, err
	}
	layout, err := f.layout()
	if err != nil {
		return nil, err
	}
	p, err := layout.decode()
	if err != nil {
		return nil, err
	}
	// Pillow turns TIFF pictures upright when it loads them.
	p.orientation = 0
	if value, ok := exifOrientation(data, order, at); ok {
		p.orientation = value
	} else {
		p.orientation = orientationOf(nil, f.tags[tiffXMP].body)
	}
	return p.Upright(), nil
}

func (f *tiffFile) readDirectory(at uint64) error {
	size := uint64(len(f.data))
	if at+2 > size {
		return notImage("TIFF cut short")
	}
	count := uint64(f.order.Uint16(f.data[at:]))
	if at+2+12*count > size {
		return notImage("TIFF cut short in its directory")
	}
	for i := range count {
		entry := f.data[at+2+12*i:][:12]
		kind, values := f.order.Uint16(entry[2:]), uint64(f.order.Uint32(entry[4:]))
		if int(kind) >= len(tiffKinds) || kind == 0 {
			continue
		}
		bytes := values * tiffKinds[kind]
		body := entry[8:]
		if bytes > 4 {
			from := uint64(f.order.Uint32(entry[8:]))
			if from+bytes > size {
				continue // Pillow passes over such tags
			}
			body = f.data[from:]
		}
		f.tags[f.order.Uint16(entry)] = tiffEntry{kind, body[:bytes]}
	}
	return nil
}

// values returns the whole numbers of a tag, nil if it is missing.
func (f *tiffFile) values(tag uint16) []uint64 {
	entry, ok := f.tags[tag]
	if !ok {
		return nil
	}
	var out []uint64
	for body := entry.body; ; {
		switch {
		case (entry.kind == 1 || entry.kind == 6) && len(body) >= 1:
			out, body = append(out, uint64(body[0])), body[1:]
		case (entry.kind == 3 || entry.kind == 8) && len(body) >= 2:
			out, body = append(out, uint64(f.order.Uint16(body))), body[2:]
		case (entry.kind == 4 || entry.kind == 9) && len(body) >= 4:
			out, body = append(out, uint64(f.order.Uint32(body))), body[4:]
		default:
			return out
		}
	}
}

// value returns the single number of a tag.
func (f *tiffFile) value(tag uint16, missing uint64) uint64 {
	if v := f.values(tag); len(v) > 0 {
		return v[0]
	}
	return missing
}

// tiffLayout says how the pixels of a TIFF file are stored.
type tiffLayout struct {
	*tiffFile
	width, height int
	bits, samples int // samples of a pixel, with those that are passed over
	mode          Mode
	inverted      bool // 0 is white
	associated    bool // colours are premultiplied
	compression   uint64
	predictor     bool
	planar        bool
	reversed      bool // bits of a byte
	palette       *palette

	blockWidth, blockHeight int // of a strip or tile
	offsets, counts         []uint64
}

// layout reads the tags that bear on the pixels and refuses what cannot be decoded exactly.
func (f *tiffFile) layout() (*tiffLayout, error) {
	l := &tiffLayout{tiffFile: f, compression: f.value(tiffCompression, 1)}
	width, height := f.value(tiffWidth, 0), f.value(tiffHeight, 0)
	bits := f.values(tiffBits)
	if len(bits) == 0 {
		bits = []uint64{1}
	}
	samples := f.value(tiffSamples, 1)
	extra := f.values(tiffExtraSamples)
	for _, b := range bits {
		if b != bits[0] {
			return nil, unsupported("TIFF with samples of different sizes")
		}
	}
	switch bits[0] {
	case 1, 2, 4, 8, 16:
		l.bits = int(bits[0])
	default:
		return nil, unsupported("TIFF with %d bits a sample", bits[0])
	}
	for _, format := range f.values(tiffSampleFormat) {
		if format != 1 {
			return nil, unsupported("TIFF with signed or floating-point samples")
		}
	}
	if samples < 1 || samples > 6 {
		return nil, unsupported("TIFF with %d samples a pixel", samples)
	}
	l.samples = int(samples)
	if err := l.chooseMode(f.value(tiffPhotometric, 0), extra); err != nil {
		return nil, err
	}
	if err := l.chooseStorage(); err != nil {
		return nil, err
	}
	// A second copy may be needed to turn the picture upright.
	if err := checkSize("TIFF", width, height, 2*uint64(l.mode.bytes())); err != nil {
		return nil, err
	}
	l.width, l.height = int(width), int(height)
	return l, l.chooseBlocks()
}

// chooseMode follows Pillow's table of the kinds of TIFF that it reads.
func (l *tiffLayout) chooseMode(photometric uint64, extra []uint64) error {
	colors := map[uint64]int{0: 1, 1: 1, 2: 3, 3: 1, 5: 4}[photometric]
	if colors == 0 {
		return unsupported("TIFF with photometric interpretation %d", photometric)
	}
	alpha := uint64(0)
	switch {
	case l.samples < colors || len(extra) > l.samples-colors:
		return notImage("TIFF with %d samples a pixel for %d colours and %d others", l.samples, colors, len(extra))
	case len(extra) > 0:
		alpha = extra[0]
		if slices.ContainsFunc(extra[1:], func(v uint64) bool { return v != 0 }) || colors == 1 && len(extra) > 1 {
			return unsupported("TIFF with extra samples %d", extra)
		}
	case photometric == 2 && l.samples == 4:
		alpha = 2 // four samples without a word about the last
	case l.samples != colors:
		return unsupported("TIFF with %d samples a pixel", l.samples)
	}
	kind := [3]uint64{photometric, uint64(l.bits), alpha}
	switch {
	case l.bits == 16 && l.samples > 4:
		return unsupported("TIFF with %d samples of 16 bits", l.samples)
	case photometric <= 1 && l.bits == 1 && l.samples == 1:
		l.mode, l.inverted = Bilevel, photometric == 0
	case photometric <= 1 && l.bits <= 8 && l.samples == 1:
		l.mode, l.inverted = Gray, photometric == 0
	case photometric <= 1 && l.bits == 16 && l.samples == 1 && (photometric == 1 || l.order == binary.LittleEndian):
		l.mode = Gray16 // Pillow does not invert these
	case kind == [3]uint64{1, 8, 0}:
		l.mode = Gray
	case kind == [3]uint64{1, 8, 2}:
		l.mode = GrayAlpha
	case photometric == 2 && l.bits >= 8 && alpha == 0:
		l.mode = RGB
	case photometric == 2 && l.bits >= 8 && (alpha <= 2 || alpha == 999):
		l.mode, l.associated = RGBA, alpha == 1
	case photometric == 3 && l.bits <= 8 && alpha == 0 && (l.samples == 1 || l.bits == 8):
		l.mode = Indexed
		return l.readColors()
	case photometric == 5 && l.bits >= 8 && alpha == 0:
		l.mode = CMYK
	default:
		return unsupported("TIFF with photometric interpretation %d, %d bits and extra samples %d", photometric, l.bits, extra)
	}
	return nil
}

// readColors reads the colour map: all reds, all greens, all blues, with 16 bits.
func (l *tiffLayout) readColors() error {
	colors := l.values(tiffColorMap)
	if len(colors) < 3 {
		return notImage("TIFF without its colour map")
	}
	n := len(colors) / 3
	l.palette = newPalette()
	for i := range min(256, n) {
		l.palette.colors[i] = [3]byte{byte(colors[i] / 256), byte(colors[n+i] / 256), byte(colors[2*n+i] / 256)}
	}
	return nil
}
