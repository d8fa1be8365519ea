package jpeg

// plane holds two bands of a component's samples in turn: the one that was just decoded and the one before it, whose last
// row the interpolation of the next rows still needs. A band is one row of units.
type plane struct {
	samples    []byte
	stride     int
	bandRows   int
	upsample   upsampler
	growAcross int
	growDown   int
	wide       []byte // a row at full width
}

// at returns where a row of blocks of a band begins.
func (p *plane) at(band, row int) int {
	return ((band&1)*p.bandRows + 8*row) * p.stride
}

func (p *plane) row(y int) []byte {
	return p.samples[(y%(2*p.bandRows))*p.stride:][:p.stride]
}

// output turns bands of samples into rows of pixels.
type output struct {
	*decoder
	convert func(out []byte, rows *[4][]byte)
	rows    [4][]byte // one of each component
	done    int       // rows of pixels
}

func newOutput(d *decoder) *output {
	f := d.frame
	for _, c := range f.components {
		p := &c.plane
		p.stride, p.bandRows = 8*c.paddedAcross, 8*c.v
		p.samples = make([]byte, 2*p.bandRows*p.stride)
		p.growAcross, p.growDown = f.maxH/c.h, f.maxV/c.v
		p.upsample = chooseUpsampler(p.growAcross, p.growDown, c.width)
		if p.growAcross > 1 || p.growDown > 1 {
			p.wide = make([]byte, c.width*p.growAcross)
		}
	}
	return &output{decoder: d, convert: d.chooseConverter()}
}

// band writes the rows that are complete once this band is decoded: all but its last, which waits for the first row of
// the next band.
func (o *output) band(band int) {
	f := o.frame
	until := (band+1)*8*f.maxV - 1
	if band == f.mcusDown-1 {
		until = f.height
	}
	channels := len(f.components)
	for ; o.done < min(until, f.height); o.done++ {
		for i, c := range f.components {
			o.rows[i] = c.wideRow(o.done)[:f.width]
		}
		o.convert(o.pixels[o.done*f.width*channels:][:f.width*channels], &o.rows)
	}
}

// wideRow returns a row of the component at the picture's size.
func (c *component) wideRow(y int) []byte {
	p := &c.plane
	near := y / p.growDown
	if p.growAcross == 1 && p.growDown == 1 {
		return p.row(near)
	}
	other := near + 1
	if y%p.growDown == 0 {
		other = near - 1
	}
	far := p.row(max(0, min(c.height-1, other)))
	p.upsample(p.wide, p.row(near)[:c.width], far[:c.width], y%p.growDown != 0)
	return p.wide
}
