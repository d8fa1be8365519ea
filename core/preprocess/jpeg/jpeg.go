package jpeg

import (
	"errors"
	"fmt"
)

// MaxPixels is the largest picture that Decode accepts: Pillow's limit against decompression bombs.
const MaxPixels = 178_956_970

// maxMemory bounds what one picture may take while it is decoded.
const maxMemory = 1 << 30

// maxScans and maxWork, in blocks of all scans, bound the time that a small file can ask for; encoders write about ten
// scans.
const (
	maxScans = 500
	maxWork  = 1 << 29
)

var (
	// ErrFormat says that the data is no JPEG file or a broken one.
	ErrFormat = errors.New("jpeg: broken file")
	// ErrUnsupported says that the file is a kind of JPEG that this package cannot decode exactly.
	ErrUnsupported = errors.New("jpeg: unsupported")
	// ErrTooLarge says that the picture is larger than this package decodes.
	ErrTooLarge = errors.New("jpeg: too large")
)

var errTruncated = fmt.Errorf("%w: the file is truncated", ErrFormat)

func broken(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrFormat, fmt.Sprintf(format, args...))
}

func unsupported(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUnsupported, fmt.Sprintf(format, args...))
}

func tooLarge(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrTooLarge, fmt.Sprintf(format, args...))
}

// Picture is a decoded JPEG file.
type Picture struct {
	// Width and Height in pixels, as stored: no EXIF orientation is applied.
	Width, Height int
	// Channels is 1 (gray), 3 (RGB) or 4 (CMYK, where 255 is full ink, as Pillow has it).
	Channels int
	// Pixels holds Height x Width x Channels bytes.
	Pixels []byte
	// APP1 holds the application segments before the first scan that carry EXIF or XMP data. They are parts of the file.
	APP1 [][]byte
}

// Decode decodes a whole JPEG file. What follows the end marker is ignored. Errors wrap ErrFormat, ErrUnsupported or
// ErrTooLarge. Sizes are checked before anything is allocated.
func Decode(data []byte) (*Picture, error) {
	r, err := NewReader(data)
	if err != nil {
		return nil, err
	}
	p := &Picture{Width: r.Width, Height: r.Height, Channels: r.Channels, APP1: r.APP1}
	stride := p.Width * p.Channels
	p.Pixels = make([]byte, stride*p.Height)
	for y := range p.Height {
		if err := r.Next(p.Pixels[y*stride:][:stride]); err != nil {
			return nil, err
		}
	}
	return p, r.Finish()
}

// decoder holds what the markers of a file have said so far.
type decoder struct {
	data []byte
	at   int // the next byte that no marker and no scan has taken

	quantizers [4]*[64]int16
	dcTables   [4]*huffman
	acTables   [4]*huffman
	restart    int // MCUs between restart markers; 0: none
	jfif       bool
	adobe      bool
	transform  byte // Adobe's colour transform
	app1       [][]byte

	frame    *frame
	scans    int
	streamed bool     // the only scan goes straight to pixels
	stream   *entropy // which decodes it
}

// Markers, T.81 table B.1.
const (
	markSOF0  = 0xC0
	markSOF2  = 0xC2
	markDHT   = 0xC4
	markJPG   = 0xC8
	markDAC   = 0xCC
	markRST0  = 0xD0
	markRST7  = 0xD7
	markSOI   = 0xD8
	markEOI   = 0xD9
	markSOS   = 0xDA
	markDQT   = 0xDB
	markDRI   = 0xDD
	markAPP0  = 0xE0
	markAPP1  = 0xE1
	markAPP14 = 0xEE
	markCOM   = 0xFE
	markTEM   = 0x01
)

// open reads the file up to its picture: to the header of the only scan, or, when coefficients are stored, to the end.
func (d *decoder) open() error {
	if len(d.data) < 3 || d.data[0] != 0xFF || d.data[1] != markSOI || d.data[2] != 0xFF {
		return broken("no start marker")
	}
	d.at = 2
	return d.segments()
}

// segments takes marker segments until the picture can be streamed, or the file ends.
func (d *decoder) segments() error {
	for {
		marker, segment, err := d.nextSegment()
		if err != nil {
			if d.streamed && errors.Is(err, errTruncated) {
				return nil // Pillow has all its pixels by then and does not ask for more
			}
			return err
		}
		switch {
		case marker == markEOI:
			return d.finish()
		case marker >= markRST0 && marker <= markRST7, marker == markTEM && d.scans > 0:
			continue
		case marker == markSOI:
			return broken("a second start marker")
		case marker < markSOF0:
			return broken("unexpected marker %#02x", marker)
		}
		if err := d.take(marker, segment); err != nil {
			return err
		}
		if marker == markSOS && d.streamed {
			return nil
		}
	}
}

// take handles one marker segment; a scan header also decodes the scan that follows, if its coefficients are stored.
func (d *decoder) take(marker byte, segment []byte) error {
	switch {
	case marker == markDHT:
		return d.takeHuffman(segment)
	case marker == markDQT:
		return d.takeQuantizers(segment)
	case marker == markDRI:
		if len(segment) != 2 {
			return broken("restart interval of %d bytes", len(segment))
		}
		d.restart = int(segment[0])<<8 | int(segment[1])
		return nil
	case marker == markAPP0:
		d.jfif = d.jfif || len(segment) >= 14 && string(segment[:5]) == "JFIF\x00"
		return nil
	case marker == markAPP1:
		if d.scans == 0 {
			d.app1 = append(d.app1, segment)
		}
		return nil
	case marker == markAPP14:
		if len(segment) >= 12 && string(segment[:5]) == "Adobe" {
			d.adobe, d.transform = true, segment[11]
		}
		return nil
	case marker == markSOS:
		return d.takeScan(segment)
	case marker <= markSOF2:
		return d.takeFrame(marker, segment)
	case marker <= 0xCF && marker != markDAC:
		return unsupported("%s", frameKind(marker))
	}
	return nil // application data, comments and what else does not bear on pixels
}

// frameKind names a start-of-frame marker that is not decoded.
func frameKind(marker byte) string {
	switch {
	case marker > markJPG:
		return "arithmetic coding; save the picture with Huffman codes"
	case marker == 0xC3:
		return "lossless JPEG; save the picture as baseline JPEG or PNG"
	}
	return "hierarchical JPEG; save the picture as baseline JPEG"
}

// nextSegment skips to the next marker, passing over stray bytes as libjpeg does, and returns it with its segment, less the
// two bytes of length.
func (d *decoder) nextSegment() (marker byte, segment []byte, err error) {
	for marker == 0 {
		for d.at < len(d.data) && d.data[d.at] != 0xFF {
			d.at++
		}
		for d.at < len(d.data) && d.data[d.at] == 0xFF {
			d.at++
		}
		if d.at == len(d.data) {
			return 0, nil, fmt.Errorf("%w: no end marker", errTruncated)
		}
		marker = d.data[d.at]
		d.at++
	}
	if marker < markSOF0 || marker >= markRST0 && marker <= markEOI {
		return marker, nil, nil
	}
	if marker == markJPG || marker == 0xDE || marker == 0xDF || marker >= 0xF0 && marker != markCOM {
		return 0, nil, broken("unexpected marker %#02x", marker)
	}
	if d.frame != nil && marker <= 0xCF && marker != markDHT && marker != markDAC {
		return 0, nil, broken("a second frame header")
	}
	rest := d.data[d.at:]
	if len(rest) < 2 {
		return 0, nil, fmt.Errorf("%w after marker %#02x", errTruncated, marker)
	}
	n := int(rest[0])<<8 | int(rest[1])
	if n < 2 {
		return 0, nil, broken("marker %#02x has length %d", marker, n)
	}
	if n > len(rest) {
		return 0, nil, fmt.Errorf("%w inside marker %#02x", errTruncated, marker)
	}
	d.at += n
	return marker, rest[2:n], nil
}

// finish ends the file: sequential pictures of one scan are done, the others have all their coefficients now.
func (d *decoder) finish() error {
	switch {
	case d.frame == nil || d.scans == 0:
		return broken("no picture in the file")
	case d.frame.smoothed():
		return unsupported("a progressive file without all its scans")
	}
	return nil
}
