package kerneltest

import (
	"fmt"

	"github.com/goclip/goclip/kernels"
)

func attentionCases() []testCase {
	var cases []testCase
	add := func(name string, build func(b *bench) kernels.Tensor) {
		cases = append(cases, testCase{"attention/" + name, sumTolerance, func(b *bench) []kernels.Tensor {
			return []kernels.Tensor{build(b)}
		}})
	}
	for _, s := range [][4]int{{1, 1, 1, 1}, {2, 5, 3, 5}, {1, 17, 2, 64}, {1, 77, 2, 8}, {1, 50, 1, 72}, {2, 9, 2, 88}, {1, 200, 1, 16}} {
		for _, causal := range []bool{false, true} {
			add(fmt.Sprintf("%dx%d, %d heads of %d, causal %v", s[0], s[1], s[2], s[3], causal), func(b *bench) kernels.Tensor {
				qkv := b.Split(b.value(s[0], s[1], 3*s[2]*s[3]), 3)
				return b.Attention(qkv[0], qkv[1], qkv[2], s[2], causal)
			})
		}
	}
	add("one query", func(b *bench) kernels.Tensor {
		return b.Attention(b.value(3, 1, 12), b.value(3, 9, 12), b.value(3, 9, 12), 2, false)
	})
	add("a constant query", func(b *bench) kernels.Tensor {
		return b.Attention(b.Constant(b.vector(4, 12), 3), b.value(3, 9, 12), b.value(3, 9, 12), 3, false)
	})
	add("the last queries of a causal sequence", func(b *bench) kernels.Tensor {
		return b.Attention(b.value(2, 3, 12), b.value(2, 9, 12), b.value(2, 9, 12), 3, true)
	})
	add("large scores", func(b *bench) kernels.Tensor {
		return b.Attention(b.scaled(100, 2, 7, 12), b.scaled(100, 2, 7, 12), b.value(2, 7, 12), 3, false)
	})
	add("large scores of many keys", func(b *bench) kernels.Tensor {
		return b.Attention(b.scaled(100, 1, 20, 12), b.scaled(100, 1, 77, 12), b.value(1, 77, 12), 3, false)
	})
	for _, causal := range []bool{false, true} {
		add(fmt.Sprintf("lengths, causal %v", causal), func(b *bench) kernels.Tensor {
			lengths := b.numbers([]int{4}, 3, 7, 1, 0)
			return b.AttentionWithin(b.value(4, 7, 12), b.value(4, 7, 12), b.value(4, 7, 12), 3, causal, lengths)
		})
	}
	add("a length for each query", func(b *bench) kernels.Tensor {
		lengths := b.numbers([]int{2, 3}, 5, 0, 2, 1, 4, 3)
		return b.AttentionWithin(b.value(2, 3, 12), b.value(2, 5, 12), b.value(2, 5, 12), 2, false, lengths)
	})
	return cases
}
