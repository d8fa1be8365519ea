package main

import (
	"math"

	. "github.com/goclip/goclip/internal/wasm"
)

// exponential are c₁, c₂, …: 2^f for f in -1/2 … 1/2 is 1 + f(c₁ + f(c₂ + …)), with a relative error below 9.2e-8: the minimax
// polynomial, as in kernels/simd.
var exponential = []float32{0.6931469775948129, 0.24022242078911196, 0.05550733746934087, 0.009671513054353537, 0.0013264727272384235}

// odd are the activations that multiply x, or 1, with the sigmoid of an odd polynomial of x: x(c₀ + c₁x² + …), as in kernels/simd.
var odd = []struct {
	polynomial []float64
	largest    float32 // what x² is kept below in the polynomial; 0: no limit
	gate       bool    // the sigmoid alone
}{
	2: {polynomial: []float64{1.5957684322713495, 0.0726685669530091, -6.625994380313888e-05, -0.00011048032771671733,
		7.938220169876665e-06, -2.6689288571585434e-07, 3.6112341467997956e-09}, largest: 36},
	3: {polynomial: []float64{1.5957691216057308, 0.07135481627159984}},
	4: {polynomial: []float64{1.702}},
	5: {polynomial: []float64{1}},
	6: {polynomial: []float64{1}, gate: true},
}

// magic rounds: a float32 of a magnitude below 2²² that is added to it becomes whole, and stands in the last bits.
const magic = 0x1.8p23

// exp2 turns y, which is below 127, into 2^y; below -126 it gives next to nothing.
func exp2(f *Func, y V128) {
	t := f.Vectors(2)
	whole, p := t[0], t[1]
	f.Set(y, y.MaxF(Floats(-126)))
	f.Set(whole, y.AddF(Floats(magic)))
	f.Set(y, y.SubF(whole.SubF(Floats(magic))))
	last := len(exponential) - 1
	f.Set(p, Floats(exponential[last]))
	for i := last - 1; i >= 0; i-- {
		f.Set(p, f.MulAdd(p, y, Floats(exponential[i])))
	}
	f.Set(y, f.MulAdd(p, y, Floats(1)).Add32(whole.ShiftLeft32(23)))
}

// activations write f(x) over rows: (dst, its stride, src, its stride, rows, values of a row), strides in bytes.
func (k *kernels) activations() {
	for act := range k.activation {
		if act == 0 {
			continue
		}
		f := k.m.Func("")
		k.activation[act] = f
		p := f.Params(6)
		dst, ldd, src, lds, rows, n := p[0], p[1], p[2], p[3], p[4], p[5]
		x := f.Vectors(1)[0]
		f.While(rows, func() {
			k.each(f, n, func(v vec) {
				f.Set(x, v.load(src))
				k.activate(f, act, x)
				v.store(dst, x)
			})
			f.Set(dst, dst.Add(ldd))
			f.Set(src, src.Add(lds))
			f.Inc(rows, -1)
		})
	}
}

// activate applies an activation to four values.
func (k *kernels) activate(f *Func, act int, x V128) {
	if act == 1 {
		f.Set(x, x.MaxF(Words(0)))
		return
	}
	a := odd[act]
	scaled := make([]float32, len(a.polynomial))
	for i, c := range a.polynomial {
		scaled[i] = float32(float64(float32(c)) * -math.Log2E)
	}
	t := f.Vectors(2)
	y, square := t[0], t[1]
	last := len(scaled) - 1
	f.Set(y, Floats(scaled[last]))
	if last > 0 {
		f.Set(square, x.MulF(x))
		if a.largest > 0 {
			f.Set(square, square.MinF(Floats(a.largest)))
		}
		for i := last - 1; i >= 0; i-- {
			f.Set(y, f.MulAdd(y, square, Floats(scaled[i])))
		}
	}
	f.Set(y, y.MulF(x).MinF(Floats(126)))
	exp2(f, y)
	gate := x
	if a.gate {
		gate = Floats(1)
	}
	f.Set(x, gate.DivF(y.AddF(Floats(1))))
}
