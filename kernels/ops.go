package kernels

// Role says what a weight is for, which decides how a device may pack it.
type Role uint8

const (
	// Matrix is the [out, in] of a Linear, kept in the precision of the device.
	Matrix Role = iota
	// Filter is the [out, kernel, kernel, in/groups] of a Conv2D. It stays float32: through one a tower reads its pixels.
	Filter
	// Vector stays float32: LayerNorm's gain and bias, and constants read as values ([width] or [rows, width]).
	Vector
	// Table is the [rows, width] of an Embed. It may be larger than a GPU can bind, so a device may keep it on the host.
	Table
)

var roleNames = [...]string{"matrix", "filter", "vector", "table"}

// String is the role's name.
func (r Role) String() string { return roleNames[r] }

// Act is an activation function, applied value by value.
type Act uint8

const (
	// Identity leaves x as it is.
	Identity Act = iota
	// ReLU is max(x, 0).
	ReLU
	// GELU is x/2 (1 + erf(x/√2)), Hendrycks and Gimpel 2016.
	GELU
	// GELUTanh is GELU with x/2 (1 + tanh(√(2/π)(x + 0.044715x³))), PyTorch's approximate="tanh".
	GELUTanh
	// QuickGELU is x·sigmoid(1.702x), as OpenAI's CLIP computes it.
	QuickGELU
	// SiLU is x·sigmoid(x), also called swish.
	SiLU
	// Sigmoid is 1/(1+e⁻ˣ).
	Sigmoid
)

var actNames = [...]string{"identity", "relu", "gelu", "gelu_tanh", "quick_gelu", "silu", "sigmoid"}

// String is the activation's name.
func (a Act) String() string { return actNames[a] }

// Acts lists every activation, for tests that must see them all.
func Acts() []Act { return []Act{Identity, ReLU, GELU, GELUTanh, QuickGELU, SiLU, Sigmoid} }

// Binary is what Zip does with two values.
type Binary uint8

const (
	// Add is x + y.
	Add Binary = iota
	// Mul is x · y.
	Mul
)

// Epilogue is what a product does with a sum before it stores it: y = act(sum + bias) + residual. The bias comes with
// the weight.
type Epilogue struct {
	Act      Act
	Residual *Ref // nil for none; its rows match the destination's
}

// Window is how a convolution or a pooling moves over a feature map. The size of the result is the destination's.
type Window struct {
	Kernel, Stride int
	Top, Left      int // zero rows and columns before the picture; those behind it follow from the destination
	Groups         int // 1 for a full convolution, the number of channels for a depthwise one
}

// Attend is how queries look at keys. A query's scores are scaled by 1/√(width/Heads) and pass through softmax.
type Attend struct {
	Heads   int
	Causal  bool     // query i of n sees keys 0 … i + m - n of m
	Lengths IntInput // how many keys count, from the first; NoInts: all
	// PerQuery: Lengths has a number for every query of every item, not one for every item.
	PerQuery bool
}

// Seen is how many keys, from the first, one query of an item looks at: query of queries, over so many keys. lengths is
// the integer input that Lengths names; it is not read without one.
func (a Attend) Seen(lengths []int32, item, query, queries, keys int) int {
	seen := keys
	switch {
	case a.Lengths == NoInts:
	case a.PerQuery:
		seen = int(lengths[item*queries+query])
	default:
		seen = int(lengths[item])
	}
	if a.Causal {
		seen = min(seen, query+keys-queries+1)
	}
	return seen
}
