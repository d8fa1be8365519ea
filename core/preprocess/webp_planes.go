package preprocess

import "image"

// limitedRange writes the planes of a VP8 picture as RGB the way libwebp does: chroma interpolated with weights 9, 3, 3
// and 1, and BT.601 with luma from 16 to 235, in 14-bit fixed point. image/color would take luma for 0 to 255.
func limitedRange(p *Picture, planes *image.YCbCr) {
	u, v := make([]byte, p.width), make([]byte, p.width)
	across, down := (p.width+1)/2, (p.height+1)/2
	n := p.mode.bytes()
	for y := range p.height {
		near := y / 2
		far := max(0, min(down-1, near-1+2*(y&1)))
		interpolateChroma(u, planes.Cb[near*planes.CStride:][:across], planes.Cb[far*planes.CStride:][:across])
		interpolateChroma(v, planes.Cr[near*planes.CStride:][:across], planes.Cr[far*planes.CStride:][:across])
		out := p.row(y)
		for x, luma := range planes.Y[y*planes.YStride:][:p.width] {
			base, u, v := int32(luma)*19077>>8, int32(u[x]), int32(v[x])
			pixel := out[n*x : n*x+3 : n*x+3]
			pixel[0] = clip((base + v*26149>>8 - 14234) >> 6)
			pixel[1] = clip((base - u*6419>>8 - v*13320>>8 + 8708) >> 6)
			pixel[2] = clip((base + u*33050>>8 - 17685) >> 6)
		}
	}
}

// interpolateChroma writes one row at full width from the row of samples that covers it and the next nearest. The first
// and, if the width is even, the last column have no neighbour and weigh 3 to 1.
func interpolateChroma(out, near, far []byte) {
	out[0] = byte((3*int(near[0]) + int(far[0]) + 2) >> 2)
	last := len(near) - 1
	far = far[:len(near)]
	left, leftFar := int(near[0]), int(far[0])
	for c := 1; c <= last; c++ {
		here, hereFar := int(near[c]), int(far[c])
		sum := left + here + leftFar + hereFar + 8
		// Each diagonal of the four once more, then each nearest sample.
		falling, rising := (sum+2*(here+leftFar))>>3, (sum+2*(left+hereFar))>>3
		out[2*c-1] = byte((falling + left) >> 1)
		out[2*c] = byte((rising + here) >> 1)
		left, leftFar = here, hereFar
	}
	if len(out)%2 == 0 {
		out[2*last+1] = byte((3*left + leftFar + 2) >> 2)
	}
}

func clip(v int32) byte {
	if uint32(v) > 255 {
		return byte(^v >> 31)
	}
	return byte(v)
}

// decodeAlpha decodes the alpha plane of a lossy picture (WebP container specification, "Alpha"). Its hint about reduced
// levels changes nothing: libwebp smooths them only when it is asked to.
func (f *webpFrame) decodeAlpha(width, height int) ([]byte, error) {
	if len(f.alpha) < 1 {
		return nil, notImage("WebP with an empty alpha chunk")
	}
	head, data := f.alpha[0], f.alpha[1:]
	var plane []byte
	switch head & 3 {
	case 0:
		if len(data) < width*height {
			return nil, notImage("WebP cut short in its alpha")
		}
		plane = make([]byte, width*height)
		copy(plane, data)
	case 1:
		// The plane is the green of a VP8L bitstream without its header.
		w, h := uint32(width-1), uint32(height-1)
		bits := w | h<<14
		stream := append([]byte{0x2F, byte(bits), byte(bits >> 8), byte(bits >> 16), byte(bits >> 24)}, data...)
		pixels, _, _, err := f.lossless4(stream)
		if err != nil {
			return nil, err
		}
		for i := range width * height {
			pixels[i] = pixels[4*i+1]
		}
		plane = append([]byte(nil), pixels[:width*height]...)
	default:
		return nil, notImage("WebP with alpha compression %d", head&3)
	}
	unfilterAlpha(plane, width, head>>2&3)
	return plane, nil
}

// unfilterAlpha undoes the prediction of alpha values from their neighbours. In every filter the first row is predicted
// from the left and the first column from above.
func unfilterAlpha(plane []byte, width int, filter byte) {
	if filter == 0 {
		return
	}
	for x := 1; x < width; x++ {
		plane[x] += plane[x-1]
	}
	for at := width; at < len(plane); at += width {
		row, above := plane[at:at+width], plane[at-width:at]
		row[0] += above[0]
		for x := 1; x < width; x++ {
			switch filter {
			case 1:
				row[x] += row[x-1]
			case 2:
				row[x] += above[x]
			case 3:
				row[x] += clip(int32(row[x-1]) + int32(above[x]) - int32(above[x-1]))
			}
		}
	}
}
