package tower

import (
	"fmt"

	"github.com/goclip/goclip/kernels"
)

// ImagePool says how an image tower turns its tokens into one vector.
type ImagePool uint8

const (
	// ClassToken takes token 0.
	ClassToken ImagePool = iota
	// PatchMean averages the patches and leaves the class token out.
	PatchMean
	// AttentionPool lets learned queries look at all tokens: CoCa.
	AttentionPool
)

// ViT is the Vision Transformer (Dosovitskiy et al. 2020) as CLIP's image tower (Radford et al. 2021), with the switches
// that open_clip has for it.
type ViT struct {
	Transformer
	Image, Patch int // side of the square picture and of a patch, in pixels; a rest at right and bottom is left over
	NormBefore   bool
	Pool         ImagePool
	// NormAfterPool normalises the pooled vector only; otherwise every token is normalised before pooling.
	NormAfterPool bool
	Pooler        AttentionPooler // for AttentionPool
	Projection    int             // width of the embedding; 0: no projection, the embedding is as wide as the tower
}

// Grid is the number of patches along a side.
func (v ViT) Grid() int { return v.Image / v.Patch }

// Tokens is the number of patches and the class token.
func (v ViT) Tokens() int { return v.Grid()*v.Grid() + 1 }

// Picture is the shape of one input.
func (v ViT) Picture() kernels.Shape { return kernels.Shape{v.Image, v.Image, 3} }

// Embedding is the width of the result.
func (v ViT) Embedding() int {
	if v.Projection > 0 {
		return v.Projection
	}
	return v.Width
}

// Check tells what is wrong with the configuration.
func (v ViT) Check() error {
	err := first(
		v.check(),
		between("the image size", v.Image, 1, maxPicture),
		between("the patch size", v.Patch, 1, maxPicture),
		between("the projection", v.Projection, 0, maxWidth),
	)
	if v.Pool == AttentionPool {
		err = first(err, between("the projection", v.Projection, 1, maxWidth), v.Pooler.check(v.Projection))
	}
	if err == nil && v.Patch > v.Image {
		err = fmt.Errorf("tower: patches of %d pixels do not fit a picture of %d", v.Patch, v.Image)
	}
	if err != nil {
		return err
	}
	return between("the number of patches", v.Tokens(), 2, maxTokens)
}

// Params lists the weights.
func (v ViT) Params() []Param {
	list := []Param{
		{"patch", kernels.Filter, kernels.Shape{v.Width, v.Patch, v.Patch, 3}, false},
		{"class", kernels.Vector, kernels.Shape{v.Width}, false},
		{"position", kernels.Vector, kernels.Shape{v.Tokens(), v.Width}, false},
	}
	if v.NormBefore {
		list = append(list, Param{"norm_before", kernels.Vector, kernels.Shape{v.Width}, true})
	}
	list = append(list, v.params()...)
	pooled := v.Width
	if v.Pool == AttentionPool {
		pooled = v.Projection
		list = append(list, v.Pooler.params(v.Width, pooled)...)
	}
	list = append(list, Param{"norm_after", kernels.Vector, kernels.Shape{pooled}, true})
	if v.Projection > 0 {
		list = append(list, Param{"projection", kernels.Matrix, kernels.Shape{v.Projection, pooled}, false})
	}
	return list
}

// Record writes one forward pass over pictures [items, image, image, 3], normalised, as the graph's only input. Hidden
// states, if asked for: "block_I" after every block and "tokens", the last block's output before the final LayerNorm,
// class token first.
func (v ViT) Record(g *kernels.Graph, w Weights, items int, hidden bool) []Output {
	x := g.Tokens(g.Conv2D(g.Floats(items, v.Image, v.Image, 3), w.at("patch"), v.Patch, 1, kernels.Padding{}))
	x = g.Concat(g.Constant(w.at("class"), items), x)
	x = g.Add(x, g.Constant(w.at("position"), items))
	if v.NormBefore {
		x = g.LayerNorm(x, w.at("norm_before"), v.Eps)
	}
	blocks := v.record(g, w, x, func(q, k, val kernels.Tensor) kernels.Tensor {
		return g.Attention(q, k, val, v.Heads, false)
	})
	x = blocks[len(blocks)-1]
	outputs := project(g, w, v.Projection, v.pool(g, w, x))
	if hidden {
		outputs = append(withBlocks(outputs, blocks), Output{"tokens", x})
	}
	return outputs
}

// pool makes one vector of the tokens. Normalising one token of all, or the one that is picked, is the same.
func (v ViT) pool(g *kernels.Graph, w Weights, x kernels.Tensor) kernels.Tensor {
	norm := func(x kernels.Tensor) kernels.Tensor { return g.LayerNorm(x, w.at("norm_after"), v.Eps) }
	switch {
	case v.Pool == ClassToken:
		return norm(g.Token(x, 0))
	case v.Pool == AttentionPool:
		return norm(v.Pooler.record(g, w, x))
	case v.NormAfterPool:
		return norm(g.Mean(g.Rows(x, 1, x.Shape.Rows())))
	default:
		return g.Mean(norm(g.Rows(x, 1, x.Shape.Rows())))
	}
}
