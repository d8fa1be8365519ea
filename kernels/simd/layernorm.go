package simd

import (
	"math"

	"github.com/goclip/goclip/kernels"
)

// LayerNorm normalises rows, in two passes.
func (p *program) LayerNorm(dst, x kernels.Ref, w kernels.Weight, eps float32) {
	m := p.device.weight(w.ID)
	in, out := p.rows(x), p.rows(dst)
	p.addRows(dst.Shape, 4*x.Shape.Width(), func(item, row int) {
		from, to := in.row(item, row), out.row(item, row)
		var sum, squares float64
		for _, v := range from {
			sum += float64(v)
		}
		mean := sum / float64(len(from))
		for _, v := range from {
			d := float64(v) - mean
			squares += d * d
		}
		scale := 1 / math.Sqrt(squares/float64(len(from))+float64(eps))
		for j, v := range from {
			to[j] = float32((float64(v)-mean)*scale)*m.values[j] + m.bias[j]
		}
	})
}
