package preprocess

import (
	"fmt"
	"math"
)

// Filter is a resampling filter, with Pillow's numbers.
type Filter int

// The filters that Pillow has.
const (
	Nearest  Filter = 0
	Lanczos  Filter = 1
	Bilinear Filter = 2
	Bicubic  Filter = 3
	Box      Filter = 4
	Hamming  Filter = 5
)

var filters = [...]struct {
	name   string
	radius float64 // at scale 1
	weight func(float64) float64
}{
	Nearest:  {"nearest", 0, nil},
	Lanczos:  {"lanczos", 3, lanczosWeight},
	Bilinear: {"bilinear", 1, bilinearWeight},
	Bicubic:  {"bicubic", 2, bicubicWeight},
	Box:      {"box", 0.5, boxWeight},
	Hamming:  {"hamming", 1, hammingWeight},
}

// String returns the filter's name in lower case.
func (f Filter) String() string {
	if f < 0 || int(f) >= len(filters) {
		return fmt.Sprintf("filter %d", int(f))
	}
	return filters[f].name
}

// Products that are added to are wrapped in float64(), here and in axis.fill, so that no compiler fuses them with the sum:
// the weights must come out the same everywhere.

func boxWeight(x float64) float64 {
	if x > -0.5 && x <= 0.5 {
		return 1
	}
	return 0
}

func bilinearWeight(x float64) float64 {
	if x = math.Abs(x); x < 1 {
		return 1 - x
	}
	return 0
}

func hammingWeight(x float64) float64 {
	x = math.Abs(x)
	switch {
	case x == 0:
		return 1
	case x >= 1:
		return 0
	}
	x *= math.Pi
	return math.Sin(x) / x * (0.54 + float64(0.46*math.Cos(x)))
}

// bicubicWeight is Keys' cubic with a = -0.5.
func bicubicWeight(x float64) float64 {
	const a = -0.5
	x = math.Abs(x)
	if x < 1 {
		return float64((float64((a+2)*x)-(a+3))*x*x) + 1
	}
	if x < 2 {
		return (float64((float64((x-5)*x)+8)*x) - 4) * a
	}
	return 0
}

func lanczosWeight(x float64) float64 {
	if x >= -3 && x < 3 {
		return sinc(x) * sinc(x/3)
	}
	return 0
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	x *= math.Pi
	return math.Sin(x) / x
}

const weightBits = 32 - 8 - 2 // of fixed-point weights

// axis holds the weights with which one side of a picture is resampled, for the outputs of a window.
type axis struct {
	first  []int     // of each output, the first input
	start  []int     // of each output, where its weights begin; one more at the end
	fixed  []int32   // weights in fixed point
	floats []float64 // the same for 16-bit pixels, else empty
}

// maxWeights bounds the memory of an axis; only pictures with a side of tens of millions of pixels come there.
const maxWeights = 1 << 26

// fill computes the weights to resample in pixels to out, for outputs low to high-1 (Pillow's precompute_coeffs).
func (a *axis) fill(in, out, low, high int, filter Filter, floats bool) error {
	a.first, a.start, a.fixed, a.floats = a.first[:0], a.start[:0], a.fixed[:0], a.floats[:0]
	scale := float64(in) / float64(out)
	widen := max(scale, 1)
	radius := float64(filters[filter].radius * widen)
	weight := filters[filter].weight
	if total := (2*radius + 2) * float64(high-low); total > maxWeights {
		return fmt.Errorf("%w: resizing %d pixels to %d", ErrTooLarge, in, out)
	}
	shrink := 1 / widen
	var row []float64
	for i := low; i < high; i++ {
		center := float64((float64(i) + 0.5) * scale)
		from, to := max(0, int(center-radius+0.5)), min(in, int(center+radius+0.5))
		row = row[:0]
		sum := 0.0
		for k := from; k < to; k++ {
			w := weight(float64((float64(k) - center + 0.5) * shrink))
			row = append(row, w)
			sum += w
		}
		a.first, a.start = append(a.first, from), append(a.start, len(a.fixed))
		for _, w := range row {
			if sum != 0 {
				w /= sum
			}
			if floats {
				a.floats = append(a.floats, w)
			}
			// Rounded half away from zero by truncation.
			half := 0.5
			if w < 0 {
				half = -0.5
			}
			a.fixed = append(a.fixed, int32(float64(w*(1<<weightBits))+half))
		}
	}
	a.start = append(a.start, len(a.fixed))
	return nil
}

// taps is how many inputs an output is made of.
func (a *axis) taps(i int) int { return a.start[i+1] - a.start[i] }

// inputs returns the range of inputs that the window needs.
func (a *axis) inputs() (from, to int) {
	from, to = math.MaxInt, 0
	for i, first := range a.first {
		from, to = min(from, first), max(to, first+a.taps(i))
	}
	return from, to
}
