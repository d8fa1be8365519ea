package kernels

import "fmt"

type op uint8

const (
	opInput op = iota
	opEmbed
	opLinear
	opConv2D
	opAttention
	opLayerNorm
	opRotate
	opMap
	opZip
	opPool
	opMean
	opConcat
	opGather
	opNormalize
)

var opNames = [...]string{"input", "embed", "linear", "conv2d", "attention", "layernorm", "rotate", "map", "zip", "pool",
	"mean", "concat", "gather", "normalize"}

// node is one step of a graph.
type node struct {
	op       op
	dst      Tensor
	src      []Tensor
	weight   Weight
	ints     IntInput
	act      Act
	binary   Binary
	attend   Attend
	window   Window
	eps      float32
	residual *Tensor
	dead     bool // its work has moved into another node
}

// Graph records one forward pass. Its methods check shapes; the first mistake sticks and Compile returns it.
type Graph struct {
	nodes  []node
	inputs []int // nodes that are float inputs
	ints   []intUse
	err    error
}

// intUse is what a graph knows of an integer input: how many values, and the range they must be in.
type intUse struct {
	count     int
	low, high int32 // inclusive; high < low: not used yet
}

// NewGraph starts an empty graph.
func NewGraph() *Graph { return &Graph{} }

func (g *Graph) failf(format string, arguments ...any) {
	if g.err == nil {
		g.err = fmt.Errorf("kernels: step %d: "+format, append([]any{len(g.nodes)}, arguments...)...)
	}
}

// emit adds a node whose result has this shape. After a mistake shapes mean nothing any more: they are kept above zero
// so that recording can go on to its end.
func (g *Graph) emit(n node, shape ...int) Tensor {
	s := append(Shape{}, shape...)
	for i, d := range s {
		if d < 1 {
			g.failf("%s: the result %v would have no values", opNames[n.op], shape)
			s[i] = 1
		}
	}
	for _, t := range n.src {
		if t.graph != g {
			g.failf("%s: an operand belongs to another graph", opNames[n.op])
		}
	}
	n.dst = Tensor{Shape: s, graph: g, kind: Value, index: len(g.nodes), item: s.Rows() * s.Width(), row: s.Width()}
	g.nodes = append(g.nodes, n)
	return n.dst
}

// Floats declares the next float input.
func (g *Graph) Floats(shape ...int) Tensor {
	if len(shape) < 2 || len(shape) > 4 {
		g.failf("input: want 2 to 4 dimensions, have %v", shape)
		shape = []int{1, 1}
	}
	g.inputs = append(g.inputs, len(g.nodes))
	return g.emit(node{op: opInput}, shape...)
}

// Ints declares the next integer input.
func (g *Graph) Ints(shape ...int) Ints {
	n := Shape(shape).Elements()
	if n < 1 {
		g.failf("input: integers %v would have no values", shape)
		n = 1
	}
	g.ints = append(g.ints, intUse{count: n, low: 0, high: -1})
	return Ints{Shape: append(Shape{}, shape...), graph: g, index: len(g.ints) - 1}
}

// use records that every value of an integer input lies in low … high (inclusive), and that there are count values.
func (g *Graph) use(name string, in Ints, count int, low, high int) IntInput {
	if in.graph != g {
		g.failf("%s: the integers belong to another graph", name)
		return 0
	}
	u := &g.ints[in.index]
	if u.count != count {
		g.failf("%s: have %d integers for %d", name, u.count, count)
	}
	if u.high < u.low {
		u.low, u.high = int32(low), int32(high)
	} else {
		u.low, u.high = max(u.low, int32(low)), min(u.high, int32(high))
	}
	return IntInput(in.index)
}

// weight checks a weight's role and says so where a step uses the wrong one.
func (g *Graph) weight(name string, w Weight, role Role, dimensions int) Weight {
	switch {
	case w.None():
		g.failf("%s: the weight is missing", name)
	case w.Role != role:
		g.failf("%s: the weight is a %v, want a %v", name, w.Role, role)
	case dimensions > 0 && len(w.Shape) != dimensions:
		g.failf("%s: the weight has shape %v, want %d dimensions", name, w.Shape, dimensions)
	default:
		return w
	}
	return Weight{Role: role, Shape: Shape{1, 1, 1, 1}[:max(dimensions, 1)]}
}
