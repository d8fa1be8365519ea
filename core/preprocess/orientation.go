package preprocess

import (
	"bytes"
	"encoding/binary"
)

// Upright returns the picture turned as its EXIF orientation says, as Pillow's exif_transpose does, or the picture itself
// when that is upright already.
func (p *Picture) Upright() *Picture {
	if p.orientation <= 1 {
		return p
	}
	u := *p
	u.orientation = 0
	if p.orientation >= 5 {
		u.width, u.height = p.height, p.width
	}
	u.pixels = make([]byte, len(p.pixels))
	n := p.mode.bytes()
	// Walking along a row of the result moves through p.pixels by a fixed step.
	row, column := n*p.width, n
	for y := range u.height {
		var from, step int
		switch p.orientation {
		case 2: // mirrored
			from, step = y*row+(p.width-1)*column, -column
		case 3: // half a turn
			from, step = (p.height-1-y)*row+(p.width-1)*column, -column
		case 4: // upside down and mirrored
			from, step = (p.height-1-y)*row, column
		case 5: // rows and columns exchanged
			from, step = y*column, row
		case 6: // a quarter turn clockwise
			from, step = (p.height-1)*row+y*column, -row
		case 7: // exchanged about the other diagonal
			from, step = (p.height-1)*row+(p.width-1-y)*column, -row
		case 8: // a quarter turn back
			from, step = (p.width-1-y)*column, row
		}
		out := u.row(y)
		for at := 0; at < len(out); at += n {
			copy(out[at:at+n], p.pixels[from:from+n])
			from += step
		}
	}
	return &u
}

const tagOrientation = 0x0112

// orientationOf reads the orientation from EXIF data (with or without its six-byte heading) or else from XMP, 0 if neither
// has it. Damaged EXIF data counts as none.
func orientationOf(exif, xmp []byte) int {
	for len(exif) >= 6 && string(exif[:6]) == "Exif\x00\x00" {
		exif = exif[6:]
	}
	if order, at, ok := tiffHeader(exif); ok {
		if value, ok := exifOrientation(exif, order, at); ok {
			return value
		}
	}
	for found := true; found; {
		_, xmp, found = bytes.Cut(xmp, []byte("tiff:Orientation"))
		value, ok := bytes.CutPrefix(xmp, []byte(`="`)) // an attribute, or else an element
		if !ok {
			value, ok = bytes.CutPrefix(xmp, []byte(">"))
		}
		if ok && len(value) > 0 && '0' <= value[0] && value[0] <= '9' {
			return orientationValue(uint64(value[0] - '0'))
		}
	}
	return 0
}

// orientationValue maps values that mean nothing to 1.
func orientationValue(v uint64) int {
	if v < 1 || v > 8 {
		return 1
	}
	return int(v)
}

// tiffHeader reads the eight bytes that begin TIFF and EXIF data and returns where the first directory is.
func tiffHeader(data []byte) (binary.ByteOrder, uint32, bool) {
	if len(data) < 8 {
		return nil, 0, false
	}
	switch string(data[:4]) {
	case "II*\x00", "II\x00*":
		return binary.LittleEndian, binary.LittleEndian.Uint32(data[4:]), true
	case "MM\x00*", "MM*\x00":
		return binary.BigEndian, binary.BigEndian.Uint32(data[4:]), true
	}
	return nil, 0, false
}

func exifOrientation(data []byte, order binary.ByteOrder, at uint32) (int, bool) {
	if uint64(at)+2 > uint64(len(data)) {
		return 0, false
	}
	entries := data[at+2:]
	for range order.Uint16(data[at:]) {
		if len(entries) < 12 {
			return 0, false
		}
		if order.Uint16(entries) == tagOrientation && order.Uint32(entries[4:]) == 1 {
			switch order.Uint16(entries[2:]) {
			case 3, 8: // SHORT, SSHORT
				return orientationValue(uint64(order.Uint16(entries[8:]))), true
			case 4, 9: // LONG, SLONG
				return orientationValue(uint64(order.Uint32(entries[8:]))), true
			}
		}
		entries = entries[12:]
	}
	return 0, false
}
