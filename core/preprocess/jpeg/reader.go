package jpeg

// Reader decodes a file row by row, with memory for two rows of units beside the coefficients of those files that need all
// of them before the first pixel.
type Reader struct {
	// Width, Height, Channels and APP1 are those of Picture.
	Width, Height, Channels int
	APP1                    [][]byte

	d                        *decoder
	out                      *output
	queue                    queue
	left, top, right, bottom int // pixels that are wanted
	row                      int // the next one
	band                     int // the next one: a row of units
	err                      error
}

// NewReader reads a file up to its picture. Errors are those of Decode.
func NewReader(data []byte) (*Reader, error) {
	d := &decoder{data: data}
	if err := d.open(); err != nil {
		return nil, err
	}
	f := d.frame
	return &Reader{
		Width: f.width, Height: f.height, Channels: len(f.components), APP1: d.app1,
		d: d, out: newOutput(d), right: f.width, bottom: f.height,
	}, nil
}

// Want says before the first row that only columns left to right-1 of rows top to bottom-1 matter. Others come out as
// anything, or not at all, and cost less.
func (r *Reader) Want(left, top, right, bottom int) {
	r.left, r.top, r.right, r.bottom = max(0, left), max(0, top), min(r.Width, right), min(r.Height, bottom)
}

// Next decodes the next row to out, which has Width x Channels bytes. Errors are those of Decode.
func (r *Reader) Next(out []byte) error {
	if err := r.Skip(r.row + 1); err != nil {
		return err
	}
	r.out.pixels(out, r.row-1, r.left, r.right)
	return nil
}

// Skip goes on so that row y is the next.
func (r *Reader) Skip(y int) error {
	r.row = y
	for r.err == nil && r.out.complete(r.band) < y {
		r.err = r.nextBand()
	}
	return r.err
}

// Finish reads what is left of the file, and says whether it is whole.
func (r *Reader) Finish() error {
	r.bottom = min(r.bottom, r.row)
	for r.err == nil && r.band < r.d.frame.mcusDown {
		r.err = r.nextBand()
	}
	if r.err == nil && r.d.streamed {
		r.d.at = r.d.stream.position()
		r.err = r.d.segments()
	}
	return r.err
}

// nextBand decodes a row of units to samples.
func (r *Reader) nextBand() error {
	f := r.d.frame
	// Interpolation asks for samples of the neighbouring units.
	first, last := max(0, r.left/(8*f.maxH)-1), min(f.mcusAcross, ceil(r.right, 8*f.maxH)+1)
	if (r.band+2)*8*f.maxV <= r.top || (r.band-1)*8*f.maxV >= r.bottom {
		first, last = 0, 0
	}
	var err error
	if r.d.streamed {
		err = r.decodeBand(first, last)
	} else {
		r.rebuildBand(first, last)
	}
	r.band++
	return err
}

// decodeBand decodes a row of units of the only scan, and brings units first to last-1 to samples.
func (r *Reader) decodeBand(first, last int) error {
	e := r.d.stream
	for unit := range r.d.frame.mcusAcross {
		ok, err := e.begin()
		if err != nil {
			return err
		}
		wanted := unit >= first && unit < last
		for _, c := range e.components {
			for y := range c.v {
				for x := range c.h {
					block, end := r.queue.free(), 0
					if ok {
						end = e.sequential(c, block)
					}
					switch {
					case wanted:
						at := c.plane.at(r.band, y) + 8*(unit*c.h+x)
						r.queue.add(c.plane.samples[at:], c.plane.stride, c.quantizer, end)
					case ok:
						*block = [64]int16{}
					}
				}
			}
		}
		if ok {
			if err := e.end(); err != nil {
				return err
			}
		}
	}
	r.queue.flush()
	return nil
}

// rebuildBand brings units first to last-1 of a row from stored coefficients to samples.
func (r *Reader) rebuildBand(first, last int) {
	for _, c := range r.d.frame.components {
		quantizer := c.quantizer
		if quantizer == nil {
			quantizer = new([64]int16) // of a component that never came
		}
		for y := range c.v {
			for across := first * c.h; across < last*c.h; across++ {
				at := c.plane.at(r.band, y) + 8*across
				*r.queue.free() = *c.block(across, r.band*c.v+y)
				r.queue.add(c.plane.samples[at:], c.plane.stride, quantizer, 63)
			}
		}
	}
	r.queue.flush()
}
