package kernels

// Views name the same numbers with other strides. They cost nothing.

// Constant reads a Vector weight as a value, the same for every item: [width] gives [items, 1, width], [rows, width]
// gives [items, rows, width].
func (g *Graph) Constant(w Weight, items int) Tensor {
	w = g.weight("constant", w, Vector, 0)
	width := w.Shape.Width()
	rows := w.Shape.Elements() / width
	return Tensor{Shape: Shape{items, rows, width}, graph: g, kind: Constant, index: w.ID, row: width}
}

// Tokens sees a feature map [items, height, width, channels] as a sequence [items, height*width, channels].
func (g *Graph) Tokens(x Tensor) Tensor {
	if len(x.Shape) != 4 {
		g.failf("tokens: want [items, height, width, channels], have %v", x.Shape)
		return x
	}
	x.Shape = Shape{x.Shape[0], x.Shape.Rows(), x.Shape[3]}
	return x
}

// Grid sees a sequence [items, height*width, channels] as a feature map.
func (g *Graph) Grid(x Tensor, height, width int) Tensor {
	if len(x.Shape) != 3 || x.Shape[1] != height*width {
		g.failf("grid: cannot lay %v out as %d x %d", x.Shape, height, width)
		return x
	}
	x.Shape = Shape{x.Shape[0], height, width, x.Shape[2]}
	return x
}

// Split cuts every row into n parts of equal width.
func (g *Graph) Split(x Tensor, n int) []Tensor {
	if n < 1 || x.Shape.Width()%n != 0 {
		g.failf("split: %v cannot be cut into %d parts", x.Shape, n)
		n = 1
	}
	parts := make([]Tensor, n)
	width := x.Shape.Width() / n
	for i := range parts {
		parts[i] = x
		parts[i].Shape = x.Shape.with(width)
		parts[i].offset += i * width
	}
	return parts
}

// Token picks the same row of every item: [items, rows, width] gives [items, width].
func (g *Graph) Token(x Tensor, row int) Tensor {
	x = g.Rows(x, row, row+1)
	x.Shape = Shape{x.Shape.Items(), x.Shape.Width()}
	return x
}

// Rows sees rows from … to-1 of every item of a sequence.
func (g *Graph) Rows(x Tensor, from, to int) Tensor {
	if len(x.Shape) != 3 || from < 0 || to <= from || to > x.Shape[1] {
		g.failf("rows: %v has no rows %d to %d", x.Shape, from, to)
		return x
	}
	x.Shape = Shape{x.Shape[0], to - from, x.Shape[2]}
	x.offset += from * x.row
	return x
}

// Sequence sees [items, width] as [items, 1, width].
func (g *Graph) Sequence(x Tensor) Tensor {
	if len(x.Shape) != 2 {
		g.failf("sequence: want [items, width], have %v", x.Shape)
		return x
	}
	x.Shape = Shape{x.Shape[0], 1, x.Shape[1]}
	return x
}

// Broadcast lets one row per item stand for as many rows as like has: a gate [items, width] for a feature map.
func (g *Graph) Broadcast(x, like Tensor) Tensor {
	if x.Shape.Rows() != 1 || x.Shape.Items() != like.Shape.Items() || x.Shape.Width() != like.Shape.Width() {
		g.failf("broadcast: %v cannot stand for %v", x.Shape, like.Shape)
		return like
	}
	x.Shape, x.row = like.Shape, 0
	return x
}
