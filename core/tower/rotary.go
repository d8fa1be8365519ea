package tower

import (
	"fmt"
	"math"
)

// Rotary are rotary position embeddings on a grid (Su et al. 2021; timm's RotaryEmbeddingCat): the queries and keys of each
// patch are turned by angles that grow with its place, half of them along each axis. The class token stays as it is.
type Rotary struct {
	Reference int     // patches along a side of the grid that the model was trained with first
	Offset    float64 // added to a patch's place before it is scaled to the reference grid
	XFirst    bool    // the angles along x come before those along y
}

// rotaryBase is the slowest wavelength's ratio to the fastest one.
const rotaryBase = 10000

func (r Rotary) check(head int) error {
	if head%4 != 0 {
		return fmt.Errorf("tower: heads of %d values cannot be turned along two axes: want a multiple of 4", head)
	}
	return between("the reference grid", r.Reference, 1, maxPicture)
}

// RotaryTables are the cosines and sines of a tower with Rotary: the parameters "rotary.cos" and "rotary.sin", which no
// checkpoint holds. Neighbours share an angle.
func (v ViT) RotaryTables() (cos, sin []float32) {
	head, grid := v.Width/v.Heads, v.Grid()
	if !v.NoClass {
		for range head {
			cos, sin = append(cos, 1), append(sin, 0)
		}
	}
	place := func(i int) float64 {
		return (float64(i) + v.Rotary.Offset) * float64(v.Rotary.Reference) / float64(grid)
	}
	for y := range grid {
		for x := range grid {
			axes := [2]float64{place(y), place(x)}
			if v.Rotary.XFirst {
				axes[0], axes[1] = axes[1], axes[0]
			}
			for _, at := range axes {
				for band := range head / 4 {
					angle := at * math.Pow(rotaryBase, -float64(band)/float64(head/4))
					c, s := float32(math.Cos(angle)), float32(math.Sin(angle))
					cos, sin = append(cos, c, c), append(sin, s, s)
				}
			}
		}
	}
	return cos, sin
}
