package simd

import "unsafe"

// weight is a loaded tensor: packed panels for products, in the form that multiplies them, and plain values otherwise.
type weight struct {
	form   *form
	values []float32 // memory for panels is counted in float32, whatever they hold
	bias   []float32 // padded to whole panels for products; with all that ends sums where the form says so
}

// stored is where a lane of the panels lies.
func (w *weight) stored(lane int) unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(unsafe.SliceData(w.values)), lane*w.form.stored)
}
