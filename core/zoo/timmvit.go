package zoo

import (
	"fmt"
	"maps"

	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/kernels"
)

// timmViT are the names of timm's VisionTransformer, below "visual.trunk." in open_clip's checkpoints.
var timmViT = map[string]rule{
	"patch":         filter("patch_embed.proj"),
	"class":         tensor("cls_token", asIs),
	"position":      tensor("pos_embed", asIs),
	"norm_before":   layer("norm_pre"),
	"block.#.norm1": layer("blocks.#.norm1"),
	"block.#.qkv":   layer("blocks.#.attn.qkv"),
	"block.#.out":   layer("blocks.#.attn.proj"),
	"block.#.norm2": layer("blocks.#.norm2"),
	"block.#.up":    layer("blocks.#.mlp.fc1"),
	"block.#.down":  layer("blocks.#.mlp.fc2"),
	"norm_after":    layer("norm"),
	"pool.query":    tensor("attn_pool.latent", asIs),
	"pool.q":        layer("attn_pool.q"),
	"pool.kv":       layer("attn_pool.kv"),
	"pool.out":      layer("attn_pool.proj"),
	"pool.norm":     layer("attn_pool.norm"),
	"pool.up":       layer("attn_pool.mlp.fc1"),
	"pool.down":     layer("attn_pool.mlp.fc2"),
	"projection":    layer("head"),
}

// timmPrefix is where open_clip keeps a tower of timm.
const timmPrefix = "visual.trunk."

// timmSizes are the sizes of a released ViT of timm, which tensors override.
type timmSizes struct{ width, layers, hidden, headWidth int }

// sizes asks a trunk's tensors for its sizes. The width of a head shows in no tensor.
func (s timmSizes) of(t tensors) timmSizes {
	s.width = t.dim(timmPrefix+"norm.weight", 0, s.width)
	s.layers = t.count(timmPrefix+"blocks.", s.layers)
	s.hidden = t.dim(timmPrefix+"blocks.0.mlp.fc1.weight", 0, s.hidden)
	return s
}

// plainTimmViTs are the ViTs with a class token that released models take from timm by name: MobileCLIP-B's with a
// convolutional stem, and MobileCLIP2-L-14's, which is OpenAI's ViT-L/14 under timm's names.
var plainTimmViTs = map[string]struct {
	sizes timmSizes
	tower.ViT
}{
	"vit_base_mci_224": {timmSizes{768, 12, 3072, 64}, tower.ViT{Transformer: tower.Transformer{Eps: timmEps},
		Patch: 16, PatchBias: true, Stem: []int{192, 192}, PatchPositions: true}},
	"vit_large_patch14_clip_224": {timmSizes{1024, 24, 4096, 64}, tower.ViT{Transformer: tower.Transformer{Eps: 1e-5},
		Patch: 14, NormBefore: true}},
}

// plainTimmViT is a ViT of timm with a class token.
func (m *openCLIPModel) plainTimmViT() (imageBuild, error) {
	released, ok := plainTimmViTs[m.Vision.TimmName]
	if !ok {
		return nil, m.Vision.unknownTimm()
	}
	if m.Vision.TimmPool != "token" {
		return nil, fmt.Errorf("%w: timm_pool %q with %s", ErrUnsupported, m.Vision.TimmPool, m.Vision.TimmName)
	}
	head, err := m.timmHead()
	if err != nil {
		return nil, err
	}
	if head.Hidden > 0 {
		return nil, fmt.Errorf("%w: timm_proj %q with %s", ErrUnsupported, *m.Vision.TimmProjection, m.Vision.TimmName)
	}
	image, err := squareSize(m.Vision.Image)
	if err != nil {
		return nil, err
	}
	return func(t tensors) (tower.Image, names, error) {
		v, s := released.ViT, released.sizes.of(t)
		v.Image, v.Projection, v.ProjectionBias, v.NormalTokens = image, head.Projection, head.Bias, true
		v.Width, v.Layers, v.Heads, v.Hidden, v.Act = s.width, s.layers, s.width/s.headWidth, s.hidden, kernels.GELU
		rules := with(timmViT, m.timmHeadRules("head"))
		if len(v.Stem) == 0 {
			v.Patch = t.dim(timmPrefix+"patch_embed.proj.weight", 3, v.Patch)
			return v, names{timmPrefix, rules}, nil
		}
		v.Stem = nil
		for i, width := range released.Stem {
			v.Stem = append(v.Stem, t.dim(fmt.Sprintf("%spatch_embed.backbone.%d.conv.weight", timmPrefix, i), 0, width))
		}
		maps.Copy(rules, convolutionalStem(v.Stem))
		return v, names{timmPrefix, rules}, nil
	}, nil
}

// convolutionalStem are the names of timm's ConvStem, of which the last convolution has no BatchNorm.
func convolutionalStem(widths []int) map[string]rule {
	at := func(i int) string { return fmt.Sprintf("patch_embed.backbone.%d.", i) }
	rules := map[string]rule{"patch": filter(at(len(widths)) + "conv")}
	for i := range widths {
		rules[fmt.Sprintf("stem.%d", i)] = normed(at(i)+"conv", at(i)+"bn", filterOIHW)
	}
	return rules
}
