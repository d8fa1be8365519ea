package preprocess

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/goclip/goclip/core/preprocess/jpeg"
)

// ApplyFile decodes a file, turns the picture upright and runs the pipeline on it: what Decode, Upright and Apply do one
// after another, with the same result. The rows of a JPEG file in colour that is upright go to the resizing as they are
// decoded, so that the whole picture is never in memory, and what will be cropped is not decoded to pixels. Errors are those
// of Decode and Apply.
func (c Config) ApplyFile(data []byte) (*Result, error) {
	if bytes.HasPrefix(data, []byte(jpegMagic)) {
		reader, err := jpeg.NewReader(data)
		if err != nil {
			return nil, jpegError(err)
		}
		if reader.Channels == 3 && jpegOrientation(reader.APP1) <= 1 {
			return c.applyRows(reader)
		}
	}
	p, err := Decode(data)
	if err != nil {
		return nil, err
	}
	return c.Apply(p.Upright())
}

const jpegMagic = "\xFF\xD8\xFF"

func (c Config) applyRows(reader *jpeg.Reader) (*Result, error) {
	rows := &jpegRows{reader: reader}
	for i := range rows.lines {
		rows.lines[i] = make([]byte, 3*reader.Width)
	}
	r := new(Result)
	err := c.apply(r, &Picture{mode: RGB, width: reader.Width, height: reader.Height}, rows)
	if broken := reader.Finish(); broken != nil {
		return nil, jpegError(broken)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// jpegRows gives the rows of a picture that is decoded meanwhile. Rows after an error mean nothing: Finish reports it.
type jpegRows struct {
	reader *jpeg.Reader
	lines  [2][]byte
}

func (j *jpegRows) row(y int) []byte {
	j.lines[0], j.lines[1] = j.lines[1], j.lines[0]
	if j.reader.Skip(y) == nil {
		_ = j.reader.Next(j.lines[1])
	}
	return j.lines[1]
}

func decodeJPEG(data []byte) (*Picture, error) {
	decoded, err := jpeg.Decode(data)
	if err != nil {
		return nil, jpegError(err)
	}
	return &Picture{
		mode:  map[int]Mode{1: Gray, 3: RGB, 4: CMYK}[decoded.Channels],
		width: decoded.Width, height: decoded.Height, pixels: decoded.Pixels,
		orientation: jpegOrientation(decoded.APP1),
	}, nil
}

// jpegError says with this package's errors what the decoder said with its own.
func jpegError(err error) error {
	switch {
	case errors.Is(err, jpeg.ErrTooLarge):
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	case errors.Is(err, jpeg.ErrUnsupported):
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	return fmt.Errorf("%w: %w", ErrNotImage, err)
}

// jpegOrientation reads the orientation from a file's EXIF or XMP segments, 0 where they do not say.
func jpegOrientation(segments [][]byte) int {
	var exif, xmp []byte
	for _, segment := range segments {
		if rest, ok := bytes.CutPrefix(segment, []byte("Exif\x00\x00")); ok {
			exif = append(exif[:len(exif):len(exif)], rest...)
		} else if rest, ok := bytes.CutPrefix(segment, []byte("http://ns.adobe.com/xap/1.0/\x00")); ok {
			xmp = rest
		}
	}
	return orientationOf(exif, xmp)
}
