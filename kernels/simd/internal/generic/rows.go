package generic

import (
	"math"
	"sync/atomic"
)

// Add joins two rows: dst[i] = a[i] + b[i].
func Add(dst, a, b *float32, n int) {
	to, y := slice(dst, n), slice(b, n)
	for i, v := range slice(a, n) {
		to[i] = v + y[i]
	}
}

// Mul joins two rows: dst[i] = a[i] * b[i].
func Mul(dst, a, b *float32, n int) {
	to, y := slice(dst, n), slice(b, n)
	for i, v := range slice(a, n) {
		to[i] = v * y[i]
	}
}

// LayerNorm normalises a row in two passes: dst[i] = (src[i]-mean) / √(variance+eps) * gain[i] + bias[i].
func LayerNorm(dst, src, gain, bias *float32, n int, eps float32) {
	from, to, g, b := slice(src, n), slice(dst, n), slice(gain, n), slice(bias, n)
	var sum, squares float64
	for _, v := range from {
		sum += float64(v)
	}
	mean := sum / float64(n)
	for _, v := range from {
		d := float64(v) - mean
		squares += d * d
	}
	scale := 1 / math.Sqrt(squares/float64(n)+float64(eps))
	for i, v := range from {
		to[i] = float32((float64(v)-mean)*scale)*g[i] + b[i]
	}
}

// Normalize divides a row by its Euclidean length; a row of zeros stays so.
func Normalize(dst, src *float32, n int) {
	from, to := slice(src, n), slice(dst, n)
	var squares float64
	for _, v := range from {
		squares += float64(v) * float64(v)
	}
	if squares == 0 {
		clear(to)
		return
	}
	scale := 1 / math.Sqrt(squares)
	for i, v := range from {
		to[i] = float32(float64(v) * scale)
	}
}

// Mean adds rows up and scales the sums: dst[i] = share * Σ src[row*lds+i].
func Mean(dst, src *float32, lds, rows, n int, share float32) {
	for i := range slice(dst, n) {
		var sum float64
		for r := range rows {
			sum += float64(slice(src, r*lds+n)[r*lds+i])
		}
		slice(dst, n)[i] = float32(sum) * share
	}
}

// Rotate turns neighbours of a head; n is even.
func Rotate(dst, src, cos, sin *float32, n int) {
	to, from, c, s := slice(dst, n), slice(src, n), slice(cos, n), slice(sin, n)
	for i := 0; i < n; i += 2 {
		to[i] = from[i]*c[i] - from[i+1]*s[i]
		to[i+1] = from[i+1]*c[i+1] + from[i]*s[i+1]
	}
}

// Softmax turns n scores, at least 1, into shares that sum to 1, in blocks of 8 that are stride values apart, with zeros
// behind the last one. It leaves its exponentials in scores.
func Softmax(dst, scores *float32, stride, n, blocks int, scale float32) {
	list := slice(scores, n)
	top := float32(math.Inf(-1))
	for _, s := range list {
		top = max(top, s)
	}
	var total float64
	for i, s := range list {
		e := math.Exp(float64(scale) * float64(s-top))
		list[i] = float32(e)
		total += e
	}
	share := float32(1 / total)
	for block := range blocks {
		to := slice(dst, block*stride+depth)[block*stride:]
		for i := range to {
			to[i] = 0
			if at := block*depth + i; at < n {
				to[i] = list[at] * share
			}
		}
	}
}

// PackRow lays n values out in blocks of 8 that are stride values apart, with zeros behind the last one.
func PackRow(dst, src *float32, stride, n int) {
	from := slice(src, n)
	for at := 0; at < n; at += depth {
		to := slice(dst, at/depth*stride+depth)[at/depth*stride:]
		clear(to[copy(to, from[at:]):])
	}
}

// Transpose8 turns 8 rows of 8*blocks values into columns: dst[i*ldd+row] = src[row*lds+i].
func Transpose8(dst *float32, ldd int, src *float32, lds, blocks int) {
	n := depth * blocks
	from, to := slice(src, 7*lds+n), slice(dst, (n-1)*ldd+8)
	for row := range 8 {
		for i, v := range from[row*lds : row*lds+n] {
			to[i*ldd+row] = v
		}
	}
}

// Depthwise adds up the high x wide taps of a filter that lie inside the picture, for n channels:
// dst[c] = bias[c] + Σ src[y*srcRow+x*srcPixel+c] * filter[y*filterRow+x*filterPixel+c].
func Depthwise(dst, bias, src, filter *float32, n, high, wide, srcRow, srcPixel, filterRow, filterPixel int) {
	to := slice(dst, n)
	copy(to, slice(bias, n))
	for y := range high {
		for x := range wide {
			from, with := y*srcRow+x*srcPixel, y*filterRow+x*filterPixel
			weights := slice(filter, with+n)[with:]
			for c, v := range slice(src, from+n)[from:] {
				to[c] += v * weights[c]
			}
		}
	}
}

// Ceiling does independent multiplications and additions: 96 a round.
func Ceiling(rounds int) {
	var s0, s1, s2, s3, s4, s5, s6, s7 float32
	x, y := float32(rounds), float32(1)/float32(rounds)
	for range rounds {
		for range 12 {
			s0 += x * y
			s1 += x * y
			s2 += x * y
			s3 += x * y
			s4 += x * y
			s5 += x * y
			s6 += x * y
			s7 += x * y
		}
	}
	sink.Store(math.Float32bits(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7))
}

// sink keeps the compiler from leaving Ceiling out.
var sink atomic.Uint32
