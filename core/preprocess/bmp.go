package preprocess

import "encoding/binary"

// bmpFile is what the headers of a BMP file say.
type bmpFile struct {
	width, height uint64
	topDown       bool
	bits          int
	compression   uint32
	colors        uint64
	colorBytes    uint64 // of a palette entry
	masks         [4]uint32
	palette       *palette
	gray          bool // the palette is a gray ramp, which Pillow drops
}

// BMP compression methods.
const (
	bmpRaw    = 0
	bmpRLE8   = 1
	bmpRLE4   = 2
	bmpFields = 3
)

// bmpFields32 lists the arrangements of 32-bit pixels that Pillow knows: where red, green, blue and alpha are among the
// four bytes; -1 is no alpha.
var bmpFields32 = map[[4]uint32][4]int{
	{0xFF0000, 0xFF00, 0xFF, 0}:          {2, 1, 0, -1},
	{0xFF000000, 0xFF0000, 0xFF00, 0}:    {3, 2, 1, -1},
	{0xFF000000, 0xFF00, 0xFF, 0}:        {3, 1, 0, -1},
	{0xFF000000, 0xFF0000, 0xFF00, 0xFF}: {3, 2, 1, 0},
	{0xFF, 0xFF00, 0xFF0000, 0xFF000000}: {0, 1, 2, 3},
	{0xFF0000, 0xFF00, 0xFF, 0xFF000000}: {2, 1, 0, 3},
	{0xFF000000, 0xFF00, 0xFF, 0xFF0000}: {3, 1, 0, 2},
	{0, 0, 0, 0}:                         {2, 1, 0, 3},
}

func decodeBMP(data []byte) (*Picture, error) {
	f, at, err := readBMPHeader(data)
	if err != nil {
		return nil, err
	}
	mode, err := f.mode()
	if err != nil {
		return nil, err
	}
	if err := checkSize("BMP", f.width, f.height, uint64(mode.bytes())); err != nil {
		return nil, err
	}
	if at > uint64(len(data)) {
		return nil, notImage("BMP whose pixels are outside the file")
	}
	if f.compression == bmpRLE8 || f.compression == bmpRLE4 {
		return f.decodeRuns(data, int(at), mode)
	}
	stride := (f.width*uint64(f.bits) + 31) / 32 * 4
	if uint64(len(data))-at < stride*f.height {
		return nil, notImage("BMP cut short")
	}
	p := newPicture(mode, int(f.width), int(f.height))
	p.palette = f.palette
	for i := range p.height {
		y := p.height - 1 - i
		if f.topDown {
			y = i
		}
		f.unpack(p.row(y), data[at+uint64(i)*stride:][:stride], mode)
	}
	return p, nil
}

// readBMPHeader reads the headers and the palette, and returns where the pixels begin.
func readBMPHeader(data []byte) (*bmpFile, uint64, error) {
	const fileHeader = 14
	if len(data) < fileHeader+4 {
		return nil, 0, notImage("BMP cut short")
	}
	le := binary.LittleEndian
	at, size := uint64(le.Uint32(data[10:])), uint64(le.Uint32(data[fileHeader:]))
	h := data[fileHeader:]
	if uint64(len(h)) < size {
		return nil, 0, notImage("BMP cut short in its header")
	}
	f := new(bmpFile)
	switch size {
	case 12:
		f.width, f.height, f.bits = uint64(le.Uint16(h[4:])), uint64(le.Uint16(h[6:])), int(le.Uint16(h[10:]))
		f.colorBytes = 3
	case 40, 52, 56, 64, 108, 124:
		f.width, f.height, f.bits = uint64(le.Uint32(h[4:])), uint64(le.Uint32(h[8:])), int(le.Uint16(h[14:]))
		if f.topDown = h[11] == 0xFF; f.topDown {
			f.height = 1<<32 - f.height
		}
		f.compression, f.colors, f.colorBytes = le.Uint32(h[16:]), uint64(le.Uint32(h[32:])), 4
	default:
		return nil, 0, unsupported("BMP with a header of %d bytes", size)
	}
	rest := h[size:]
	if f.compression == bmpFields {
		masks := h[40:] // they belong to the larger headers and follow the smaller one, which has none for alpha
		count := 3
		if size >= 56 {
			count = 4
		}
		if len(masks) < 4*count {
			return nil, 0, notImage("BMP cut short in its header")
		}
		for k := range count {
			f.masks[k] = le.Uint32(masks[4*k:])
		}
		if size == 40 {
			rest = masks[4*count:]
		}
	}
	if f.bits <= 8 {
		if f.colors == 0 {
			f.colors = 1 << f.bits
		}
		if at == fileHeader+size { // some writers forget to count the palette
			at += f.colorBytes * f.colors
		}
		var err error
		if rest, err = f.readPalette(rest); err != nil {
			return nil, 0, err
		}
	}
	if at == 0 {
		at = uint64(len(data) - len(rest))
	}
	return f, at, nil
}

// readPalette reads the palette and returns what follows it.
func (f *bmpFile) readPalette(data []byte) ([]byte, error) {
	if f.colors > 65536 {
		return nil, unsupported("BMP with %d colours", f.colors)
	}
	ramp := 1 // the step between entries of a gray ramp
	if f.colors == 2 {
		ramp = 255
	}
	f.palette, f.gray = newPalette(), true
	for i := range int(f.colors) {
		if len(data) < int(f.colorBytes) {
			return nil, notImage("BMP cut short in its palette")
		}
		c := [3]byte{data[2], data[1], data[0]}
		data = data[f.colorBytes:]
		v := byte(i * ramp)
		f.gray = f.gray && c == [3]byte{v, v, v}
		if i < 256 {
			f.palette.colors[i] = c
		}
	}
	return data, nil
}

// mode returns the mode that Pillow reads the file in, or why it is not read.
func (f *bmpFile) mode() (Mode, error) {
	fields := f.compression == bmpFields
	switch f.compression {
	case bmpRaw, bmpFields:
	case bmpRLE8, bmpRLE4:
		if f.bits != 8 && f.bits != 4 {
			return 0, unsupported("run-length coded BMP with %d bits", f.bits)
		}
	default:
		return 0, unsupported("BMP compression %d", f.compression)
	}
	switch f.bits {
	case 1, 4, 8:
		switch {
		case fields:
			return 0, unsupported("BMP with bit fields of %d bits", f.bits)
		case !f.gray:
			return Indexed, nil
		}
		f.palette = nil
		mode, bits := Gray, 8
		if f.colors <= 2 {
			mode, bits = Bilevel, 1
		}
		if f.compression == bmpRaw && f.bits != bits { // Pillow takes its bytes for pixels
			return 0, unsupported("BMP of %d bits with a gray palette of %d entries", f.bits, f.colors)
		}
		return mode, nil
	case 16:
		green := f.masks[1]
		rgb := [3]uint32{f.masks[0], green, f.masks[2]}
		if fields && rgb != [3]uint32{0xF800, 0x7E0, 0x1F} && rgb != [3]uint32{0x7C00, 0x3E0, 0x1F} {
			return 0, unsupported("BMP with bit fields %x", f.masks[:3])
		}
		return RGB, nil
	case 24:
		if fields && [3]uint32(f.masks[:3]) != [3]uint32{0xFF0000, 0xFF00, 0xFF} {
			return 0, unsupported("BMP with bit fields %x", f.masks[:3])
		}
		return RGB, nil
	case 32:
		if !fields {
			return RGB, nil
		}
		order, ok := bmpFields32[f.masks]
		if !ok {
			return 0, unsupported("BMP with bit fields %x", f.masks)
		}
		if order[3] >= 0 {
			return RGBA, nil
		}
		return RGB, nil
	}
	return 0, unsupported("BMP with %d bits a pixel", f.bits)
}

// unpack writes a row. Fields of five and six bits are spread over 0 to 255, rounded down.
func (f *bmpFile) unpack(out, in []byte, mode Mode) {
	n := mode.bytes()
	switch {
	case f.bits == 8:
		copy(out, in)
	case f.bits < 8:
		unpackBits(out, in, len(out), 1, f.bits, mode)
	case f.bits == 16:
		for x := range len(out) / 3 {
			v := uint32(binary.LittleEndian.Uint16(in[2*x:]))
			out[3*x+2] = byte((v & 31) * 255 / 31)
			if f.compression == bmpFields && f.masks[1] == 0x7E0 {
				out[3*x], out[3*x+1] = byte((v>>11&31)*255/31), byte((v>>5&63)*255/63)
			} else {
				out[3*x], out[3*x+1] = byte((v>>10&31)*255/31), byte((v>>5&31)*255/31)
			}
		}
	default:
		order, step := [4]int{2, 1, 0, -1}, f.bits/8
		if f.bits == 32 && f.compression == bmpFields {
			order = bmpFields32[f.masks]
		}
		for x := range len(out) / n {
			for k := range n {
				out[n*x+k] = in[step*x+order[k]]
			}
		}
	}
}
