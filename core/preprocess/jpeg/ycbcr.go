package jpeg

import "image"

// FromYCbCr converts the planes that another decoder made of a JPEG file to height x width x 3 bytes of RGB, with libjpeg's
// interpolation of chroma and its colour conversion. It returns nil for a part of an image that cuts through a chroma
// sample.
func FromYCbCr(m *image.YCbCr) []byte {
	growAcross, growDown := 1, 1
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio444:
	case image.YCbCrSubsampleRatio422:
		growAcross = 2
	case image.YCbCrSubsampleRatio420:
		growAcross, growDown = 2, 2
	case image.YCbCrSubsampleRatio440:
		growDown = 2
	case image.YCbCrSubsampleRatio411:
		growAcross = 4
	case image.YCbCrSubsampleRatio410:
		growAcross, growDown = 4, 2
	}
	b := m.Bounds()
	if b.Min.X%growAcross != 0 || b.Min.Y%growDown != 0 {
		return nil
	}
	width, height := b.Dx(), b.Dy()
	across, down := ceil(width, growAcross), ceil(height, growDown)
	upsample := chooseUpsampler(growAcross, growDown, across)
	cb, cr := make([]byte, across*growAcross), make([]byte, across*growAcross)
	pixels := make([]byte, 3*width*height)
	start := m.COffset(b.Min.X, b.Min.Y)
	row := func(plane []byte, y int) []byte { return plane[start+y*m.CStride:][:across] }
	for y := range height {
		near := y / growDown
		far, below := near+1, y%growDown != 0
		if !below {
			far = near - 1
		}
		far = max(0, min(down-1, far))
		upsample(cb, row(m.Cb, near), row(m.Cb, far), below)
		upsample(cr, row(m.Cr, near), row(m.Cr, far), below)
		luma := m.Y[m.YOffset(b.Min.X, b.Min.Y+y):][:width]
		ycbcrToRGB(pixels[3*width*y:][:3*width], &[4][]byte{luma, cb, cr})
	}
	return pixels
}
