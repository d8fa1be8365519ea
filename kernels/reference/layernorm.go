package reference

import (
	"math"

	"github.com/goclip/goclip/kernels"
)

// LayerNorm normalises rows.
func (p *program) LayerNorm(dst, x kernels.Ref, w kernels.Weight, eps float32) {
	m := p.device.weight(w.ID)
	p.step(func() {
		each(dst.Shape, func(item, r int) {
			in, out := p.row(x, item, r), p.row(dst, item, r)
			n := float64(len(in))
			var mean, variance float64
			for _, v := range in {
				mean += float64(v) / n
			}
			for _, v := range in {
				variance += (float64(v) - mean) * (float64(v) - mean) / n
			}
			scale := 1 / math.Sqrt(variance+float64(eps))
			for j, v := range in {
				out[j] = float32((float64(v)-mean)*scale*float64(m.values[j]) + float64(m.bias[j]))
			}
		})
	})
}
