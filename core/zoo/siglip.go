package zoo

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/kernels"
)

// SigLIP (Zhai et al. 2023) and SigLIP 2 (Tschannen et al. 2025), fixed sizes: transformers' SiglipModel and timm's image
// towers in open_clip. Both have ViTs without a class token, pooled by a latent query, and texts that see each other and
// their padding, of which the last position stands for the whole.

// siglipVision are the fields of SiglipVisionConfig that matter.
type siglipVision struct {
	hfVision
	Head *bool `json:"vision_use_head"`
}

// check refuses a tower without the head that makes its embedding.
func (c siglipVision) check() error {
	if c.Head != nil && !*c.Head {
		return fmt.Errorf("%w: vision_config says vision_use_head false: such a tower gives no embedding", ErrUnsupported)
	}
	return nil
}

// siglipText are the fields of SiglipTextConfig that matter.
type siglipText struct {
	hfText
	Projection *int `json:"projection_size"`
}

// language is the text tower.
func (c siglipText) language() (tower.Text, error) {
	text, err := c.tower()
	text.Causal, text.Pool, text.ProjectionBias = false, tower.LastToken, true
	text.Projection = text.Width
	if c.Projection != nil {
		text.Projection = *c.Projection
	}
	return text, err
}

// readSigLIP reads the config.json of SiglipModel. Released ones say little: the rest are the class's defaults.
func readSigLIP(_ hfHeader, data []byte) (*Config, error) {
	c := struct {
		Text   siglipText   `json:"text_config"`
		Vision siglipVision `json:"vision_config"`
	}{siglipText{hfText: defaultSigLIPText()}, siglipVision{hfVision: defaultSigLIPVision()}}
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, err
	}
	if err := c.Vision.check(); err != nil {
		return nil, err
	}
	made, err := siglipTowers(c.Vision.hfVision, c.Text)
	if err != nil {
		return nil, err
	}
	return &Config{Source: HuggingFace, Family: "siglip", build: func(tensors) (towers, error) { return made, nil }}, nil
}

// siglipTowers are SigLIP's towers of these sizes, with transformers' names.
func siglipTowers(vision hfVision, language siglipText) (towers, error) {
	image, err := vision.tower()
	if err != nil {
		return towers{}, fmt.Errorf("vision_config: %w", err)
	}
	text, err := language.language()
	if err != nil {
		return towers{}, fmt.Errorf("text_config: %w", err)
	}
	image.NoClass, image.NormBefore, image.PatchBias, image.Projection = true, false, true, 0
	image.Pool, image.NormalTokens = tower.LatentPool, true
	image.Latent = tower.LatentPooler{Heads: image.Heads, Hidden: image.Hidden, Act: image.Act, Eps: image.Eps}
	return towers{image, text, names{"vision_model.", siglipImage}, names{"text_model.", siglipTextNames}}, nil
}

// siglip2Vision are the fields of Siglip2VisionConfig that matter.
type siglip2Vision struct {
	siglipVision
	Patches int `json:"num_patches"`
}

// readSigLIP2 reads the config.json of Siglip2Model: NaFlex. SigLIP 2 of fixed sizes is a SiglipModel.
func readSigLIP2(_ hfHeader, data []byte) (*Config, error) {
	c := struct {
		Text   siglipText    `json:"text_config"`
		Vision siglip2Vision `json:"vision_config"`
	}{siglipText{hfText: defaultSigLIPText()}, siglip2Vision{siglipVision{hfVision: defaultSigLIPVision()}, 256}}
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, err
	}
	if err := c.Vision.check(); err != nil {
		return nil, err
	}
	vit, err := c.Vision.tower()
	if err != nil {
		return nil, fmt.Errorf("vision_config: %w", err)
	}
	text, err := c.Text.language()
	if err != nil {
		return nil, fmt.Errorf("text_config: %w", err)
	}
	grid := int(math.Sqrt(float64(max(0, c.Vision.Patches))))
	if grid*grid != c.Vision.Patches {
		return nil, fmt.Errorf("vision_config: num_patches is %d, want a square", c.Vision.Patches)
	}
	image := tower.NaFlex{Transformer: vit.Transformer, Patch: vit.Patch, Grid: grid, Patches: naflexPatches,
		Latent: tower.LatentPooler{Heads: vit.Heads, Hidden: vit.Hidden, Act: vit.Act, Eps: vit.Eps}}
	rules := with(siglipImage, map[string]rule{"patch": layer("embeddings.patch_embedding")})
	made := towers{image, text, names{"vision_model.", rules}, names{"text_model.", siglipTextNames}}
	return &Config{Source: HuggingFace, Family: "siglip2", build: func(tensors) (towers, error) { return made, nil }}, nil
}

// naflexPatches is how many patches Siglip2ImageProcessor cuts a picture into at most, unless it is told.
const naflexPatches = 256

// siglipImage is transformers' SiglipVisionTransformer. Its head is a torch.nn.MultiheadAttention.
var siglipImage = huggingFaceBlocks(map[string]rule{
	"patch":      filter("embeddings.patch_embedding"),
	"position":   tensor("embeddings.position_embedding.weight", asIs),
	"norm_after": layer("post_layernorm"),
	"pool.query": tensor("head.probe", asIs),
	"pool.q":     {values: []source{{"head.attention.in_proj_weight", 0, 3}}, bias: []source{{"head.attention.in_proj_bias", 0, 3}}},
	"pool.kv": {
		values: []source{{"head.attention.in_proj_weight", 1, 3}, {"head.attention.in_proj_weight", 2, 3}},
		bias:   []source{{"head.attention.in_proj_bias", 1, 3}, {"head.attention.in_proj_bias", 2, 3}},
	},
	"pool.out":  layer("head.attention.out_proj"),
	"pool.norm": layer("head.layernorm"),
	"pool.up":   layer("head.mlp.fc1"),
	"pool.down": layer("head.mlp.fc2"),
})

// siglipTextNames is transformers' SiglipTextTransformer.
var siglipTextNames = with(huggingFaceText, map[string]rule{"projection": layer("head")})

// timmSigLIP are the sizes behind the names of timm's SigLIP towers.
var timmSigLIP = map[string]timmSizes{
	"base":     {768, 12, 3072, 64},
	"large":    {1024, 24, 4096, 64},
	"so400m":   {1152, 27, 4304, 72},
	"giantopt": {1536, 40, 6144, 96},
}

// parseTimmSigLIP takes a name like vit_base_patch16_siglip_224.webli apart; patch is empty where it is another's.
func parseTimmSigLIP(name string) (sizes timmSizes, patch string) {
	name, _, _ = strings.Cut(name, ".")
	parts := strings.Split(name, "_")
	if len(parts) != 5 || parts[0] != "vit" || parts[3] != "siglip" || !isNumber(parts[4]) {
		return sizes, ""
	}
	sizes, known := timmSigLIP[parts[1]]
	if patch, ok := strings.CutPrefix(parts[2], "patch"); known && ok && isNumber(patch) {
		return sizes, patch
	}
	return sizes, ""
}

func isNumber(s string) bool {
	number, rest := cutNumber(s)
	return number != "" && rest == ""
}

// timmSigLIPTanh begin the names of the towers that timm runs with the tanh form of GELU, as they were trained; it runs the others with
// the exact one.
var timmSigLIPTanh = []string{"vit_base_patch32", "vit_large_patch16_siglip_512", "vit_so400m_patch16", "vit_giantopt"}

// siglip is an image tower of timm named like vit_base_patch16_siglip_224.
func (m *openCLIPModel) siglip() (imageBuild, error) {
	name := m.Vision.TimmName
	sizes, number := parseTimmSigLIP(name)
	if number == "" {
		return nil, m.Vision.unknownTimm()
	}
	if p := m.Vision.TimmProjection; m.Vision.TimmPool != "map" || p == nil || *p != "none" && *p != "" {
		return nil, fmt.Errorf("%w: %s with timm_pool %q, want map, and a projection, want none", ErrUnsupported, name, m.Vision.TimmPool)
	}
	image, err := squareSize(m.Vision.Image)
	if err != nil {
		return nil, err
	}
	patch, err := strconv.Atoi(number)
	if err != nil {
		return nil, err
	}
	act := kernels.GELU
	if hasAnyPrefix(name, timmSigLIPTanh) {
		act = kernels.GELUTanh
	}
	return func(t tensors) (tower.Image, names, error) {
		s := sizes.of(t)
		heads := s.width / s.headWidth
		return tower.ViT{
			Transformer: tower.Transformer{Width: s.width, Layers: s.layers, Heads: heads, Hidden: s.hidden, Act: act, Eps: timmEps},
			Image:       image, Patch: t.dim(timmPrefix+"patch_embed.proj.weight", 3, patch), PatchBias: true, NoClass: true,
			Pool: tower.LatentPool, NormalTokens: true,
			Latent: tower.LatentPooler{Heads: heads, Hidden: t.dim(timmPrefix+"attn_pool.mlp.fc1.weight", 0, s.hidden), Act: act, Eps: timmEps},
		}, names{timmPrefix, timmViT}, nil
	}, nil
}
