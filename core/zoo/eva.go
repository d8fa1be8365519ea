package zoo

import (
	"fmt"
	"strings"

	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/kernels"
)

// evaTower is what the name of one of timm's Eva models says: EVA-CLIP (Fang et al. 2022, Sun et al. 2023) and Meta's
// Perception Encoder (Bolya et al. 2025).
type evaTower struct {
	timmSizes
	patch       int
	gated, post bool
	rotary      *tower.Rotary
	perception  bool // a LayerNorm before the blocks, patches without a bias, a latent pooler
	noClass     bool
}

// evaTowers by timm's names.
var evaTowers = map[string]evaTower{
	"eva_giant_patch14_224":            {timmSizes: timmSizes{1408, 40, 6144, 88}, patch: 14}, // as open_clip calls it
	"eva_giant_patch14_clip_224":       {timmSizes: timmSizes{1408, 40, 6144, 88}, patch: 14}, // as timm does
	"eva02_base_patch16_clip_224":      {timmSizes: timmSizes{768, 12, 2048, 64}, patch: 16, gated: true, rotary: &tower.Rotary{Reference: 16}},
	"eva02_large_patch14_clip_224":     {timmSizes: timmSizes{1024, 24, 2730, 64}, patch: 14, gated: true, rotary: &tower.Rotary{Reference: 16}},
	"eva02_large_patch14_clip_336":     {timmSizes: timmSizes{1024, 24, 2730, 64}, patch: 14, gated: true, rotary: &tower.Rotary{Reference: 16}},
	"eva02_enormous_patch14_clip_224":  {timmSizes: timmSizes{1792, 64, 15360, 112}, patch: 14, post: true},
	"vit_pe_core_tiny_patch16_384":     perceptionEncoder(timmSizes{192, 12, 768, 64}, 16, 24),
	"vit_pe_core_small_patch16_384":    perceptionEncoder(timmSizes{384, 12, 1536, 64}, 16, 24),
	"vit_pe_core_base_patch16_224":     perceptionEncoder(timmSizes{768, 12, 3072, 64}, 16, 14),
	"vit_pe_core_large_patch14_336":    perceptionEncoder(timmSizes{1024, 24, 4096, 64}, 14, 24),
	"vit_pe_core_gigantic_patch14_448": {timmSizes: timmSizes{1536, 50, 8960, 96}, patch: 14, rotary: &tower.Rotary{Reference: 32, XFirst: true}, perception: true, noClass: true},
}

func perceptionEncoder(s timmSizes, patch, reference int) evaTower {
	return evaTower{timmSizes: s, patch: patch, rotary: &tower.Rotary{Reference: reference, Offset: 1, XFirst: true}, perception: true}
}

// perceptionHeads and perceptionRatio are the latent pooler's heads, and its MLP's width over the tower's, in every size.
const (
	perceptionHeads = 8
	perceptionRatio = 4
)

// eva is an image tower of timm's Eva class.
func (m *openCLIPModel) eva() (imageBuild, error) {
	name, _, _ := strings.Cut(m.Vision.TimmName, ".")
	e, ok := evaTowers[name]
	if !ok {
		return nil, m.Vision.unknownTimm()
	}
	want := "token"
	if e.perception {
		want = "map"
	}
	if m.Vision.TimmPool != want {
		return nil, fmt.Errorf("%w: %s with timm_pool %q, want %s", ErrUnsupported, name, m.Vision.TimmPool, want)
	}
	head, err := m.timmHead()
	if err != nil {
		return nil, err
	}
	if head.Hidden > 0 {
		return nil, fmt.Errorf("%w: %s with timm_proj mlp", ErrUnsupported, name)
	}
	image, err := squareSize(m.Vision.Image)
	if err != nil {
		return nil, err
	}
	return func(t tensors) (tower.Image, names, error) {
		v := e.tower(t)
		v.Image, v.Projection, v.ProjectionBias = image, head.Projection, head.Bias
		rules := with(timmViT, m.timmHeadRules("head"))
		if t.has(timmPrefix+"blocks.0.attn.q_bias") || t.none() && !e.gated && !e.perception {
			rules["block.#.qkv"] = rule{values: whole("blocks.#.attn.qkv.weight"), bias: whole("blocks.#.attn.q_bias", "", "blocks.#.attn.v_bias")}
		}
		if e.gated {
			rules = with(rules, gatedBlocks)
		}
		if v.Rotary != nil && v.Check() == nil {
			cos, sin := v.RotaryTables()
			rules["rotary.cos"], rules["rotary.sin"] = rule{known: cos}, rule{known: sin}
		}
		return v, names{timmPrefix, rules}, nil
	}, nil
}

func (e evaTower) tower(t tensors) tower.ViT {
	s := e.of(t)
	if e.gated {
		s.hidden = t.dim(timmPrefix+"blocks.0.mlp.fc1_g.weight", 0, e.hidden)
	}
	v := tower.ViT{
		Transformer: tower.Transformer{Width: s.width, Layers: s.layers, Heads: s.width / s.headWidth, Hidden: s.hidden,
			Act: kernels.GELU, Eps: timmEps, PostNorm: e.post, Gated: e.gated},
		Patch: t.dim(timmPrefix+"patch_embed.proj.weight", 3, e.patch), PatchBias: !e.perception, NoClass: e.noClass,
		NormBefore: e.perception, Rotary: e.rotary, NormalTokens: true,
	}
	if e.gated {
		v.Act = kernels.SiLU
	}
	if e.perception {
		v.Eps, v.Pool = layerNormEps, tower.LatentPool
		v.Latent = tower.LatentPooler{Heads: perceptionHeads, Act: kernels.GELU, Eps: layerNormEps,
			Hidden: t.dim(timmPrefix+"attn_pool.mlp.fc1.weight", 0, perceptionRatio*s.width)}
	}
	return v
}

// gatedBlocks are the names of EVA02's blocks: keys have no bias.
var gatedBlocks = map[string]rule{
	"block.#.qkv": {
		values: whole("blocks.#.attn.q_proj.weight", "blocks.#.attn.k_proj.weight", "blocks.#.attn.v_proj.weight"),
		bias:   whole("blocks.#.attn.q_proj.bias", "", "blocks.#.attn.v_proj.bias"),
	},
	"block.#.norm_heads": layer("blocks.#.attn.norm"),
	"block.#.gate":       layer("blocks.#.mlp.fc1_g"),
	"block.#.up":         layer("blocks.#.mlp.fc1_x"),
	"block.#.norm_gated": layer("blocks.#.mlp.norm"),
}
