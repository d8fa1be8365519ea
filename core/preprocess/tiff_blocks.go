package preprocess

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"

	"golang.org/x/image/ccitt"
	"golang.org/x/image/tiff/lzw"
)

// TIFF compression methods.
const (
	tiffRaw        = 1
	tiffGroup3     = 3
	tiffGroup4     = 4
	tiffLZW        = 5
	tiffDeflate    = 8
	tiffPackBits   = 32773
	tiffDeflateOld = 32946
)

// maxTIFFRow bounds the row buffer of a block, whose width a file may claim freely.
const maxTIFFRow = 256 << 20

// chooseStorage reads how the samples are compressed and in which planes they are.
func (l *tiffLayout) chooseStorage() error {
	switch l.compression {
	case tiffRaw, tiffLZW, tiffDeflate, tiffDeflateOld, tiffPackBits:
	case tiffGroup3, tiffGroup4:
		if l.mode != Bilevel {
			return unsupported("TIFF with fax compression of %d bits", l.bits)
		}
		if l.compression == tiffGroup3 && l.value(tiffGroup3Options, 0)&3 != 0 {
			return unsupported("TIFF with two-dimensional or uncompressed group 3 fax compression")
		}
	case 2, 6, 7:
		return unsupported("TIFF with compression %d (%s); save it with LZW or Deflate", l.compression,
			map[uint64]string{2: "run-length fax", 6: "old JPEG", 7: "JPEG"}[l.compression])
	default:
		return unsupported("TIFF with compression %d; save it with LZW or Deflate", l.compression)
	}
	if compressed := l.compression == tiffLZW || l.compression == tiffDeflate || l.compression == tiffDeflateOld; compressed {
		switch predictor := l.value(tiffPredictor, 1); {
		case predictor == 2 && l.bits >= 8:
			l.predictor = true
		case predictor != 1:
			return unsupported("TIFF with predictor %d of %d bits", predictor, l.bits)
		}
	}
	l.planar = l.value(tiffPlanar, 1) == 2 && l.samples > 1
	if l.planar && (l.bits != 8 || l.samples != l.mode.bytes() || l.samples < 3 || l.associated) {
		return unsupported("TIFF with separate planes of %d bits for mode %s", l.bits, l.mode)
	}
	switch order := l.value(tiffFillOrder, 1); {
	case order == 2 && l.bits <= 8 && l.samples == l.mode.bytes() && (l.samples == 1 || l.mode == RGB) && !l.planar:
		l.reversed = true
	case order != 1:
		return unsupported("TIFF with fill order %d for mode %s", order, l.mode)
	}
	return nil
}

// chooseBlocks reads where the strips or tiles are.
func (l *tiffLayout) chooseBlocks() error {
	l.offsets, l.counts = l.values(tiffStripOffsets), l.values(tiffStripByteCounts)
	width, height := uint64(l.width), l.value(tiffRowsPerStrip, uint64(l.height))
	if l.offsets == nil {
		l.offsets, l.counts = l.values(tiffTileOffsets), l.values(tiffTileByteCounts)
		width, height = l.value(tiffTileWidth, 0), l.value(tiffTileHeight, 0)
	} else {
		height = min(height, uint64(l.height))
	}
	if width == 0 || height == 0 || l.offsets == nil {
		return notImage("TIFF without strips or tiles")
	}
	if width > 1<<31-1 || height > 1<<31-1 || l.rowBytes(width) > maxTIFFRow {
		return checkSize("TIFF tile", width, height, 1<<20) // which says that it is too large
	}
	l.blockWidth, l.blockHeight = int(width), int(height)
	planes := 1
	if l.planar {
		planes = l.samples
	}
	across, down := (l.width+l.blockWidth-1)/l.blockWidth, (l.height+l.blockHeight-1)/l.blockHeight
	if len(l.offsets) < across*down*planes {
		return notImage("TIFF with %d strips or tiles of %d", len(l.offsets), across*down*planes)
	}
	return nil
}

func (l *tiffLayout) rowBytes(width uint64) uint64 {
	if l.planar {
		return (width*uint64(l.bits) + 7) / 8
	}
	return (width*uint64(l.bits*l.samples) + 7) / 8
}

// decode decodes all strips or tiles.
func (l *tiffLayout) decode() (*Picture, error) {
	p := newPicture(l.mode, l.width, l.height)
	p.palette = l.palette
	across, down := (l.width+l.blockWidth-1)/l.blockWidth, (l.height+l.blockHeight-1)/l.blockHeight
	planes := 1
	if l.planar {
		planes = l.mode.bytes()
	}
	row := make([]byte, l.rowBytes(uint64(l.blockWidth)))
	for plane := range planes {
		for block := range across * down {
			r, err := l.open(plane*across*down + block)
			if err != nil {
				return nil, notImage("TIFF: %v", cutShort(err))
			}
			left, top := block%across*l.blockWidth, block/across*l.blockHeight
			for y := top; y < min(top+l.blockHeight, l.height); y++ {
				if _, err := io.ReadFull(r, row); err != nil {
					return nil, notImage("TIFF: %v", cutShort(err))
				}
				if l.predictor {
					l.unpredict(row)
				}
				out := p.row(y)[left*l.mode.bytes():]
				l.unpack(out[:min(len(out), l.blockWidth*l.mode.bytes())], row, plane)
			}
			if _, err := r.Read(row[:1]); errors.Is(err, zlib.ErrChecksum) {
				return nil, notImage("TIFF: %v", err)
			}
		}
	}
	if l.associated {
		unassociate(p.pixels)
	}
	return p, nil
}

// open returns a reader of the decompressed bytes of a strip or tile.
func (l *tiffLayout) open(block int) (io.Reader, error) {
	from := min(l.offsets[block], uint64(len(l.data)))
	data := l.data[from:]
	if block < len(l.counts) && l.compression != tiffRaw {
		data = data[:min(l.counts[block], uint64(len(data)))]
	}
	var r byteReader = bytes.NewReader(data)
	fax := l.compression == tiffGroup3 || l.compression == tiffGroup4
	if l.reversed && !fax {
		r = &reversedBits{data: data}
	}
	switch l.compression {
	case tiffLZW:
		return lzw.NewReader(r, lzw.MSB, 8), nil
	case tiffDeflate, tiffDeflateOld:
		return openZlib(r)
	case tiffPackBits:
		return &packBits{from: r}, nil
	case tiffGroup3, tiffGroup4:
		format, order := ccitt.Group4, ccitt.MSB
		if l.compression == tiffGroup3 {
			format = ccitt.Group3
		}
		if l.reversed {
			order = ccitt.LSB
		}
		rows := min(l.blockHeight, l.height-block*l.blockHeight)
		if l.blockWidth != l.width {
			rows = l.blockHeight
		}
		return ccitt.NewReader(r, order, format, l.blockWidth, rows, &ccitt.Options{Invert: true}), nil
	}
	return r, nil
}

// unpredict undoes horizontal differencing (TIFF 6.0 section 14).
func (l *tiffLayout) unpredict(row []byte) {
	step := l.samples
	if l.planar {
		step = 1
	}
	if l.bits == 8 {
		for x := step; x < len(row); x++ {
			row[x] += row[x-step]
		}
		return
	}
	for x := 2 * step; x+2 <= len(row); x += 2 {
		l.order.PutUint16(row[x:], l.order.Uint16(row[x:])+l.order.Uint16(row[x-2*step:]))
	}
}

// unpack writes one row of a block into a row of the picture; of a plane, one band of it. 16-bit colours keep their high
// byte.
func (l *tiffLayout) unpack(out, in []byte, plane int) {
	n := l.mode.bytes()
	if l.bits < 8 {
		unpackBits(out, in, len(out), 1, l.bits, l.mode)
	} else if l.mode == Gray16 {
		for x := range len(out) / 2 {
			binary.LittleEndian.PutUint16(out[2*x:], l.order.Uint16(in[2*x:]))
		}
	} else {
		size, high := l.bits/8, 0
		if size == 2 && l.order == binary.LittleEndian {
			high = 1
		}
		if l.planar {
			for x := range len(out) / n {
				out[n*x+plane] = in[size*x+high]
			}
		} else {
			for x := range len(out) / n {
				for k := range n {
					out[n*x+k] = in[size*(l.samples*x+k)+high]
				}
			}
		}
	}
	if l.inverted {
		for i := range out {
			out[i] = ^out[i]
		}
	}
}

// unassociate divides colours by alpha (Pillow's unpacking of "RGBa").
func unassociate(pixels []byte) {
	for i := 0; i < len(pixels); i += 4 {
		alpha := int(pixels[i+3])
		if alpha == 255 {
			continue
		}
		for k := range 3 {
			if alpha == 0 {
				pixels[i+k] = 0
			} else {
				pixels[i+k] = byte(min(255, int(pixels[i+k])*255/alpha))
			}
		}
	}
}

// byteReader is what the decompressors read from; they fetch no more than they need.
type byteReader interface {
	io.Reader
	io.ByteReader
}

// reversedBits reads bytes whose low bits come first.
type reversedBits struct{ data []byte }

// Read implements io.Reader.
func (r *reversedBits) Read(p []byte) (int, error) {
	n := min(len(p), len(r.data))
	for i := range n {
		p[i] = bits.Reverse8(r.data[i])
	}
	r.data = r.data[n:]
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// ReadByte implements io.ByteReader.
func (r *reversedBits) ReadByte() (byte, error) {
	var one [1]byte
	_, err := io.ReadFull(r, one[:])
	return one[0], err
}

// packBits decompresses runs of bytes (TIFF 6.0 section 9).
type packBits struct {
	from    io.ByteReader
	literal int // bytes to copy
	repeat  int // times that value is still to come
	value   byte
}

// Read implements io.Reader.
func (b *packBits) Read(p []byte) (int, error) {
	for i := range p {
		for b.literal == 0 && b.repeat == 0 {
			code, err := b.from.ReadByte()
			switch count := int(int8(code)); {
			case err != nil:
				return i, err
			case count >= 0:
				b.literal = count + 1
			case count != -128:
				if b.value, err = b.from.ReadByte(); err != nil {
					return i, err
				}
				b.repeat = 1 - count
			}
		}
		if b.repeat > 0 {
			p[i] = b.value
			b.repeat--
			continue
		}
		value, err := b.from.ReadByte()
		if err != nil {
			return i, err
		}
		p[i] = value
		b.literal--
	}
	return len(p), nil
}
