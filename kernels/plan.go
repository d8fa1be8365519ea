package kernels

// assignment says in which buffer every value of a graph lives, and how large the buffers are.
type assignment struct {
	buffer []int // by node
	sizes  []int // by buffer, in values
}

// assign gives every live value a buffer and uses a buffer again once its last reader has run. A step never writes a
// buffer that it reads: WebGPU forbids it, and kernels may then count on it. Inputs keep their buffers to themselves
// until they are read for the last time; outputs to the end.
func assign(nodes []node, inputs []int, outputs []Tensor) assignment {
	last := lastReaders(nodes, outputs)
	a := assignment{buffer: make([]int, len(nodes))}
	var free []int
	place := func(i int) {
		a.buffer[i] = a.take(&free, nodes[i].dst.Shape.Elements())
	}
	// All inputs arrive before the first step.
	for _, i := range inputs {
		place(i)
	}
	expires := make([][]int, len(nodes)+1)
	for i, n := range nodes {
		if !n.dead {
			expires[last[i]] = append(expires[last[i]], i)
		}
	}
	for i, n := range nodes {
		if n.dead {
			continue
		}
		if n.op != opInput {
			place(i)
		}
		for _, value := range expires[i] {
			free = append(free, a.buffer[value])
		}
	}
	return a
}

// lastReaders gives for every node the last node that reads its value: its own number if nobody does, the number of
// nodes if it is an output.
func lastReaders(nodes []node, outputs []Tensor) []int {
	last := make([]int, len(nodes))
	for i, n := range nodes {
		last[i] = max(last[i], i)
		if n.dead {
			continue
		}
		for _, t := range n.src {
			if t.kind == Value {
				last[t.index] = i
			}
		}
		if n.residual != nil && n.residual.kind == Value {
			last[n.residual.index] = i
		}
	}
	for _, t := range outputs {
		last[t.index] = len(nodes)
	}
	return last
}

// take finds the free buffer whose size is nearest to n values, or adds one.
func (a *assignment) take(free *[]int, n int) int {
	best, distance := -1, 0
	for i, b := range *free {
		d := a.sizes[b] - n
		if d < 0 {
			d = -d
		}
		if best < 0 || d < distance {
			best, distance = i, d
		}
	}
	if best < 0 {
		a.sizes = append(a.sizes, n)
		return len(a.sizes) - 1
	}
	b := (*free)[best]
	*free = append((*free)[:best], (*free)[best+1:]...)
	a.sizes[b] = max(a.sizes[b], n)
	return b
}
