package tower

import "github.com/goclip/goclip/kernels"

// Head makes the embedding of what a tower of timm has pooled, as open_clip's TimmModel: a product, or an MLP.
type Head struct {
	Projection int  // width of the embedding
	Bias       bool // of the last product
	Hidden     int  // width of the MLP between its products; 0: one product only
	HiddenBias bool // of the MLP's first product
}

func (h Head) check() error {
	return first(
		between("the projection", h.Projection, 1, maxWidth),
		between("the head's width", h.Hidden, 0, maxHidden),
	)
}

// params lists the weights; in is the width of what was pooled.
func (h Head) params(in int) []Param {
	var list []Param
	if h.Hidden > 0 {
		list = append(list, Param{"head", kernels.Matrix, kernels.Shape{h.Hidden, in}, h.HiddenBias})
		in = h.Hidden
	}
	return append(list, Param{"projection", kernels.Matrix, kernels.Shape{h.Projection, in}, h.Bias})
}

// record gives "features" and "embeds".
func (h Head) record(g *kernels.Graph, w Weights, x kernels.Tensor) []Output {
	if h.Hidden > 0 {
		x = g.Act(g.Linear(x, w.at("head")), kernels.GELU)
	}
	return project(g, w, h.Projection, x)
}
