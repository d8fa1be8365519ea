package jpeg

// chooseConverter guesses the colours of the file as libjpeg does, from the JFIF and Adobe markers and the components'
// names, and returns what turns rows of samples into rows of pixels.
func (d *decoder) chooseConverter() func(out []byte, rows *[4][]byte) {
	components := d.frame.components
	switch len(components) {
	case 1:
		return func(out []byte, rows *[4][]byte) { copy(out, rows[0]) }
	case 3:
		plain := false
		switch {
		case d.jfif:
		case d.adobe:
			plain = d.transform == 0
		default:
			plain = components[0].id == 'R' && components[1].id == 'G' && components[2].id == 'B'
		}
		if plain {
			return interleaveRGB
		}
		return ycbcrToRGB
	}
	if d.adobe && d.transform != 0 {
		return ycckToCMYK
	}
	return invertCMYK
}

// Conversion with 16 fractional bits: 1.402, 0.344136, 0.714136 and 1.772 (JFIF 1.02).
const (
	redFromCr   = 91881
	greenFromCb = -22554
	greenFromCr = -46802
	blueFromCb  = 116130
	half16      = 1 << 15
)

func ycbcrToRGB(out []byte, rows *[4][]byte) {
	done := convertPixels(out, rows[0], rows[1], rows[2])
	luma, out := rows[0][done:], out[3*done:]
	cbs, crs := rows[1][done:][:len(luma)], rows[2][done:][:len(luma)]
	for x, y := range luma {
		l, cb, cr := int32(y), int32(cbs[x])-128, int32(crs[x])-128
		pixel := out[3*x : 3*x+3 : 3*x+3]
		pixel[0] = clip(l + (redFromCr*cr+half16)>>16)
		pixel[1] = clip(l + (greenFromCb*cb+greenFromCr*cr+half16)>>16)
		pixel[2] = clip(l + (blueFromCb*cb+half16)>>16)
	}
}

func interleaveRGB(out []byte, rows *[4][]byte) {
	for x, red := range rows[0] {
		out[3*x], out[3*x+1], out[3*x+2] = red, rows[1][x], rows[2][x]
	}
}

// invertCMYK: every program writes CMYK files with 0 for full ink, as Adobe began it, and Pillow turns them all round.
func invertCMYK(out []byte, rows *[4][]byte) {
	for x := range rows[0] {
		for k, row := range rows {
			out[4*x+k] = 255 - row[x]
		}
	}
}

// ycckToCMYK: libjpeg turns YCC to RGB and that to CMY; Pillow turns that round, which gives RGB again.
func ycckToCMYK(out []byte, rows *[4][]byte) {
	for x, y := range rows[0] {
		l, cb, cr := int32(y), int32(rows[1][x])-128, int32(rows[2][x])-128
		out[4*x] = clip(l + (redFromCr*cr+half16)>>16)
		out[4*x+1] = clip(l + (greenFromCb*cb+greenFromCr*cr+half16)>>16)
		out[4*x+2] = clip(l + (blueFromCb*cb+half16)>>16)
		out[4*x+3] = 255 - rows[3][x]
	}
}

func clip(v int32) byte {
	if uint32(v) > 255 {
		return byte(^v >> 31)
	}
	return byte(v)
}
