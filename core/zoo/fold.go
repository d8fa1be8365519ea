package zoo

import (
	"fmt"
	"math"

	"github.com/goclip/goclip/core/checkpoint"
	"github.com/goclip/goclip/core/tower"
)

// affine is x·factor + shift, channel by channel: a BatchNorm at inference, or a layer scale.
type affine struct{ factor, shift []float64 }

// affine is what a BatchNorm computes with its running statistics: (x - mean)/√(variance + ε)·weight + bias.
func (b batchNorm) affine(c *checkpoint.Checkpoint, width int) (affine, error) {
	var parts [4][]float32 // weight, bias, mean, variance
	for i, n := range b.needs(width) {
		var err error
		if parts[i], err = c.Floats(n.name, nil); err != nil {
			return affine{}, err
		}
	}
	a := affine{make([]float64, width), make([]float64, width)}
	for i := range width {
		variance := float64(parts[3][i]) + b.eps
		if !(variance > 0) {
			return affine{}, fmt.Errorf("zoo: %s.running_var holds %g, which is no variance", b.stem, parts[3][i])
		}
		a.factor[i] = float64(parts[0][i]) / math.Sqrt(variance)
		a.shift[i] = float64(parts[1][i]) - float64(parts[2][i])*a.factor[i]
	}
	return a, nil
}

// affine is everything that happens to a term's outputs: its BatchNorm, then the factors round it.
func (t term) affine(c *checkpoint.Checkpoint, width int) (affine, error) {
	a := affine{make([]float64, width), make([]float64, width)}
	for i := range a.factor {
		a.factor[i] = 1
	}
	if t.after.stem != "" {
		var err error
		if a, err = t.after.affine(c, width); err != nil {
			return affine{}, err
		}
	}
	for _, name := range t.scales {
		gamma, err := c.Floats(name, nil)
		if err != nil {
			return affine{}, err
		}
		for i, g := range gamma {
			a.factor[i] *= float64(g)
			a.shift[i] *= float64(g)
		}
	}
	if t.minus {
		for i := range a.factor {
			a.factor[i], a.shift[i] = -a.factor[i], -a.shift[i]
		}
	}
	return a, nil
}

// foldAfter folds what happens to the outputs: s·(Wx+b) + t = (s·W)x + s·b + t. A product without a bias has no t.
func foldAfter(values, bias []float32, a affine) {
	width := len(values) / len(a.factor)
	for o, s := range a.factor {
		row := values[o*width : (o+1)*width]
		for i, v := range row {
			row[i] = float32(s * float64(v))
		}
		if bias != nil {
			bias[o] = float32(s*float64(bias[o]) + a.shift[o])
		}
	}
}

// foldBefore folds what happens to the inputs: W(s·x+t) + b = (W·s)x + Wt + b. It is for products that see no padding.
func foldBefore(values, bias []float32, a affine) {
	width := len(a.factor)
	for o := range bias {
		sum := float64(bias[o])
		row := values[o*width : (o+1)*width]
		for i, v := range row {
			sum += float64(v) * a.shift[i]
			row[i] = float32(float64(v) * a.factor[i])
		}
		bias[o] = float32(sum)
	}
}

// addTo adds a term's values to a parameter's: a smaller filter to its middle, the identity to the middle of each
// channel's own filter.
func (t term) addTo(sum []float64, values []float32, a affine, p tower.Param) {
	side, channels := term{}.side(p), p.Shape.Width()
	tap := func(o, y, x int) int { return ((o*side+y)*side + x) * channels }
	if len(t.values) == 0 {
		for o, s := range a.factor {
			sum[tap(o, side/2, side/2)+o%channels] += s
		}
		return
	}
	small := t.side(p)
	margin := (side - small) / 2
	for o, s := range a.factor {
		for y := range small {
			for x := range small {
				to, from := tap(o, y+margin, x+margin), ((o*small+y)*small+x)*channels
				for c, v := range values[from : from+channels] {
					sum[to+c] += s * float64(v)
				}
			}
		}
	}
}
