package kernels

import "fmt"

// Compile turns a recorded graph into a program of a device that computes these outputs.
func Compile(dev Device, g *Graph, outputs ...Tensor) (Program, error) {
	return compile(dev, g, outputs, fuse)
}

// Footprint is the memory of a program without its weights: the plan that Compile would hand to a device.
func Footprint(g *Graph, outputs ...Tensor) (Plan, error) {
	if err := g.check(outputs); err != nil {
		return Plan{}, err
	}
	return g.plan(assign(fuse(g.nodes, outputs), g.inputs, outputs)), nil
}

func compile(dev Device, g *Graph, outputs []Tensor, pass func([]node, []Tensor) []node) (Program, error) {
	if err := g.check(outputs); err != nil {
		return nil, err
	}
	nodes := pass(g.nodes, outputs)
	places := assign(nodes, g.inputs, outputs)
	enc, err := dev.Begin(g.plan(places))
	if err != nil {
		return nil, err
	}
	for _, n := range nodes {
		if !n.dead && n.op != opInput {
			places.encode(enc, n)
		}
	}
	in, out := make([]Ref, len(g.inputs)), make([]Ref, len(outputs))
	for i, node := range g.inputs {
		in[i] = places.ref(nodes[node].dst)
	}
	for i, t := range outputs {
		out[i] = places.ref(t)
	}
	inner, err := enc.Finish(in, out)
	if err != nil {
		return nil, err
	}
	return &checked{Program: inner, inputs: in, outputs: out, ints: g.ints}, nil
}

func (g *Graph) check(outputs []Tensor) error {
	if g.err != nil {
		return g.err
	}
	if len(outputs) == 0 {
		return fmt.Errorf("kernels: a program needs an output")
	}
	for i, t := range outputs {
		switch {
		case t.graph != g || t.kind != Value:
			return fmt.Errorf("kernels: output %d is not a value of this graph", i)
		case t.item != 0 && t.row == 0, t.item == 0 && t.Shape.Items() > 1:
			return fmt.Errorf("kernels: output %d is a broadcast view", i)
		}
	}
	return nil
}

func (g *Graph) plan(a assignment) Plan {
	p := Plan{Buffers: a.sizes, Ints: make([]int, len(g.ints))}
	for i, u := range g.ints {
		p.Ints[i] = u.count
	}
	return p
}

// ref resolves a tensor to where a device finds it.
func (a assignment) ref(t Tensor) Ref {
	r := Ref{Kind: t.kind, Index: t.index, Offset: t.offset, Item: t.item, Row: t.row, Shape: t.Shape}
	if t.kind == Value {
		r.Index = a.buffer[t.index]
	}
	return r
}

func (a assignment) encode(enc Encoder, n node) {
	dst := a.ref(n.dst)
	var s [3]Ref
	for i, t := range n.src {
		s[i] = a.ref(t)
	}
	epilogue := Epilogue{Act: n.act}
	if n.residual != nil {
		r := a.ref(*n.residual)
		epilogue.Residual = &r
	}
	switch n.op {
	case opEmbed:
		enc.Embed(dst, n.weight, n.ints)
	case opLinear:
		enc.Linear(dst, s[0], n.weight, epilogue)
	case opConv2D:
		enc.Conv2D(dst, s[0], n.weight, n.window, epilogue)
	case opAttention:
		enc.Attention(dst, s[0], s[1], s[2], n.attend)
	case opLayerNorm:
		enc.LayerNorm(dst, s[0], n.weight, n.eps)
	case opRotate:
		enc.Rotate(dst, s[0], s[1], s[2])
	case opMap:
		enc.Map(dst, s[0], n.act)
	case opZip:
		enc.Zip(dst, s[0], s[1], n.binary)
	case opPool:
		enc.Pool(dst, s[0], n.window)
	case opMean:
		enc.Mean(dst, s[0], n.ints)
	case opConcat:
		enc.Concat(dst, s[0], s[1])
	case opGather:
		enc.Gather(dst, s[0], n.ints)
	case opNormalize:
		enc.Normalize(dst, s[0])
	default:
		panic("BUG: kernels: op " + opNames[n.op] + " has no encoding")
	}
}
