package preprocess

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
)

func openZlib(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) }

// adam7 lists the passes of an interlaced PNG: first column and row, and the steps.
var adam7 = [7][4]int{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}

// decode decompresses and unfilters the image data.
func (f *pngFile) decode() (*Picture, error) {
	passes := [][4]int{{0, 0, 1, 1}}
	if f.interlaced {
		passes = adam7[:]
	}
	bits := int(f.depth) * f.samples
	needed := uint64(f.frame[3]) * uint64((f.frame[2]*bits+7)/8)
	if f.size < needed/1032 { // what Deflate can make of a byte at most
		return nil, notImage("PNG with too little image data")
	}
	readers := make([]io.Reader, len(f.data))
	for i, chunk := range f.data {
		readers[i] = bytes.NewReader(chunk)
	}
	z, err := openZlib(io.MultiReader(readers...))
	if err != nil {
		return nil, notImage("PNG image data: %v", err)
	}
	picture := newPicture(f.mode, f.width, f.height)
	rowBytes := 1 + (f.frame[2]*bits+7)/8
	here, above := make([]byte, rowBytes), make([]byte, rowBytes)
	started := false
	for _, pass := range passes {
		width, height := (f.frame[2]-pass[0]+pass[2]-1)/pass[2], (f.frame[3]-pass[1]+pass[3]-1)/pass[3]
		if width <= 0 || height <= 0 {
			continue
		}
		n := 1 + (width*bits+7)/8
		here, above = here[:n], above[:n]
		clear(above)
		for y := range height {
			if _, err := io.ReadFull(z, here); err != nil {
				if err == io.EOF && started {
					return picture, nil // the data ends after a row: Pillow leaves the rest black
				}
				return nil, notImage("PNG image data: %v", cutShort(err))
			}
			started = true
			if err := unfilter(here, above, max(1, bits/8)); err != nil {
				return nil, err
			}
			row := picture.row(f.frame[1] + pass[1] + y*pass[3])
			f.unpack(row[(f.frame[0]+pass[0])*f.mode.bytes():], here[1:], width, pass[2]*f.mode.bytes())
			here, above = above, here
		}
	}
	// The checksum counts if it is there, and data past the last row does not.
	if _, err := z.Read(here[:1]); errors.Is(err, zlib.ErrChecksum) {
		return nil, notImage("PNG image data: %v", err)
	}
	return picture, nil
}

func cutShort(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("the file is truncated")
	}
	return err
}

// unfilter undoes the filter of a row, which its first byte names, given the row above.
func unfilter(here, above []byte, bytesPerPixel int) error {
	filter, row, up := here[0], here[1:], above[1:]
	up = up[:len(row)]
	switch filter {
	case 0:
	case 1:
		for x := bytesPerPixel; x < len(row); x++ {
			row[x] += row[x-bytesPerPixel]
		}
	case 2:
		for x, v := range up {
			row[x] += v
		}
	case 3:
		for x, v := range up {
			left := 0
			if x >= bytesPerPixel {
				left = int(row[x-bytesPerPixel])
			}
			row[x] += byte((left + int(v)) / 2)
		}
	case 4:
		for x, v := range up[:min(len(up), bytesPerPixel)] {
			row[x] += v
		}
		for x := bytesPerPixel; x < len(row); x++ {
			row[x] += paeth(int(row[x-bytesPerPixel]), int(up[x]), int(up[x-bytesPerPixel]))
		}
	default:
		return notImage("PNG with filter %d", filter)
	}
	return nil
}

// paeth predicts a byte from those left, above and above left.
func paeth(left, above, corner int) byte {
	toLeft, toAbove := above-corner, left-corner
	toCorner := toLeft + toAbove
	toLeft, toAbove, toCorner = max(toLeft, -toLeft), max(toAbove, -toAbove), max(toCorner, -toCorner)
	switch {
	case toLeft <= toAbove && toLeft <= toCorner:
		return byte(left)
	case toAbove <= toCorner:
		return byte(above)
	}
	return byte(corner)
}

// unpack writes width pixels, step bytes apart, from an unfiltered row. 16-bit samples keep their high byte, except for
// gray ones.
func (f *pngFile) unpack(out, in []byte, width, step int) {
	n := f.mode.bytes()
	if f.depth == 8 {
		if step == n {
			copy(out, in[:width*n])
			return
		}
		for x := range width {
			copy(out[x*step:x*step+n], in[x*n:])
		}
		return
	}
	if f.depth < 8 {
		unpackBits(out, in, width, step, int(f.depth), f.mode)
		return
	}
	for x := range width {
		switch pixel := out[x*step:]; f.samples {
		case 1:
			pixel[0], pixel[1] = in[2*x+1], in[2*x]
		case 2:
			gray := in[4*x]
			pixel[0], pixel[1], pixel[2], pixel[3] = gray, gray, gray, in[4*x+2]
		default:
			for k := range n {
				pixel[k] = in[2*(x*n+k)]
			}
		}
	}
}

// unpackBits writes width pixels, step bytes apart, from samples of 1, 2 or 4 bits, the first in the high bits. Indices
// stay, gray is spread over 0 to 255.
func unpackBits(out, in []byte, width, step, depth int, mode Mode) {
	mask := byte(1<<depth - 1)
	scale := byte(1)
	if mode != Indexed {
		scale = 255 / mask
	}
	for x := range width {
		bit := x * depth
		out[x*step] = in[bit/8] >> (8 - depth - bit%8) & mask * scale
	}
}
