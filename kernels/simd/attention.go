package simd

import (
	"math"

	"github.com/goclip/goclip/kernels"
)

// Attention computes the heads of all items side by side; one query's scores fit a worker's cache.
func (p *program) Attention(dst, q, k, v kernels.Ref, a kernels.Attend) {
	queries, keys := q.Shape.Rows(), k.Shape.Rows()
	head := q.Shape.Width() / a.Heads
	scale := float32(1 / math.Sqrt(float64(head)))
	out, qs, ks, vs := p.rows(dst), p.rows(q), p.rows(k), p.rows(v)
	p.needScratch(keys)
	items := dst.Shape.Items()
	p.add(items*a.Heads, 2*items*queries*keys*q.Shape.Width(), func(worker, unit int) {
		item, at := unit/a.Heads, unit%a.Heads*head
		for i := range queries {
			seen := a.Seen(p.lengths(a), item, i, queries, keys)
			scores := p.scratch[worker][:seen]
			query := qs.row(item, i)[at : at+head]
			for j := range scores {
				scores[j] = dot(query, ks.row(item, j)[at:at+head]) * scale
			}
			softmax(scores)
			to := out.row(item, i)[at : at+head]
			clear(to)
			for j, share := range scores {
				for d, value := range vs.row(item, j)[at : at+head] {
					to[d] += share * value
				}
			}
		}
	})
}

// dot is Σ a·b in four sums, which the CPU can keep in flight together.
func dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	for len(a) >= 4 && len(b) >= 4 {
		x, y := (*[4]float32)(a), (*[4]float32)(b)
		s0 += x[0] * y[0]
		s1 += x[1] * y[1]
		s2 += x[2] * y[2]
		s3 += x[3] * y[3]
		a, b = a[4:], b[4:]
	}
	for i, v := range a {
		s0 += v * b[i]
	}
	return (s0 + s1) + (s2 + s3)
}

// softmax turns scores into shares that sum to 1, subtracting the largest first.
func softmax(scores []float32) {
	top := float32(math.Inf(-1))
	for _, s := range scores {
		top = max(top, s)
	}
	var total float64
	for i, s := range scores {
		e := math.Exp(float64(s - top))
		scores[i] = float32(e)
		total += e
	}
	share := float32(1 / total)
	for i := range scores {
		scores[i] *= share
	}
}

// lengths are the numbers that an attention's Lengths names; nil without them.
func (p *program) lengths(a kernels.Attend) []int32 {
	if a.Lengths == kernels.NoInts {
		return nil
	}
	return p.ints[a.Lengths]
}
