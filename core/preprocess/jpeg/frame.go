package jpeg

// frame is what the frame header says (T.81 B.2.2) and what follows from it.
type frame struct {
	progressive   bool
	width, height int
	components    []*component
	maxH, maxV    int // largest sampling factors
	mcusAcross    int // of interleaved scans
	mcusDown      int
}

// component is one colour plane.
type component struct {
	id   byte
	h, v int // sampling factors
	slot int // of the quantization table

	width, height            int // samples that belong to the picture: rounded up shares of its size
	blocksAcross, blocksDown int // blocks that hold those
	paddedAcross, paddedDown int // blocks that interleaved scans code

	quantizer *[64]int16 // row by row; nil before the first scan of the component
	dc, ac    *huffman   // of the current scan
	predicted int        // the last DC coefficient

	// coefficients holds paddedDown x paddedAcross blocks, each row by row; nil when the scan is streamed.
	coefficients []int16
	// low says how many bits of each coefficient, in the order of the file, are still to come; -1: all.
	low [64]int8

	plane plane
}

// block returns the stored coefficients of a block.
func (c *component) block(across, down int) *[64]int16 {
	return (*[64]int16)(c.coefficients[64*(down*c.paddedAcross+across):])
}

func ceil(a, b int) int { return (a + b - 1) / b }

func (d *decoder) takeFrame(marker byte, segment []byte) error {
	if len(segment) < 6 {
		return broken("frame header cut short")
	}
	f := &frame{
		progressive: marker == markSOF2,
		height:      int(segment[1])<<8 | int(segment[2]),
		width:       int(segment[3])<<8 | int(segment[4]),
	}
	count := int(segment[5])
	switch {
	case segment[0] != 8:
		return unsupported("%d bits a sample", segment[0])
	case count != 1 && count != 3 && count != 4:
		return unsupported("%d components", count)
	case len(segment) != 6+3*count:
		return broken("frame header of %d bytes for %d components", len(segment), count)
	case f.width == 0 || f.height == 0:
		return broken("a picture of %d x %d pixels", f.width, f.height)
	case f.width > 65500 || f.height > 65500: // libjpeg's JPEG_MAX_DIMENSION
		return tooLarge("%d x %d pixels: a side may have 65,500", f.width, f.height)
	case f.width > MaxPixels/f.height:
		return tooLarge("%d x %d pixels are more than %d", f.width, f.height, MaxPixels)
	}
	for i := range count {
		at := segment[6+3*i:]
		c := &component{id: at[0], h: int(at[1] >> 4), v: int(at[1] & 15), slot: int(at[2])}
		if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 {
			return broken("sampling factors %d x %d", c.h, c.v)
		}
		if c.slot > 3 {
			return broken("quantization table %d", c.slot)
		}
		f.maxH, f.maxV = max(f.maxH, c.h), max(f.maxV, c.v)
		f.components = append(f.components, c)
	}
	if count == 1 { // its units are single blocks, whatever the factors say
		f.components[0].h, f.components[0].v, f.maxH, f.maxV = 1, 1, 1, 1
	}
	f.mcusAcross, f.mcusDown = ceil(f.width, 8*f.maxH), ceil(f.height, 8*f.maxV)
	for _, c := range f.components {
		if f.maxH%c.h != 0 || f.maxV%c.v != 0 {
			return unsupported("sampling factors %d x %d beside %d x %d", c.h, c.v, f.maxH, f.maxV)
		}
		c.width, c.height = ceil(f.width*c.h, f.maxH), ceil(f.height*c.v, f.maxV)
		c.blocksAcross, c.blocksDown = ceil(c.width, 8), ceil(c.height, 8)
		c.paddedAcross, c.paddedDown = f.mcusAcross*c.h, f.mcusDown*c.v
		for k := range c.low {
			c.low[k] = -1
		}
	}
	d.frame = f
	return nil
}
