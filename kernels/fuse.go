package kernels

// fuse folds an activation or a residual sum into the product that feeds it, so that devices know one form of Linear and
// Conv2D and no value makes a round trip through memory for an addition. A product takes in at most one activation and
// then one residual, and only if nobody else reads the value that would disappear. The graph itself stays as it is.
func fuse(nodes []node, outputs []Tensor) []node {
	nodes = append([]node(nil), nodes...)
	readers := make([]int, len(nodes))
	for _, n := range nodes {
		for _, t := range n.src {
			if t.kind == Value {
				readers[t.index]++
			}
		}
	}
	for _, t := range outputs {
		readers[t.index]++
	}

	product := func(t Tensor) *node {
		if t.kind != Value || readers[t.index] != 1 {
			return nil
		}
		p := &nodes[t.index]
		if (p.op != opLinear && p.op != opConv2D) || p.residual != nil || !whole(t, p.dst) {
			return nil
		}
		return p
	}
	for i := range nodes {
		n := &nodes[i]
		switch {
		case n.op == opMap:
			if p := product(n.src[0]); p != nil && p.act == Identity {
				takeIn(p, n, n.act, nil)
			}
		case n.op == opZip && n.binary == Add:
			for j, t := range n.src {
				if p := product(t); p != nil {
					residual := n.src[1-j]
					takeIn(p, n, p.act, &residual)
					break
				}
			}
		}
	}
	return nodes
}

// whole reports whether a view covers all of a value in its own order, in whatever shape.
func whole(view, value Tensor) bool {
	s := view.Shape
	return view.offset == 0 && s.Elements() == value.Shape.Elements() && view.row == s.Width() &&
		s.Width() == value.Shape.Width() && (s.Items() == 1 || view.item == s.Rows()*view.row)
}

// takeIn puts product p, with n's work as its epilogue, in n's place: the residual is known only there.
func takeIn(p, n *node, act Act, residual *Tensor) {
	fused := *p
	fused.dst.index = n.dst.index
	fused.act, fused.residual = act, residual
	*n = fused
	p.dead = true
}
