package jpeg

// An upsampler writes one row at full width from the row of samples that covers it and the next nearest one, which lies
// below or above.
type upsampler func(out, near, far []byte, below bool)

// chooseUpsampler follows libjpeg: ratios of 2 are interpolated with weights 3 and 1 ("fancy" upsampling) unless the row
// is too short, others are repeated. The ratio decides, not the size of the picture.
func chooseUpsampler(growAcross, growDown, width int) upsampler {
	var sums []int16 // of both rows
	switch {
	case growAcross == 2 && growDown == 1 && width > 2:
		return func(out, near, far []byte, below bool) {
			if !doubleRow(out, near, nil, &sums) {
				interpolateAcross(out, near, far, below)
			}
		}
	case growAcross == 1 && growDown == 2:
		return interpolateDown
	case growAcross == 2 && growDown == 2 && width > 2:
		return func(out, near, far []byte, below bool) {
			if !doubleRow(out, near, far, &sums) {
				interpolateBoth(out, near, far, below)
			}
		}
	}
	return func(out, near, _ []byte, _ bool) {
		for x := range out {
			out[x] = near[x/growAcross]
		}
	}
}

// interpolateAcross rounds down at even and up at odd places, so that there is no drift.
func interpolateAcross(out, near, _ []byte, _ bool) {
	last := len(near) - 1
	out = out[:2*len(near)]
	out[0], out[1] = near[0], byte((3*int(near[0])+int(near[1])+2)>>2)
	before, here := int(near[0]), int(near[1])
	for x := 1; x < last; x++ {
		after := int(near[x+1])
		out[2*x] = byte((3*here + before + 1) >> 2)
		out[2*x+1] = byte((3*here + after + 2) >> 2)
		before, here = here, after
	}
	out[2*last], out[2*last+1] = byte((3*int(near[last])+int(near[last-1])+1)>>2), near[last]
}

func interpolateDown(out, near, far []byte, below bool) {
	round := 1
	if below {
		round = 2
	}
	far = far[:len(near)]
	for x, v := range near {
		out[x] = byte((3*int(v) + int(far[x]) + round) >> 2)
	}
}

// interpolateBoth goes down first without rounding, then across.
func interpolateBoth(out, near, far []byte, _ bool) {
	last := len(near) - 1
	out, far = out[:2*len(near)], far[:len(near)]
	here, after := 3*int(near[0])+int(far[0]), 3*int(near[1])+int(far[1])
	out[0], out[1] = byte((4*here+8)>>4), byte((3*here+after+7)>>4)
	for x := 1; x < last; x++ {
		before := here
		here, after = after, 3*int(near[x+1])+int(far[x+1])
		out[2*x] = byte((3*here + before + 8) >> 4)
		out[2*x+1] = byte((3*here + after + 7) >> 4)
	}
	before := here
	here = after
	out[2*last], out[2*last+1] = byte((3*here+before+8)>>4), byte((4*here+7)>>4)
}
