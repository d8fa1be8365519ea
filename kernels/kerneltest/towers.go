package kerneltest

import "github.com/goclip/goclip/kernels"

// A tower adds up the rounding of its steps.
const towerTolerance = 3e-5

// towerCases are whole tiny towers: what the ops must give together, through fusion and the reuse of buffers.
func towerCases() []testCase {
	return []testCase{
		{"tower/vit", towerTolerance, func(b *bench) []kernels.Tensor {
			const items, width, heads = 3, 24, 3
			x := b.Tokens(b.Conv2D(b.value(items, 9, 9, 3), b.weight(kernels.Filter, false, width, 3, 3, 3), 3, 1, kernels.Padding{}))
			x = b.Concat(b.Constant(b.vector(width), items), x)
			x = b.Add(x, b.Constant(b.vector(10, width), items))
			x = b.LayerNorm(x, b.norm(width), 1e-5)
			outputs := []kernels.Tensor{}
			for range 3 {
				x = b.block(x, heads, false, kernels.QuickGELU)
				outputs = append(outputs, x)
			}
			x = b.LayerNorm(b.Token(x, 0), b.norm(width), 1e-5)
			features := b.Linear(x, b.weight(kernels.Matrix, false, 14, width))
			return append(outputs, features, b.Normalize(features))
		}},
		{"tower/text", towerTolerance, func(b *bench) []kernels.Tensor {
			const items, tokens, width, heads = 2, 7, 20, 2
			ids := b.numbers([]int{items, tokens}, 1, 5, 9, 2, 0, 0, 0, 1, 3, 2, 0, 0, 0, 0)
			x := b.Embed(b.weight(kernels.Table, false, 10, width), ids)
			x = b.Add(x, b.Constant(b.vector(tokens, width), items))
			for range 2 {
				x = b.block(x, heads, true, kernels.GELU)
			}
			x = b.LayerNorm(b.Gather(x, b.numbers([]int{items}, 3, 2)), b.norm(width), 1e-5)
			return []kernels.Tensor{b.Normalize(b.Linear(x, b.weight(kernels.Matrix, false, 14, width)))}
		}},
		{"tower/wide", towerTolerance, func(b *bench) []kernels.Tensor {
			return []kernels.Tensor{b.block(b.value(2, 9, 96), 2, false, kernels.QuickGELU)}
		}},
		{"tower/squeeze and excite", towerTolerance, func(b *bench) []kernels.Tensor {
			x := b.Conv2D(b.value(2, 8, 8, 3), b.weight(kernels.Filter, true, 6, 3, 3, 3), 2, 1, kernels.Padding{Bottom: 1, Right: 1})
			x = b.Act(b.Conv2D(b.Act(x, kernels.SiLU), b.weight(kernels.Filter, true, 6, 3, 3, 1), 1, 6, kernels.Same(1)), kernels.SiLU)
			gate := b.Act(b.Linear(b.Mean(x), b.matrix(2, 6)), kernels.SiLU)
			gate = b.Act(b.Linear(gate, b.matrix(6, 2)), kernels.Sigmoid)
			return []kernels.Tensor{b.Mean(b.Linear(b.Mul(x, b.Broadcast(gate, x)), b.matrix(9, 6)))}
		}},
		{"tower/attention pooling", towerTolerance, func(b *bench) []kernels.Tensor {
			x := b.value(2, 9, 12)
			query := b.Linear(b.Constant(b.vector(12), 2), b.matrix(12, 12))
			kv := b.Split(b.Linear(x, b.matrix(24, 12)), 2)
			y := b.Linear(b.Attention(query, kv[0], kv[1], 2, false), b.matrix(12, 12))
			h := b.Act(b.Linear(b.LayerNorm(y, b.norm(12), 1e-6), b.matrix(30, 12)), kernels.GELUTanh)
			return []kernels.Tensor{b.Token(b.Add(y, b.Linear(h, b.matrix(12, 30))), 0)}
		}},
	}
}

// block is a pre-norm transformer block.
func (b *bench) block(x kernels.Tensor, heads int, causal bool, act kernels.Act) kernels.Tensor {
	width := x.Shape.Width()
	qkv := b.Split(b.Linear(b.LayerNorm(x, b.norm(width), 1e-5), b.matrix(3*width, width)), 3)
	x = b.Add(x, b.Linear(b.Attention(qkv[0], qkv[1], qkv[2], heads, causal), b.matrix(width, width)))
	h := b.Act(b.Linear(b.LayerNorm(x, b.norm(width), 1e-5), b.matrix(4*width, width)), act)
	return b.Add(x, b.Linear(h, b.matrix(width, 4*width)))
}
