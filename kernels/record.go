package kernels

// Embed looks up token ids in a table: [items, rows] ids give [items, rows, width].
func (g *Graph) Embed(table Weight, ids Ints) Tensor {
	table = g.weight("embed", table, Table, 2)
	if len(ids.Shape) != 2 {
		g.failf("embed: want ids of [items, rows], have %v", ids.Shape)
		return g.emit(node{op: opEmbed}, 1, 1, table.Shape.Width())
	}
	in := g.use("embed", ids, ids.Shape.Elements(), 0, table.Shape[0]-1)
	return g.emit(node{op: opEmbed, weight: table, ints: in}, ids.Shape[0], ids.Shape[1], table.Shape.Width())
}

// Linear multiplies every row with a matrix [out, in] and adds its bias, if it has one.
func (g *Graph) Linear(x Tensor, w Weight) Tensor {
	w = g.weight("linear", w, Matrix, 2)
	if x.Shape.Width() != w.Shape[1] {
		g.failf("linear: rows of %d values meet a matrix %v", x.Shape.Width(), w.Shape)
	}
	return g.emit(node{op: opLinear, src: []Tensor{x}, weight: w}, x.Shape.with(w.Shape[0])...)
}

// Padding is the number of zero rows and columns round a feature map.
type Padding struct{ Top, Bottom, Left, Right int }

// Same is equal padding on all sides.
func Same(n int) Padding { return Padding{n, n, n, n} }

// Conv2D slides filters [out, kernel, kernel, in/groups] over x [items, height, width, in] and adds their bias.
func (g *Graph) Conv2D(x Tensor, w Weight, stride, groups int, pad Padding) Tensor {
	w = g.weight("conv2d", w, Filter, 4)
	if len(x.Shape) != 4 || stride < 1 || groups < 1 || w.Shape[1] != w.Shape[2] {
		g.failf("conv2d: cannot slide filters %v over %v with stride %d in %d groups", w.Shape, x.Shape, stride, groups)
		return g.emit(node{op: opConv2D}, x.Shape.Items(), 1, 1, 1)
	}
	if x.Shape[3]%groups != 0 || w.Shape[0]%groups != 0 || w.Shape[3] != x.Shape[3]/groups {
		g.failf("conv2d: filters %v do not fit %d channels in %d groups", w.Shape, x.Shape[3], groups)
	}
	k := w.Shape[1]
	height := (x.Shape[1]+pad.Top+pad.Bottom-k)/stride + 1
	width := (x.Shape[2]+pad.Left+pad.Right-k)/stride + 1
	if x.Shape[1]+pad.Top+pad.Bottom < k || x.Shape[2]+pad.Left+pad.Right < k {
		g.failf("conv2d: a kernel of %d is larger than the picture %v", k, x.Shape)
	}
	win := Window{Kernel: k, Stride: stride, Top: pad.Top, Left: pad.Left, Groups: groups}
	return g.emit(node{op: opConv2D, src: []Tensor{x}, weight: w, window: win}, x.Shape[0], height, width, w.Shape[0])
}

// Attention lets the queries q [items, n, width] look at keys and values [items, m, width].
func (g *Graph) Attention(q, k, v Tensor, heads int, causal bool) Tensor {
	return g.attention(q, k, v, Attend{Heads: heads, Causal: causal, Lengths: NoInts})
}

// AttentionWithin is Attention over the first keys only: lengths [items] says how many of each item, as a padding mask
// does; lengths [items, n] how many for each query. Together with Gather, which puts the keys to see first, that is any
// mask whose queries see a beginning of one order of the keys.
func (g *Graph) AttentionWithin(q, k, v Tensor, heads int, causal bool, lengths Ints) Tensor {
	a := Attend{Heads: heads, Causal: causal, Lengths: NoInts, PerQuery: len(lengths.Shape) == 2}
	count := q.Shape.Items()
	if a.PerQuery {
		count *= q.Shape.Rows()
	}
	a.Lengths = g.use("attention", lengths, count, 0, k.Shape.Rows())
	return g.attention(q, k, v, a)
}

func (g *Graph) attention(q, k, v Tensor, a Attend) Tensor {
	switch {
	case len(q.Shape) != 3 || len(k.Shape) != 3 || !k.Shape.equal(v.Shape) || q.Shape[0] != k.Shape[0] || q.Shape[2] != k.Shape[2]:
		g.failf("attention: queries %v, keys %v and values %v do not belong together", q.Shape, k.Shape, v.Shape)
	case a.Heads < 1 || q.Shape.Width()%a.Heads != 0:
		g.failf("attention: width %d is not a multiple of %d heads", q.Shape.Width(), a.Heads)
	case a.Causal && q.Shape[1] > k.Shape[1]:
		g.failf("attention: %d causal queries have only %d keys", q.Shape[1], k.Shape[1])
	}
	return g.emit(node{op: opAttention, src: []Tensor{q, k, v}, attend: a, ints: a.Lengths}, q.Shape...)
}

// LayerNorm normalises every row; w is a Vector [width] with a bias.
func (g *Graph) LayerNorm(x Tensor, w Weight, eps float32) Tensor {
	w = g.weight("layernorm", w, Vector, 1)
	if w.Shape.Width() != x.Shape.Width() || !w.Bias {
		g.failf("layernorm: want gain and bias of %d values, have %v, bias %v", x.Shape.Width(), w.Shape, w.Bias)
	}
	return g.emit(node{op: opLayerNorm, src: []Tensor{x}, weight: w, eps: eps}, x.Shape...)
}

// Rotate applies rotary position embeddings: cos and sin are [items, rows, width of one head].
func (g *Graph) Rotate(x, cos, sin Tensor) Tensor {
	if len(x.Shape) != 3 || !cos.Shape.equal(sin.Shape) || !cos.Shape.equal(x.Shape.with(cos.Shape.Width())) ||
		x.Shape.Width()%cos.Shape.Width() != 0 || cos.Shape.Width()%2 != 0 {
		g.failf("rotate: angles %v and %v do not fit %v", cos.Shape, sin.Shape, x.Shape)
	}
	return g.emit(node{op: opRotate, src: []Tensor{x, cos, sin}}, x.Shape...)
}

// Act applies an activation to every value.
func (g *Graph) Act(x Tensor, act Act) Tensor {
	if act == Identity {
		return x
	}
	return g.emit(node{op: opMap, src: []Tensor{x}, act: act}, x.Shape...)
}

// Add is x + y, value by value.
func (g *Graph) Add(x, y Tensor) Tensor { return g.zip(x, y, Add) }

// Mul is x · y, value by value.
func (g *Graph) Mul(x, y Tensor) Tensor { return g.zip(x, y, Mul) }

func (g *Graph) zip(x, y Tensor, b Binary) Tensor {
	if !x.Shape.equal(y.Shape) {
		g.failf("zip: shapes %v and %v differ", x.Shape, y.Shape)
	}
	return g.emit(node{op: opZip, src: []Tensor{x, y}, binary: b}, x.Shape...)
}

// Pool is the mean over kernel x kernel windows of a feature map, without padding.
func (g *Graph) Pool(x Tensor, kernel, stride int) Tensor {
	if len(x.Shape) != 4 || kernel < 1 || stride < 1 || x.Shape[1] < kernel || x.Shape[2] < kernel {
		g.failf("pool: cannot move a window of %d by %d over %v", kernel, stride, x.Shape)
		return g.emit(node{op: opPool}, x.Shape.Items(), 1, 1, x.Shape.Width())
	}
	win := Window{Kernel: kernel, Stride: stride, Groups: x.Shape[3]}
	return g.emit(node{op: opPool, src: []Tensor{x}, window: win},
		x.Shape[0], (x.Shape[1]-kernel)/stride+1, (x.Shape[2]-kernel)/stride+1, x.Shape[3])
}

// Mean is the mean of all rows of each item.
func (g *Graph) Mean(x Tensor) Tensor {
	return g.emit(node{op: opMean, src: []Tensor{x}, ints: NoInts}, x.Shape.Items(), x.Shape.Width())
}

// MeanWithin is the mean of the first lengths[i] rows of item i; a length is at least 1.
func (g *Graph) MeanWithin(x Tensor, lengths Ints) Tensor {
	in := g.use("mean", lengths, x.Shape.Items(), 1, x.Shape.Rows())
	return g.emit(node{op: opMean, src: []Tensor{x}, ints: in}, x.Shape.Items(), x.Shape.Width())
}

// Concat puts the rows of y [items, m, width] behind those of x [items, n, width].
func (g *Graph) Concat(x, y Tensor) Tensor {
	if len(x.Shape) != 3 || len(y.Shape) != 3 || x.Shape[0] != y.Shape[0] || x.Shape[2] != y.Shape[2] {
		g.failf("concat: cannot join %v and %v", x.Shape, y.Shape)
	}
	return g.emit(node{op: opConcat, src: []Tensor{x, y}}, x.Shape.Items(), x.Shape.Rows()+y.Shape.Rows(), x.Shape.Width())
}

// Gather picks rows of each item: rows [items] gives one of each, [items, width], rows [items, n] gives [items, n, width].
func (g *Graph) Gather(x Tensor, rows Ints) Tensor {
	if len(rows.Shape) < 1 || len(rows.Shape) > 2 || rows.Shape[0] != x.Shape.Items() {
		g.failf("gather: rows %v do not belong to %v", rows.Shape, x.Shape)
		return g.emit(node{op: opGather, src: []Tensor{x}}, x.Shape.Items(), x.Shape.Width())
	}
	in := g.use("gather", rows, rows.Shape.Elements(), 0, x.Shape.Rows()-1)
	shape := append(append(Shape{}, rows.Shape...), x.Shape.Width())
	return g.emit(node{op: opGather, src: []Tensor{x}, ints: in}, shape...)
}

// Normalize divides every row by its Euclidean length.
func (g *Graph) Normalize(x Tensor) Tensor {
	return g.emit(node{op: opNormalize, src: []Tensor{x}}, x.Shape...)
}
