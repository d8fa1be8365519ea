package preprocess

import "fmt"

// Result is what an image tower gets of a picture.
type Result struct {
	// Width and Height of Pixels.
	Width, Height int
	// Pixels are height x width x 3 bytes of RGB after resizing and cropping.
	Pixels []byte
	// Values is the tensor: float32, height x width x 3; of a NaFlex pipeline, MaxPatches x (PatchSize x PatchSize x 3),
	// zero after the patches that the picture has.
	Values []float32
	// Rows and Columns say how many patches the picture has each way; NaFlex only. Its mask has Rows*Columns ones.
	Rows, Columns int

	resizer resizer
	canvas  []byte
	grounds [2][]byte // rows converted before they are resized
	table   *[3][256]float32
	made    Config // that table was made for
}

// maxRow bounds the pixels of a row, which is converted as a whole.
const maxRow = 1 << 26

// Apply runs the pipeline on a picture, as it is stored: whoever wants it upright calls Upright before. Errors wrap
// ErrConfig, ErrTooLarge or ErrUnsupported (a side would vanish).
func (c Config) Apply(p *Picture) (*Result, error) {
	r := new(Result)
	if err := c.ApplyTo(r, p); err != nil {
		return nil, err
	}
	return r, nil
}

// ApplyTo is Apply into a result whose memory is used again.
func (c Config) ApplyTo(r *Result, p *Picture) error { return c.apply(r, p, nil) }

// apply runs the pipeline on a picture, or on one that is still to be read: that has no pixels but a size and mode RGB.
func (c Config) apply(r *Result, p *Picture, rows *jpegRows) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if p.width > maxRow {
		return fmt.Errorf("%w: rows of %d pixels", ErrTooLarge, p.width)
	}
	width, height, err := c.resizedSize(p.width, p.height)
	if err != nil {
		return err
	}
	left, top := 0, 0
	r.Width, r.Height = width, height
	if c.Crop != NoCrop {
		left, top = c.Crop.margin(width, c.CropWidth), c.Crop.margin(height, c.CropHeight)
		r.Width, r.Height = c.CropWidth, c.CropHeight
	}
	if r.Width > maxTensor/r.Height {
		return fmt.Errorf("%w: a tensor of %d x %d pixels", ErrTooLarge, r.Width, r.Height)
	}
	w := window{max(0, left), max(0, top), min(width, left+r.Width), min(height, top+r.Height)}
	s := c.source(r, p)
	if rows != nil {
		s.row, s.stored, s.want = rows.row, false, rows.reader.Want
	}
	n := s.mode.bytes()
	r.canvas = grow(r.canvas, w.width()*w.height()*n)
	if err := r.resizer.resize(r.canvas, s, width, height, c.Filter, w); err != nil {
		return err
	}
	r.place(c, p, s.mode, w, left, top)
	if r.table == nil || r.made != c {
		r.table, r.made = c.table(), c
	}
	if c.Resize == NaFlex {
		r.patches(c)
	} else {
		r.values()
	}
	return nil
}

// source returns the rows to resize, in the picture's mode or converted already.
func (c Config) source(r *Result, p *Picture) source {
	s := source{mode: p.mode, width: p.width, height: p.height, row: p.row, stored: true}
	convert := p.rgbRow
	switch {
	case c.Colors == ResizeFirst, p.mode == RGB && (c.Colors == RGBFirst || p.key == nil):
		return s
	case c.Colors == OnWhite:
		convert = p.whiteRow
	}
	s.mode, s.stored = RGB, false
	s.row = func(y int) []byte {
		r.grounds[0], r.grounds[1] = r.grounds[1], grow(r.grounds[0], 3*p.width)
		convert(r.grounds[1], y)
		return r.grounds[1]
	}
	return s
}

// place puts the window of the resized picture, which is in r.canvas, among the pixels of the result.
func (r *Result) place(c Config, p *Picture, mode Mode, w window, left, top int) {
	r.Pixels = grow(r.Pixels, 3*r.Width*r.Height)
	n := mode.bytes()
	if w.width() < r.Width || w.height() < r.Height {
		r.pad(c.Fill, p, mode)
	}
	for y := range w.height() {
		at := (w.top+y-top)*r.Width + w.left - left
		toRGB(r.Pixels[3*at:], r.canvas[y*w.width()*n:][:w.width()*n], mode, p.palette)
	}
}

// pad fills the result with the colour that has this value in every band of the mode.
func (r *Result) pad(fill byte, p *Picture, mode Mode) {
	pixel := [4]byte{fill, fill, fill, fill}
	switch {
	case mode == Gray16:
		pixel[1] = 0
	case mode == Bilevel && fill != 0:
		pixel[0] = 255
	}
	var color [3]byte
	toRGB(color[:], pixel[:mode.bytes()], mode, p.palette)
	for i := 0; i < len(r.Pixels); i += 3 {
		copy(r.Pixels[i:i+3], color[:])
	}
}

func (r *Result) values() {
	r.Values = grow(r.Values, len(r.Pixels))
	r.Rows, r.Columns = 0, 0
	for i := 0; i+3 <= len(r.Pixels); i += 3 {
		pixel, value := r.Pixels[i:i+3:i+3], r.Values[i:i+3:i+3]
		value[0], value[1], value[2] = r.table[0][pixel[0]], r.table[1][pixel[1]], r.table[2][pixel[2]]
	}
}

// patches writes the pixels patch by patch.
func (r *Result) patches(c Config) {
	side := c.PatchSize
	r.Rows, r.Columns = r.Height/side, r.Width/side
	r.Values = grow(r.Values, c.MaxPatches*side*side*3)
	values := r.Values
	for row := range r.Rows {
		for column := range r.Columns {
			for y := range side {
				from := 3 * ((row*side+y)*r.Width + column*side)
				for x, v := range r.Pixels[from : from+3*side] {
					values[x] = r.table[x%3][v]
				}
				values = values[3*side:]
			}
		}
	}
	clear(values)
}

// Planar returns the tensor in the order that PyTorch has it: 3 x height x width. A NaFlex tensor is in that order already
// and returned as it is.
func (r *Result) Planar() []float32 {
	if r.Rows > 0 {
		return r.Values
	}
	plane := r.Width * r.Height
	out := make([]float32, len(r.Values))
	for i := range plane {
		out[i], out[plane+i], out[2*plane+i] = r.Values[3*i], r.Values[3*i+1], r.Values[3*i+2]
	}
	return out
}
