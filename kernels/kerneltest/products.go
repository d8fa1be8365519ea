package kerneltest

import (
	"fmt"

	"github.com/goclip/goclip/kernels"
)

// Float32 sums of a few thousand products stay within this share of the largest value.
const sumTolerance = 1e-5

func linearCases() []testCase {
	var cases []testCase
	add := func(name string, build func(b *bench) kernels.Tensor) {
		cases = append(cases, testCase{"linear/" + name, sumTolerance, func(b *bench) []kernels.Tensor {
			return []kernels.Tensor{build(b)}
		}})
	}
	for _, s := range [][4]int{{1, 1, 1, 1}, {1, 1, 3, 5}, {2, 7, 17, 19}, {1, 50, 33, 65}, {3, 5, 64, 130}, {2, 1, 1030, 3}, {1, 9, 256, 768}, {2, 7, 130, 33}, {1, 50, 768, 65}, {1, 3, 65, 1}} {
		add(fmt.Sprintf("%dx%d %d to %d", s[0], s[1], s[2], s[3]), func(b *bench) kernels.Tensor {
			return b.Linear(b.value(s[0], s[1], s[2]), b.matrix(s[3], s[2]))
		})
	}
	add("without bias", func(b *bench) kernels.Tensor {
		return b.Linear(b.value(3, 11), b.weight(kernels.Matrix, false, 6, 11))
	})
	for _, act := range kernels.Acts() {
		add(act.String(), func(b *bench) kernels.Tensor {
			return b.Act(b.Linear(b.scaled(4, 2, 5, 9), b.matrix(21, 9)), act)
		})
	}
	add("rows of zeros", func(b *bench) kernels.Tensor { return b.Linear(b.scaled(0, 3, 9), b.matrix(7, 9)) })
	add("large and small rows", func(b *bench) kernels.Tensor {
		large, small := b.scaled(1e4, 2, 3, 70), b.scaled(1e-4, 2, 3, 70)
		return b.Linear(b.Concat(large, small), b.matrix(19, 70))
	})
	add("residual", func(b *bench) kernels.Tensor {
		return b.Add(b.value(2, 5, 21), b.Linear(b.value(2, 5, 9), b.matrix(21, 9)))
	})
	add("activation and residual", func(b *bench) kernels.Tensor {
		return b.Add(b.Act(b.Linear(b.value(2, 5, 9), b.matrix(21, 9)), kernels.QuickGELU), b.value(2, 5, 21))
	})
	add("constant residual", func(b *bench) kernels.Tensor {
		return b.Add(b.Linear(b.value(3, 5, 9), b.matrix(21, 9)), b.Constant(b.vector(5, 21), 3))
	})
	add("residual from a view", func(b *bench) kernels.Tensor {
		return b.Add(b.Linear(b.value(3, 5, 9), b.matrix(7, 9)), b.Split(b.value(3, 5, 21), 3)[1])
	})
	add("of a part", func(b *bench) kernels.Tensor {
		return b.Linear(b.Split(b.value(3, 5, 27), 3)[1], b.matrix(7, 9))
	})
	add("of some rows", func(b *bench) kernels.Tensor {
		return b.Linear(b.Rows(b.value(3, 6, 9), 1, 5), b.matrix(7, 9))
	})
	add("of one token", func(b *bench) kernels.Tensor {
		return b.Linear(b.Token(b.value(5, 6, 9), 2), b.matrix(7, 9))
	})
	add("of a constant", func(b *bench) kernels.Tensor {
		return b.Linear(b.Constant(b.vector(4, 9), 3), b.matrix(7, 9))
	})
	return cases
}

func convolutionCases() []testCase {
	var cases []testCase
	add := func(name string, tolerance float64, build func(b *bench) kernels.Tensor) {
		cases = append(cases, testCase{name, tolerance, func(b *bench) []kernels.Tensor { return []kernels.Tensor{build(b)} }})
	}
	conv := func(name string, items, height, width, in, out, kernel, stride, groups int, pad kernels.Padding) {
		add("conv2d/"+name, sumTolerance, func(b *bench) kernels.Tensor {
			return b.Conv2D(b.value(items, height, width, in), b.weight(kernels.Filter, true, out, kernel, kernel, in/groups), stride, groups, pad)
		})
	}
	conv("patches", 2, 12, 12, 3, 10, 4, 4, 1, kernels.Padding{})
	conv("patches with a rest", 1, 15, 13, 3, 17, 4, 4, 1, kernels.Padding{})
	conv("3x3 padded", 2, 5, 7, 6, 9, 3, 1, 1, kernels.Same(1))
	conv("3x3 stride 2, padded behind", 1, 9, 6, 3, 8, 3, 2, 1, kernels.Padding{Bottom: 1, Right: 1})
	conv("1x1", 2, 3, 3, 5, 4, 1, 1, 1, kernels.Padding{})
	conv("groups", 1, 6, 5, 8, 12, 3, 1, 4, kernels.Same(1))
	conv("depthwise 7x7", 2, 8, 9, 13, 13, 7, 1, 13, kernels.Same(3))
	conv("depthwise stride 2 to twice the channels", 1, 9, 9, 5, 10, 7, 2, 5, kernels.Same(3))
	add("conv2d/activation, residual, no bias", sumTolerance, func(b *bench) kernels.Tensor {
		y := b.Conv2D(b.value(2, 6, 6, 3), b.weight(kernels.Filter, false, 8, 3, 3, 3), 3, 1, kernels.Padding{})
		return b.Add(b.Tokens(b.Act(y, kernels.ReLU)), b.Constant(b.vector(4, 8), 2))
	})
	add("pool/2x2", 1e-6, func(b *bench) kernels.Tensor { return b.Pool(b.value(2, 6, 5, 7), 2, 2) })
	add("pool/3x3 overlapping", 1e-6, func(b *bench) kernels.Tensor { return b.Pool(b.value(1, 5, 6, 9), 3, 1) })
	return cases
}
