package reference

import (
	"math"

	"github.com/goclip/goclip/kernels"
)

// activate computes an activation function in float64.
func activate(x float64, a kernels.Act) float64 {
	switch a {
	case kernels.ReLU:
		return max(x, 0)
	case kernels.GELU:
		return x / 2 * (1 + math.Erf(x/math.Sqrt2))
	case kernels.GELUTanh:
		return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
	case kernels.QuickGELU:
		return x / (1 + math.Exp(-1.702*x))
	case kernels.SiLU:
		return x / (1 + math.Exp(-x))
	case kernels.Sigmoid:
		return 1 / (1 + math.Exp(-x))
	}
	return x
}

// store applies the bias and the epilogue to sum o of a product.
func (p *program) store(dst kernels.Ref, w weight, e kernels.Epilogue, item, row, o int, sum float64) {
	if w.bias != nil {
		sum += float64(w.bias[o])
	}
	y := activate(sum, e.Act)
	if e.Residual != nil {
		y += float64(p.row(*e.Residual, item, row)[o])
	}
	p.row(dst, item, row)[o] = float32(y)
}

// round brings a row to the numbers that a precision has for it. whole is room for as many.
func round(row []float32, whole []int8, precision kernels.Precision) {
	switch precision {
	case kernels.F16:
		for i, v := range row {
			row[i] = kernels.FromFloat16(kernels.Float16(v))
		}
	case kernels.BF16:
		for i, v := range row {
			row[i] = kernels.FromBFloat16(kernels.BFloat16(v))
		}
	case kernels.Int8:
		scale := kernels.QuantizeRow(whole, row)
		for i, q := range whole[:len(row)] {
			row[i] = float32(q) * scale
		}
	}
}

// Linear multiplies rows with a matrix, both rounded to the precision.
func (p *program) Linear(dst, x kernels.Ref, w kernels.Weight, e kernels.Epilogue) {
	m := p.device.weight(w.ID)
	width := m.shape[1]
	in, whole := make([]float32, width), make([]int8, width)
	p.step(func() {
		each(dst.Shape, func(item, r int) {
			copy(in, p.row(x, item, r))
			if m.precision != kernels.F16 {
				round(in, whole, m.precision)
			}
			for o := range m.shape[0] {
				var sum float64
				for k, v := range m.values[o*width : (o+1)*width] {
					sum += float64(v) * float64(in[k])
				}
				p.store(dst, m, e, item, r, o, sum)
			}
		})
	})
}

// Conv2D slides filters over feature maps.
func (p *program) Conv2D(dst, x kernels.Ref, w kernels.Weight, win kernels.Window, e kernels.Epilogue) {
	m := p.device.weight(w.ID)
	height, width := x.Shape[1], x.Shape[2]
	outChannels, k, channels := m.shape[0], m.shape[1], m.shape[3]
	perGroup := outChannels / win.Groups
	p.step(func() {
		each(dst.Shape, func(item, r int) {
			top, left := r/dst.Shape[2]*win.Stride-win.Top, r%dst.Shape[2]*win.Stride-win.Left
			for o := range outChannels {
				first := o / perGroup * channels
				var sum float64
				for ky := range k {
					for kx := range k {
						y, xx := top+ky, left+kx
						if y < 0 || y >= height || xx < 0 || xx >= width {
							continue
						}
						in := p.row(x, item, y*width+xx)[first:]
						for c, v := range m.values[((o*k+ky)*k+kx)*channels:][:channels] {
							sum += float64(v) * float64(in[c])
						}
					}
				}
				p.store(dst, m, e, item, r, o, sum)
			}
		})
	})
}

// Attention is softmax attention, one head after the other.
func (p *program) Attention(dst, q, k, v kernels.Ref, a kernels.Attend) {
	queries, keys := q.Shape.Rows(), k.Shape.Rows()
	head := q.Shape.Width() / a.Heads
	scores := make([]float64, keys)
	p.step(func() {
		each(dst.Shape, func(item, i int) {
			seen := a.Seen(p.lengths(a), item, i, queries, keys)
			for h := range a.Heads {
				at := h * head
				query := p.row(q, item, i)[at : at+head]
				top := math.Inf(-1)
				for j := range seen {
					var s float64
					for d, key := range p.row(k, item, j)[at : at+head] {
						s += float64(query[d]) * float64(key)
					}
					scores[j] = s / math.Sqrt(float64(head))
					top = max(top, scores[j])
				}
				var total float64
				for j := range seen {
					scores[j] = math.Exp(scores[j] - top)
					total += scores[j]
				}
				for d := range head {
					var s float64
					for j := range seen {
						s += scores[j] * float64(p.row(v, item, j)[at+d])
					}
					if seen > 0 {
						s /= total
					}
					p.row(dst, item, i)[at+d] = float32(s)
				}
			}
		})
	})
}

// lengths are the numbers that an attention's Lengths names; nil without them.
func (p *program) lengths(a kernels.Attend) []int32 {
	if a.Lengths == kernels.NoInts {
		return nil
	}
	return p.ints[a.Lengths]
}
