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
	// LatentPool lets one learned query look at all tokens and puts an MLP behind it: SigLIP.
	LatentPool
)

// ViT is the Vision Transformer (Dosovitskiy et al. 2020) as CLIP's image tower (Radford et al. 2021), with the switches
// that open_clip and SigLIP have for it.
type ViT struct {
	Transformer
	Image, Patch int // side of the square picture and of a patch, in pixels; a rest at right and bottom is left over
	PatchBias    bool
	// Stem are the channels of convolutions before the one that makes the tokens, each with GELU behind it. The first takes
	// squares of Patch/2^len(Stem) pixels, every further one halves the map: MobileCLIP-B.
	Stem    []int
	NoClass bool // no class token: the patches are all tokens
	// PatchPositions: only the patches have positions, the class token has none.
	PatchPositions bool
	NormBefore     bool
	Rotary         *Rotary // nil: positions are in the table only
	Pool           ImagePool
	// NormAfterPool normalises the pooled vector only; otherwise every token is normalised before pooling.
	NormAfterPool bool
	Pooler        AttentionPooler // for AttentionPool
	Latent        LatentPooler    // for LatentPool
	Projection    int             // width of the embedding; 0: no projection, the embedding is as wide as the tower
	// ProjectionBias: the projection has a bias.
	ProjectionBias bool
	// NormalTokens: the hidden state "tokens" is taken behind the final LayerNorm, as SigLIP's and timm's implementations
	// do, and not before it.
	NormalTokens bool
}

// Grid is the number of patches along a side.
func (v ViT) Grid() int { return v.Image / v.Patch }

// Tokens is the number of patches, and the class token if there is one.
func (v ViT) Tokens() int {
	if v.NoClass {
		return v.Grid() * v.Grid()
	}
	return v.Grid()*v.Grid() + 1
}

// positions is the number of tokens that have a position.
func (v ViT) positions() int {
	if v.PatchPositions {
		return v.Grid() * v.Grid()
	}
	return v.Tokens()
}

// filters are the convolutions that make the tokens, the stem's first.
func (v ViT) filters() []Param {
	var list []Param
	in, side := 3, v.Patch>>len(v.Stem)
	for i, width := range v.Stem {
		list = append(list, Param{fmt.Sprintf("stem.%d", i), kernels.Filter, kernels.Shape{width, side, side, in}, true})
		in, side = width, 2
	}
	return append(list, Param{"patch", kernels.Filter, kernels.Shape{v.Width, side, side, in}, v.PatchBias})
}

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
	if v.Pool == LatentPool {
		err = first(err, v.Latent.check(v.Width))
	}
	if err == nil && v.Rotary != nil {
		err = v.Rotary.check(v.Width / v.Heads)
	}
	if err == nil && v.NoClass && v.Pool == ClassToken {
		err = fmt.Errorf("tower: there is no class token to pool")
	}
	for i, width := range v.Stem {
		err = first(err, between(fmt.Sprintf("the width of the stem's convolution %d", i), width, 1, maxWidth))
	}
	if err == nil && (len(v.Stem) > 8 || v.Patch%(1<<len(v.Stem)) != 0) {
		err = fmt.Errorf("tower: %d convolutions of a stem cannot make patches of %d pixels", len(v.Stem), v.Patch)
	}
	if err == nil && v.Patch > v.Image {
		err = fmt.Errorf("tower: patches of %d pixels do not fit a picture of %d", v.Patch, v.Image)
	}
	if err != nil {
		return err
	}
	return between("the number of tokens", v.Tokens(), 1, maxTokens)
}

// Params lists the weights.
func (v ViT) Params() []Param {
	list := append(v.filters(), Param{"position", kernels.Vector, kernels.Shape{v.positions(), v.Width}, false})
	if !v.NoClass {
		list = append(list, Param{"class", kernels.Vector, kernels.Shape{v.Width}, false})
	}
	if v.NormBefore {
		list = append(list, Param{"norm_before", kernels.Vector, kernels.Shape{v.Width}, true})
	}
	if v.Rotary != nil {
		shape := kernels.Shape{v.Tokens(), v.Width / v.Heads}
		list = append(list, Param{"rotary.cos", kernels.Vector, shape, false}, Param{"rotary.sin", kernels.Vector, shape, false})
	}
	list = append(list, v.params()...)
	pooled := v.Width
	switch v.Pool {
	case AttentionPool:
		pooled = v.Projection
		list = append(list, v.Pooler.params(v.Width, pooled)...)
	case LatentPool:
		list = append(list, v.Latent.params(v.Width)...)
	}
	list = append(list, Param{"norm_after", kernels.Vector, kernels.Shape{pooled}, true})
	if v.Projection > 0 {
		list = append(list, Param{"projection", kernels.Matrix, kernels.Shape{v.Projection, pooled}, v.ProjectionBias})
	}
	return list
}

// Record writes one forward pass over pictures [items, image, image, 3], normalised, as the graph's only input. Hidden
// states, if asked for: "block_I" after every block and "tokens", the last block's output, class token first, normalised
// with NormalTokens.
func (v ViT) Record(g *kernels.Graph, w Weights, items int, hidden bool) []Output {
	x := v.tokens(g, w, items)
	if v.NormBefore {
		x = g.LayerNorm(x, w.at("norm_before"), v.Eps)
	}
	turn := func(x kernels.Tensor) kernels.Tensor { return x }
	if v.Rotary != nil {
		cos, sin := g.Constant(w.at("rotary.cos"), items), g.Constant(w.at("rotary.sin"), items)
		turn = func(x kernels.Tensor) kernels.Tensor { return g.Rotate(x, cos, sin) }
	}
	blocks := v.record(g, w, x, func(q, k, val kernels.Tensor) kernels.Tensor {
		return g.Attention(turn(q), turn(k), val, v.Heads, false)
	})
	x = blocks[len(blocks)-1]
	outputs := project(g, w, v.Projection, v.pool(g, w, x))
	if hidden {
		if v.NormalTokens {
			x = g.LayerNorm(x, w.at("norm_after"), v.Eps)
		}
		outputs = append(withBlocks(outputs, blocks), Output{"tokens", x})
	}
	return outputs
}

// tokens are the patches with their positions, behind the class token if there is one.
func (v ViT) tokens(g *kernels.Graph, w Weights, items int) kernels.Tensor {
	x := g.Floats(items, v.Image, v.Image, 3)
	for i, p := range v.filters() {
		x = g.Conv2D(x, w.at(p.Name), p.Shape[1], 1, kernels.Padding{})
		if i < len(v.Stem) {
			x = g.Act(x, kernels.GELU)
		}
	}
	x = g.Tokens(x)
	position := g.Constant(w.at("position"), items)
	if v.PatchPositions {
		x = g.Add(x, position)
	}
	if !v.NoClass {
		x = g.Concat(g.Constant(w.at("class"), items), x)
	}
	if !v.PatchPositions {
		x = g.Add(x, position)
	}
	return x
}

// pool makes one vector of the tokens. Normalising one token of all, or the one that is picked, is the same.
func (v ViT) pool(g *kernels.Graph, w Weights, x kernels.Tensor) kernels.Tensor {
	norm := func(x kernels.Tensor) kernels.Tensor { return g.LayerNorm(x, w.at("norm_after"), v.Eps) }
	switch v.Pool {
	case ClassToken:
		return norm(g.Token(x, 0))
	case AttentionPool:
		return norm(v.Pooler.record(g, w, x))
	case LatentPool:
		return v.Latent.record(g, w, norm(x))
	}
	patches := x
	if !v.NoClass {
		patches = g.Rows(x, 1, x.Shape.Rows())
	}
	if v.NormAfterPool {
		return norm(g.Mean(patches))
	}
	return g.Mean(norm(patches))
}
