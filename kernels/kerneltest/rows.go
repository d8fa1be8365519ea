package kerneltest

import (
	"fmt"

	"github.com/goclip/goclip/kernels"
)

func rowCases() []testCase {
	var cases []testCase
	add := func(name string, tolerance float64, build func(b *bench) kernels.Tensor) {
		cases = append(cases, testCase{name, tolerance, func(b *bench) []kernels.Tensor { return []kernels.Tensor{build(b)} }})
	}
	for _, s := range [][3]int{{1, 1, 2}, {2, 3, 7}, {1, 5, 768}, {3, 1, 1030}} {
		add(fmt.Sprintf("layernorm/%dx%dx%d", s[0], s[1], s[2]), 1e-5, func(b *bench) kernels.Tensor {
			return b.LayerNorm(b.value(s[0], s[1], s[2]), b.norm(s[2]), 1e-5)
		})
	}
	add("layernorm/one value", 1e-5, func(b *bench) kernels.Tensor { return b.LayerNorm(b.value(4, 1), b.norm(1), 1e-5) })
	add("layernorm/far from zero", 1e-3, func(b *bench) kernels.Tensor {
		return b.LayerNorm(b.Add(b.value(2, 3, 65), b.scaled(1000, 2, 3, 65)), b.norm(65), 1e-5)
	})
	add("layernorm/large eps", 1e-5, func(b *bench) kernels.Tensor {
		return b.LayerNorm(b.scaled(1e-3, 2, 9), b.norm(9), 1e-2)
	})
	add("layernorm/of one token", 1e-5, func(b *bench) kernels.Tensor {
		return b.LayerNorm(b.Token(b.value(5, 4, 33), 3), b.norm(33), 1e-6)
	})
	add("rotate", 1e-5, func(b *bench) kernels.Tensor {
		return b.Rotate(b.Split(b.value(2, 5, 36), 3)[2], b.Constant(b.vector(5, 6), 2), b.Constant(b.vector(5, 6), 2))
	})
	for _, act := range kernels.Acts()[1:] {
		add("map/"+act.String(), 2e-6, func(b *bench) kernels.Tensor { return b.Act(b.scaled(6, 3, 5, 67), act) })
		add("map/extreme "+act.String(), 2e-6, func(b *bench) kernels.Tensor {
			return b.Act(b.scaled(200, 2, 65), act)
		})
	}
	add("map/of a part", 2e-6, func(b *bench) kernels.Tensor { return b.Act(b.Split(b.value(2, 3, 10), 2)[1], kernels.SiLU) })
	add("zip/add", 1e-6, func(b *bench) kernels.Tensor { return b.Add(b.value(2, 3, 5), b.value(2, 3, 5)) })
	add("zip/multiply", 1e-6, func(b *bench) kernels.Tensor { return b.Mul(b.value(2, 33), b.value(2, 33)) })
	add("zip/add a constant", 1e-6, func(b *bench) kernels.Tensor {
		return b.Add(b.Constant(b.vector(3, 17), 2), b.value(2, 3, 17))
	})
	add("zip/gate a feature map", 1e-6, func(b *bench) kernels.Tensor {
		x := b.value(2, 3, 4, 5)
		return b.Mul(x, b.Broadcast(b.value(2, 5), x))
	})
	add("mean/all rows", 1e-6, func(b *bench) kernels.Tensor { return b.Mean(b.value(3, 7, 19)) })
	add("mean/of a feature map", 1e-6, func(b *bench) kernels.Tensor { return b.Mean(b.value(2, 3, 4, 19)) })
	add("mean/patches only", 1e-6, func(b *bench) kernels.Tensor { return b.Mean(b.Rows(b.value(3, 7, 19), 1, 7)) })
	add("mean/lengths", 1e-6, func(b *bench) kernels.Tensor {
		return b.MeanWithin(b.value(3, 7, 19), b.numbers([]int{3}, 1, 7, 4))
	})
	add("concat", 0, func(b *bench) kernels.Tensor { return b.Concat(b.value(2, 3, 5), b.value(2, 4, 5)) })
	add("concat/a class token", 0, func(b *bench) kernels.Tensor {
		return b.Concat(b.Constant(b.vector(9), 3), b.Rows(b.value(3, 5, 9), 1, 4))
	})
	add("gather", 0, func(b *bench) kernels.Tensor {
		return b.Gather(b.value(4, 5, 7), b.numbers([]int{4}, 4, 0, 2, 2))
	})
	add("gather/several rows", 0, func(b *bench) kernels.Tensor {
		return b.Gather(b.value(2, 5, 7), b.numbers([]int{2, 3}, 4, 0, 2, 1, 1, 3))
	})
	add("gather/of a part", 0, func(b *bench) kernels.Tensor {
		return b.Gather(b.Split(b.value(2, 5, 8), 2)[1], b.numbers([]int{2}, 3, 4))
	})
	add("normalize", 1e-6, func(b *bench) kernels.Tensor { return b.Normalize(b.value(5, 67)) })
	add("normalize/zeros", 1e-6, func(b *bench) kernels.Tensor { return b.Normalize(b.scaled(0, 2, 9)) })
	add("normalize/of one token", 1e-6, func(b *bench) kernels.Tensor { return b.Normalize(b.Token(b.value(3, 2, 9), 1)) })
	add("embed", 0, func(b *bench) kernels.Tensor {
		return b.Embed(b.weight(kernels.Table, false, 11, 9), b.numbers([]int{2, 3}, 0, 10, 3, 3, 7, 1))
	})
	return cases
}

func viewCases() []testCase {
	return []testCase{
		{"outputs/several", sumTolerance, func(b *bench) []kernels.Tensor {
			x := b.value(2, 5, 6)
			y := b.Linear(x, b.matrix(9, 6))
			z := b.Act(y, kernels.GELU)
			return []kernels.Tensor{y, z, b.Mean(z), x}
		}},
		{"outputs/views", sumTolerance, func(b *bench) []kernels.Tensor {
			y := b.Linear(b.value(2, 5, 6), b.matrix(9, 6))
			return []kernels.Tensor{b.Token(y, 3), b.Rows(y, 1, 4), b.Split(y, 3)[2]}
		}},
		{"outputs/the same twice", sumTolerance, func(b *bench) []kernels.Tensor {
			y := b.Normalize(b.value(2, 6))
			return []kernels.Tensor{y, y}
		}},
		{"grid and back", sumTolerance, func(b *bench) []kernels.Tensor {
			x := b.Grid(b.value(2, 12, 5), 3, 4)
			return []kernels.Tensor{b.Tokens(b.Conv2D(x, b.weight(kernels.Filter, true, 6, 2, 2, 5), 1, 1, kernels.Padding{}))}
		}},
	}
}
