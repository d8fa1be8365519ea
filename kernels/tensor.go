package kernels

// Shape lists dimensions outermost first: [items, width], [items, rows, width] or [items, height, width, channels].
type Shape []int

// Elements is the number of values.
func (s Shape) Elements() int {
	n := 1
	for _, d := range s {
		n *= d
	}
	return n
}

// Width is the length of a row: the last dimension.
func (s Shape) Width() int { return s[len(s)-1] }

// Items is the size of the batch: the first dimension.
func (s Shape) Items() int { return s[0] }

// Rows is the number of rows of one item: the product of the dimensions between first and last.
func (s Shape) Rows() int { return Shape(s[1 : len(s)-1]).Elements() }

// with returns a copy whose last dimension is width.
func (s Shape) with(width int) Shape {
	out := append(Shape{}, s...)
	out[len(out)-1] = width
	return out
}

func (s Shape) equal(t Shape) bool {
	if len(s) != len(t) {
		return false
	}
	for i := range s {
		if s[i] != t[i] {
			return false
		}
	}
	return true
}

// Tensor names a value or a constant of a Graph. It holds no memory.
type Tensor struct {
	Shape Shape

	graph     *Graph
	kind      Kind
	index     int // number of the node that computes it, or ID of the weight
	offset    int
	item, row int
}

// Ints names an integer input of a Graph: token ids, row numbers or lengths.
type Ints struct {
	Shape Shape

	graph *Graph
	index int
}

// Kind tells where a Ref's numbers are.
type Kind uint8

const (
	// Value is a buffer of the program.
	Value Kind = iota
	// Constant is a weight that was loaded as a Vector.
	Constant
)

// Ref is a Tensor after planning: what a device reads or writes. Row r of item i are the Shape.Width() values from
// Offset + i*Item + r*Row of the buffer or weight. A stride of 0 repeats.
type Ref struct {
	Kind      Kind
	Index     int // number of the buffer, or ID of the weight
	Offset    int
	Item, Row int
	Shape     Shape
}

// At is where row r of item i begins.
func (r Ref) At(item, row int) int { return r.Offset + item*r.Item + row*r.Row }

// Dense reports whether all rows of all items lie one after the other. What a step writes always does.
func (r Ref) Dense() bool {
	return r.Row == r.Shape.Width() && (r.Shape.Items() == 1 || r.Item == r.Shape.Rows()*r.Row)
}

// IntInput is the number of an integer input, in the order of the calls of Graph.Ints.
type IntInput int

// NoInts stands for an integer input that is not there.
const NoInts IntInput = -1

// Weight names a tensor that a Device has packed. The zero Weight is none.
type Weight struct {
	ID    int
	Role  Role
	Shape Shape
	Bias  bool
}

// None reports whether this is no weight at all.
func (w Weight) None() bool { return w.Shape == nil }
