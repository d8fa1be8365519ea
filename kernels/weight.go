package kernels

import (
	"fmt"
	"slices"
)

// WeightSpec is one tensor on its way into a device.
type WeightSpec struct {
	Name   string // for error messages and labels
	Role   Role
	Shape  Shape
	Values []float32 // Shape.Elements() values, row-major
	Bias   []float32 // nil, or Shape[0] values added to a product (Vector: a LayerNorm's bias)
}

// Check tells whether there are values, as many as the shape says, and all of them numbers: one that is not makes every result
// useless. The error names the weight; devices put their name before it.
func (s WeightSpec) Check() error {
	if len(s.Shape) == 0 || len(s.Values) == 0 || len(s.Values) != s.Shape.Elements() {
		return fmt.Errorf("weight %s has %d values for shape %v", s.Name, len(s.Values), s.Shape)
	}
	if s.Bias != nil && len(s.Bias) != s.Shape[0] {
		return fmt.Errorf("weight %s has %d bias values for shape %v", s.Name, len(s.Bias), s.Shape)
	}
	for _, list := range [][]float32{s.Values, s.Bias} {
		if at := notFinite(list); at >= 0 {
			return fmt.Errorf("weight %s holds %v as number %d: the checkpoint is damaged", s.Name, list[at], at)
		}
	}
	return nil
}

// PartLoader is a device that takes a weight as it is read. The table of a text tower is often the largest weight by far: this way it is
// not in memory a second time.
type PartLoader interface {
	// LoadParts loads a Table. Its Values are nil: values hands them to use, some at a time and in their order, in slices that it uses
	// again. What values says went wrong comes back.
	LoadParts(s WeightSpec, values func(use func(part []float32) error) error) (Weight, error)
}

// CheckPart tells whether values are numbers and fit in the shape; at is how many came before.
func (s WeightSpec) CheckPart(at int, part []float32) error {
	if at+len(part) > s.Shape.Elements() {
		return fmt.Errorf("weight %s has more values than shape %v", s.Name, s.Shape)
	}
	if bad := notFinite(part); bad >= 0 {
		return fmt.Errorf("weight %s holds %v as number %d: the checkpoint is damaged", s.Name, part[bad], at+bad)
	}
	return nil
}

// notFinite is the place of the first NaN or infinity in a list; -1 if there is none. Times zero, these are NaN and stay in a
// sum, so that one look at the sums, four to keep the processor busy, tells for the whole list.
func notFinite(list []float32) int {
	var s0, s1, s2, s3 float32
	rest := list
	for ; len(rest) >= 4; rest = rest[4:] {
		v := (*[4]float32)(rest)
		s0, s1, s2, s3 = s0+v[0]*0, s1+v[1]*0, s2+v[2]*0, s3+v[3]*0
	}
	for _, v := range rest {
		s0 += v * 0
	}
	if s0+s1+s2+s3 == 0 {
		return -1
	}
	return slices.IndexFunc(list, func(v float32) bool { return v*0 != 0 })
}
