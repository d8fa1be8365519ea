package core

import (
	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/core/zoo"
	"github.com/goclip/goclip/kernels"
)

// Need is the memory that a model or a tower takes once it is opened.
type Need struct {
	// WeightBytes is what the loaded weights take in float32.
	WeightBytes int64 `json:"weight_bytes"`
	// MatrixBytes are those of them that are matrices of products, which a device may hold in half of that.
	MatrixBytes int64 `json:"matrix_bytes"`
	// ProgramBytes is what the buffers of one forward pass take.
	ProgramBytes int64 `json:"program_bytes"`
	// LoadingBytes is the largest weight: while it is loaded it is there twice.
	LoadingBytes int64 `json:"loading_bytes"`
}

// Total is an upper bound of the memory, but for the process itself.
func (n Need) Total() int64 { return n.WeightBytes + n.ProgramBytes + n.LoadingBytes }

// Plus is what two towers need together.
func (n Need) Plus(other Need) Need {
	return Need{n.WeightBytes + other.WeightBytes, n.MatrixBytes + other.MatrixBytes, n.ProgramBytes + other.ProgramBytes,
		max(n.LoadingBytes, other.LoadingBytes)}
}

// ImageNeed is what an image tower needs for so many pictures at once.
func ImageNeed(t tower.Image, items int) (Need, error) {
	return need(t.Params(), func(g *kernels.Graph, w tower.Weights) []tower.Output { return t.Record(g, w, items, false) })
}

// TextNeed is what a text tower needs for so many texts at once, all as long as its context.
func TextNeed(t tower.Language, items int) (Need, error) {
	return need(t.Params(), func(g *kernels.Graph, w tower.Weights) []tower.Output {
		return t.Record(g, w, items, t.Length(), false)
	})
}

// need plans a tower with weights that only have shapes.
func need(params []tower.Param, record func(*kernels.Graph, tower.Weights) []tower.Output) (Need, error) {
	var n Need
	weights := tower.Weights{}
	for _, p := range params {
		weights[p.Name] = kernels.Weight{Role: p.Role, Shape: p.Shape, Bias: p.Bias}
		bytes := 4 * int64(p.Elements())
		n.WeightBytes += bytes
		if p.Role == kernels.Matrix {
			n.MatrixBytes += 4 * int64(p.Shape.Elements())
		}
		n.LoadingBytes = max(n.LoadingBytes, bytes)
	}
	g := kernels.NewGraph()
	var outputs []kernels.Tensor
	for _, o := range record(g, weights) {
		outputs = append(outputs, o.Tensor)
	}
	plan, err := kernels.Footprint(g, outputs...)
	for _, b := range plan.Buffers {
		n.ProgramBytes += 4 * int64(b)
	}
	return n, err
}

// needOf is what some of a model's towers need for one picture and one text.
func needOf(c *zoo.Config, wanted Towers) (Need, error) {
	var total Need
	if c.Image != nil && (wanted == 0 || wanted&ImageTower != 0) {
		n, err := ImageNeed(c.Image, 1)
		if err != nil {
			return total, err
		}
		total = total.Plus(n)
	}
	if c.Text != nil && (wanted == 0 || wanted&TextTower != 0) {
		n, err := TextNeed(c.Text, 1)
		if err != nil {
			return total, err
		}
		total = total.Plus(n)
	}
	return total, nil
}
