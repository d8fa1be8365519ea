package preprocess

// rgbRow writes a row as RGB (Pillow's Convert.c).
func (p *Picture) rgbRow(out []byte, y int) { toRGB(out, p.row(y), p.mode, p.palette) }

// toRGB converts pixels of a mode to RGB. Alpha is dropped.
func toRGB(out, in []byte, mode Mode, palette *palette) {
	switch mode {
	case Bilevel, Gray:
		for x, v := range in {
			out[3*x], out[3*x+1], out[3*x+2] = v, v, v
		}
	case GrayAlpha:
		for x := range len(in) / 2 {
			v := in[2*x]
			out[3*x], out[3*x+1], out[3*x+2] = v, v, v
		}
	case Gray16:
		for x := range len(in) / 2 {
			v := in[2*x]
			if in[2*x+1] != 0 {
				v = 255
			}
			out[3*x], out[3*x+1], out[3*x+2] = v, v, v
		}
	case Indexed:
		for x, v := range in {
			copy(out[3*x:3*x+3], palette.colors[v][:])
		}
	case RGB:
		copy(out, in)
	case RGBA:
		for x := range len(in) / 4 {
			out[3*x], out[3*x+1], out[3*x+2] = in[4*x], in[4*x+1], in[4*x+2]
		}
	case CMYK:
		for x := range len(in) / 4 {
			paper := 255 - in[4*x+3]
			for k := range 3 {
				out[3*x+k] = paper - multiply(in[4*x+k], paper)
			}
		}
	}
}

// multiply is a*b/255, rounded (Pillow's MULDIV255).
func multiply(a, b byte) byte {
	t := uint32(a)*uint32(b) + 128
	return byte((t>>8 + t) >> 8)
}

// transparent tells whether the picture has alpha or a transparent colour, whatever its pixels.
func (p *Picture) transparent() bool {
	return p.mode == RGBA || p.mode == GrayAlpha || p.key != nil || p.palette != nil && p.palette.transparent
}

// whiteRow writes a row as RGB on white (transformers' convert_to_rgb: Pillow's alpha_composite on a white picture).
func (p *Picture) whiteRow(out []byte, y int) {
	p.rgbRow(out, y)
	if !p.transparent() {
		return
	}
	in := p.row(y)
	for x := range p.width {
		pixel := (*[3]byte)(out[3*x:])
		alpha := byte(255)
		switch {
		case p.mode == RGBA:
			alpha = in[4*x+3]
		case p.mode == GrayAlpha:
			alpha = in[2*x+1]
		case p.mode == Indexed:
			alpha = p.palette.alpha[in[x]]
		case *pixel == *p.key:
			alpha = 0
		}
		if alpha == 255 {
			continue
		}
		for k, v := range pixel {
			pixel[k] = overWhite(v, alpha)
		}
	}
}

// overWhite is AlphaComposite.c with an opaque white ground: weights of 7 bits more than a byte.
func overWhite(v, alpha byte) byte {
	front := uint32(alpha) << 7
	back := uint32(255)<<7 - front
	sum := uint32(v)*front + 255*back + 0x80<<7
	return byte(((sum>>8 + sum) >> 8) >> 7)
}
