// Package approx has the polynomials that stand for transcendental functions, the same on all processors.
package approx

// Exp2 are c₁, c₂, …: 2^f for f in -1/2 … 1/2 is 1 + f(c₁ + f(c₂ + …)), with a relative error below 9.2e-8: the minimax polynomial.
var Exp2 = []float32{0.6931469775948129, 0.24022242078911196, 0.05550733746934087, 0.009671513054353537, 0.0013264727272384235}

// Log2e turns powers of e into powers of 2.
const Log2e = 1.4426950408889634

// Activation is an activation function that multiplies x (or 1) with a sigmoid of an odd polynomial of x.
type Activation struct {
	Name, Doc string
	// Odd holds the polynomial: x(Odd[0] + Odd[1]x² + …), to be multiplied with -log₂e.
	Odd []float32
	// Largest is what x² is kept below in the polynomial; 0: no limit.
	Largest float32
	Gate    bool // the sigmoid alone, without x
}

// Activations are all of that kind.
var Activations = []Activation{
	// ln(Φ(x)/(1-Φ(x))) is odd and smooth, and GELU is x times its sigmoid. The minimax fit for |x| up to 6 leaves an absolute
	// error of 7e-8; beyond, GELU is x or nothing.
	{"GELU", "x·Φ(x), Φ the normal distribution, within 2e-7·max(1, |x|)", []float32{1.5957684322713495, 0.0726685669530091, -6.625994380313888e-05,
		-0.00011048032771671733, 7.938220169876665e-06, -2.6689288571585434e-07, 3.6112341467997956e-09}, 36, false},
	// (1 + tanh(u))/2 is the sigmoid of 2u.
	{"GELUTanh", "x·sigmoid(2√(2/π)(x + 0.044715x³))", []float32{1.5957691216057308, 0.07135481627159984}, 0, false},
	{"QuickGELU", "x·sigmoid(1.702x)", []float32{1.702}, 0, false},
	{"SiLU", "x·sigmoid(x)", []float32{1}, 0, false},
	{"Sigmoid", "1/(1+e⁻ˣ)", []float32{1}, 0, true},
}

// Scaled is the polynomial times -log₂e, so that 2 to its power is e⁻ᵖ.
func (a Activation) Scaled() []float32 {
	scaled := make([]float32, len(a.Odd))
	for i, c := range a.Odd {
		scaled[i] = float32(float64(c) * -Log2e)
	}
	return scaled
}
