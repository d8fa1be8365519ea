//go:build (amd64 && !purego) || js

package jpeg

import "github.com/goclip/goclip/core/preprocess/internal/lanes"

// useVectors says whether samples are computed by vector instructions; tests set it.
var useVectors = lanes.Available()

// doubleRow interpolates as interpolateBoth does, or, where there is no far row, as interpolateAcross does, unless it
// cannot. There must be memory to round up to 16 samples behind all rows.
func doubleRow(out, near, far []byte, sums *[]int16) bool {
	n := len(near)
	if !useVectors || n == 0 || cap(near) < n+16 || cap(out) < 2*n+32 {
		return false
	}
	even, odd := 8, 7
	if far == nil {
		far, even, odd = near, 4, 8
	} else if cap(far) < n+16 {
		return false
	}
	if len(*sums) < n+32 {
		*sums = make([]int16, n+32)
	}
	row := (*sums)[1:]
	lanes.Weigh(&row[0], &near[0], &far[0], n)
	(*sums)[0], row[n] = row[0], row[n-1]
	lanes.Double(&out[0], &row[0], even, odd, n)
	return true
}

// convertPixels converts as many pixels as whole vectors hold, and returns how many.
func convertPixels(out, y, cb, cr []byte) int {
	n := len(y) &^ 31
	if !useVectors || n == 0 {
		return 0
	}
	_, _, _ = out[3*n-1], cb[n-1], cr[n-1]
	lanes.YCbCrToRGB(&out[0], &y[0], &cb[0], &cr[0], n)
	return n
}
