package preprocess

// decodeRuns decodes run-length coded pixels, which begin at data[at], the way Pillow does it where a file is not clean:
// a run ends with its row, what is stepped over has index 0, and a picture that ends early is refused.
func (f *bmpFile) decodeRuns(data []byte, at int, mode Mode) (*Picture, error) {
	// A step, the shortest code for many pixels, has four bytes for at most 256 rows.
	if f.height > uint64(len(data)-at)*128 {
		return nil, notImage("BMP with too little image data")
	}
	p := newPicture(mode, int(f.width), int(f.height))
	p.palette = f.palette
	nibbles := f.compression == bmpRLE4
	out := p.pixels[:0]
	x := 0 // place in the row as the codes count it
	for len(out) < len(p.pixels) && at+2 <= len(data) {
		count, value := int(data[at]), data[at+1]
		at += 2
		space := len(p.pixels) - len(out)
		switch {
		case count > 0:
			count = min(count, max(0, p.width-x))
			for i := range min(count, space) {
				out = append(out, runValue(value, i, nibbles))
			}
			x += count
		case value == 0: // end of the row
			fill := (p.width - len(out)%p.width) % p.width
			out, x = out[:len(out)+fill], 0
		case value == 1: // end of the picture
			at = len(data)
		case value == 2: // a step right and up
			if at+2 > len(data) {
				at = len(data)
				break
			}
			out = out[:len(out)+min(space, int(data[at])+int(data[at+1])*p.width)]
			x = len(out) % p.width
			at += 2
		default: // single pixels, then a byte if that makes the place in the file even
			count = min(int(value), space)
			for i := range count {
				from := at + i
				if nibbles {
					from = at + i/2
				}
				if from >= len(data) {
					return nil, notImage("BMP cut short")
				}
				out = append(out, runValue(data[from], i, nibbles))
			}
			if nibbles {
				count = (count + 1) / 2
			}
			at += count
			at += at & 1
			x += int(value)
		}
	}
	if len(out) < len(p.pixels) {
		return nil, notImage("BMP cut short")
	}
	if !f.topDown {
		p.flip()
	}
	return p, nil
}

// runValue returns the i-th pixel of a run: the byte, or its halves in turn.
func runValue(value byte, i int, nibbles bool) byte {
	switch {
	case !nibbles:
		return value
	case i%2 == 0:
		return value >> 4
	}
	return value & 15
}

// flip turns a new picture upside down.
func (p *Picture) flip() {
	for y := range p.height / 2 {
		above, below := p.row(y), p.row(p.height-1-y)
		for x, v := range above {
			above[x], below[x] = below[x], v
		}
	}
}
