package kernels

// CompileUnfused compiles without the fusion pass, for tests that compare.
func CompileUnfused(dev Device, g *Graph, outputs ...Tensor) (Program, error) {
	return compile(dev, g, outputs, func(nodes []node, _ []Tensor) []node { return nodes })
}
