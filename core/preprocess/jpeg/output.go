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

// slack is memory behind samples and rows that vector code may touch.
const slack = 64

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
}

func newOutput(d *decoder) *output {
	f := d.frame
	for _, c := range f.components {
		p := &c.plane
		p.stride, p.bandRows = 8*c.paddedAcross, 8*c.v
		p.samples = make([]byte, 2*p.bandRows*p.stride+slack)
		p.growAcross, p.growDown = f.maxH/c.h, f.maxV/c.v
		p.upsample = chooseUpsampler(p.growAcross, p.growDown, c.width)
		if p.growAcross > 1 || p.growDown > 1 {
			p.wide = make([]byte, c.width*p.growAcross+slack)
		}
	}
	return &output{decoder: d, convert: d.chooseConverter()}
}

// complete is how many rows of pixels are complete when so many bands are decoded: without the last row of a band, which
// waits for the first row of the next one.
func (o *output) complete(bands int) int {
	f := o.frame
	if bands == f.mcusDown {
		return f.height
	}
	return max(0, bands*8*f.maxV-1)
}

// pixels writes columns left to right-1 of a row.
func (o *output) pixels(out []byte, y, left, right int) {
	channels := len(o.frame.components)
	for i, c := range o.frame.components {
		o.rows[i] = c.wideRow(y, left, right)[left:right]
	}
	o.convert(out[left*channels:right*channels], &o.rows)
}

// wideRow returns a row of the component at the picture's size, in which columns left to right-1 count.
func (c *component) wideRow(y, left, right int) []byte {
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
	// Interpolation does otherwise at the ends of a row, so two samples more are taken.
	from, to := max(0, left/p.growAcross-2), min(c.width, right/p.growAcross+3)
	p.upsample(p.wide[from*p.growAcross:to*p.growAcross], p.row(near)[from:to], far[from:to], y%p.growDown != 0)
	return p.wide
}
