package tower

import (
	"math"

	"github.com/goclip/goclip/kernels"
)

// NaFlex is SigLIP 2's image tower for pictures of any shape (Tschannen et al. 2025; transformers' Siglip2VisionModel).
// Pictures come in as patches, cut already, with as many behind them as fill the row; those are not seen. The positions
// of a picture are the table of a square grid, resized to the picture's own.
type NaFlex struct {
	Transformer
	Patch   int // side of a patch, in pixels
	Grid    int // patches along a side of the grid that the table is for
	Patches int // patches of one input
	Latent  LatentPooler
}

// Flexible is an image tower whose input is patches, a table of positions for each picture, and how many patches it has.
type Flexible interface {
	Image
	// Within is the tower for inputs of another number of patches.
	Within(patches int) Image
	// Table names the parameter that the host keeps, and gives its shape.
	Table() Param
	// Positions resizes the table to a picture of rows x columns patches and writes it to out, a row for each patch of
	// an input.
	Positions(table []float32, rows, columns int, out []float32)
}

// Picture is the shape of one input: [patches, values of a patch], in the order y, x, channel.
func (n NaFlex) Picture() kernels.Shape { return kernels.Shape{n.Patches, 3 * n.Patch * n.Patch} }

// Embedding is the width of the result.
func (n NaFlex) Embedding() int { return n.Width }

// Summary describes the tower.
func (n NaFlex) Summary() Summary {
	s := n.summary("naflex")
	s.Patch = n.Patch
	return s
}

// Check tells what is wrong with the configuration.
func (n NaFlex) Check() error {
	return first(
		n.check(),
		n.Latent.check(n.Width),
		between("the patch size", n.Patch, 1, maxPicture),
		between("the side of the position grid", n.Grid, 1, maxPicture),
		between("the number of patches", n.Patches, 1, maxTokens),
	)
}

// Within is the tower for inputs of another number of patches.
func (n NaFlex) Within(patches int) Image {
	n.Patches = patches
	return n
}

// Table is the position table.
func (n NaFlex) Table() Param {
	return Param{"position", kernels.Vector, kernels.Shape{n.Grid * n.Grid, n.Width}, false}
}

// Params lists the weights.
func (n NaFlex) Params() []Param {
	list := []Param{{"patch", kernels.Matrix, kernels.Shape{n.Width, 3 * n.Patch * n.Patch}, true}, n.Table()}
	list = append(list, n.params()...)
	list = append(list, n.Latent.params(n.Width)...)
	return append(list, Param{"norm_after", kernels.Vector, kernels.Shape{n.Width}, true})
}

// Record writes one forward pass over patches [items, patches, values] and positions [items, patches, width], the float
// inputs, and the numbers of patches [items]. Hidden states, if asked for: "block_I" after every block and "tokens",
// normalised; what they hold for patches that are not seen means nothing.
func (n NaFlex) Record(g *kernels.Graph, w Weights, items int, hidden bool) []Output {
	x := g.Linear(g.Floats(items, n.Patches, 3*n.Patch*n.Patch), w.at("patch"))
	x = g.Add(x, g.Floats(items, n.Patches, n.Width))
	seen := g.Ints(items)
	blocks := n.record(g, w, x, func(q, k, v kernels.Tensor) kernels.Tensor {
		return g.AttentionWithin(q, k, v, n.Heads, false, seen)
	})
	x = g.LayerNorm(blocks[len(blocks)-1], w.at("norm_after"), n.Eps)
	outputs := project(g, w, 0, n.Latent.within(g, w, x, seen))
	if hidden {
		outputs = append(withBlocks(outputs, blocks), Output{"tokens", x})
	}
	return outputs
}

// Positions resizes the table as torch.nn.functional.interpolate does with mode="bilinear", antialias=True and
// align_corners=False. Patches behind the picture have no position.
func (n NaFlex) Positions(table []float32, rows, columns int, out []float32) {
	down, across := triangle(n.Grid, rows), triangle(n.Grid, columns)
	wide := make([]float32, n.Grid*columns*n.Width)
	for y := range n.Grid {
		for x, taps := range across {
			to := wide[(y*columns+x)*n.Width:][:n.Width]
			for _, t := range taps {
				addScaled(to, table[(y*n.Grid+t.at)*n.Width:], t.weight)
			}
		}
	}
	clear(out)
	for y, taps := range down {
		for x := range columns {
			to := out[(y*columns+x)*n.Width:][:n.Width]
			for _, t := range taps {
				addScaled(to, wide[(t.at*columns+x)*n.Width:], t.weight)
			}
		}
	}
}

func addScaled(to, from []float32, by float32) {
	for i := range to {
		to[i] += by * from[i]
	}
}

// tap is a value's share in a resampled one.
type tap struct {
	at     int
	weight float32
}

// triangle are the shares of in values in each of out ones, under a triangle filter that is as wide as the scale where
// there are fewer.
func triangle(in, out int) [][]tap {
	scale := float64(in) / float64(out)
	wide := max(scale, 1)
	list := make([][]tap, out)
	for i := range list {
		center := scale * (float64(i) + 0.5)
		from, to := max(0, int(center-wide+0.5)), min(in, int(center+wide+0.5))
		sum := 0.0
		for at := from; at < to; at++ {
			sum += share(at, center, wide)
		}
		for at := from; at < to; at++ {
			list[i] = append(list[i], tap{at, float32(share(at, center, wide) / sum)})
		}
	}
	return list
}

func share(at int, center, wide float64) float64 {
	return max(0, 1-math.Abs((float64(at)-center+0.5)/wide))
}
