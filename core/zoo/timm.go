package zoo

import (
	"fmt"

	"github.com/goclip/goclip/core/tower"
)

// timmTowers are the families of timm's image towers by the beginning of timm_model_name, the more special first. Each
// has the file of its family.
var timmTowers = []struct {
	beginning string
	read      func(m *openCLIPModel) (imageBuild, error)
}{
	{"convnext_", (*openCLIPModel).convNeXt},
	{"eva", (*openCLIPModel).eva},
	{"vit_pe_core_", (*openCLIPModel).eva},
	{"vit_base_mci_", (*openCLIPModel).plainTimmViT},
	{"vit_large_patch14_clip_", (*openCLIPModel).plainTimmViT},
	{"vit_base_patch", (*openCLIPModel).siglip},
	{"vit_large_patch16", (*openCLIPModel).siglip},
	{"vit_so400m_", (*openCLIPModel).siglip},
	{"vit_giantopt_", (*openCLIPModel).siglip},
	{"fastvit_", (*openCLIPModel).fastViT},
}

// timmEps is the epsilon of most LayerNorms in timm's image towers.
const timmEps = 1e-6

// unknownTimm: the name is none of those that goclip has sizes and switches for.
func (v openCLIPVision) unknownTimm() error {
	return fmt.Errorf("%w: an image tower of timm, %q, that goclip does not know", ErrUnsupported, v.TimmName)
}

// meanPool makes sure that the tower pools by its mean, as an empty timm_pool leaves it.
func (v openCLIPVision) meanPool() error {
	if v.TimmPool != "" && v.TimmPool != "avg" {
		return fmt.Errorf("%w: timm_pool %q with %s", ErrUnsupported, v.TimmPool, v.TimmName)
	}
	return nil
}

// timmHead reads how open_clip's TimmModel makes an embedding of what the tower has pooled. Without timm_proj the tower's
// own classifier does, a product with a bias.
func (m *openCLIPModel) timmHead() (tower.Head, error) {
	h := tower.Head{Projection: m.Embedding, Bias: m.Vision.TimmProjectionBias}
	switch projection := m.Vision.TimmProjection; {
	case projection == nil || *projection == "":
		h.Bias = !m.Vision.appleHead
	case *projection == "linear":
	case *projection == "mlp":
		h.Hidden, h.HiddenBias = 2*m.Embedding, true
	default:
		return h, fmt.Errorf("%w: timm_proj %q with %s", ErrUnsupported, *projection, m.Vision.TimmName)
	}
	return h, nil
}

// timmHeadRules are the names of a head: below "visual.head.", or as the tower's own classifier below "visual.trunk.".
func (m *openCLIPModel) timmHeadRules(classifier string) map[string]rule {
	switch projection := m.Vision.TimmProjection; {
	case m.Vision.appleHead:
		return map[string]rule{"projection": tensor(appleHead, transposed)}
	case projection == nil || *projection == "":
		return map[string]rule{"projection": layer(classifier)}
	case *projection == "linear":
		return map[string]rule{"projection": layer("/visual.head.proj")}
	default:
		return map[string]rule{"head": layer("/visual.head.mlp.fc1"), "projection": layer("/visual.head.mlp.fc2")}
	}
}
