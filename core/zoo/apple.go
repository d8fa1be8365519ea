package zoo

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/goclip/goclip/core/checkpoint"
)

// Apple published MobileCLIP (Vasu et al. 2024) as state dicts with names of its own: mobileclip_s1.pt, mobileclip_s2.pt,
// mobileclip_b.pt and mobileclip_blt.pt. They become open_clip's names, as open_clip's convert.py has it.

const (
	appleImage = "image_encoder.model."
	appleText  = "text_encoder."
)

// appleFile reports whether tensors have Apple's names.
func appleFile(t tensors) bool {
	return t.has(appleImage+"patch_embed.0.rbr_conv.0.conv.weight") || t.has(appleImage+"patch_emb.0.block.conv.weight")
}

// fromApple makes a configuration of Apple's checkpoint, whose tensors get open_clip's names.
func fromApple(c *checkpoint.Checkpoint) (*Config, error) {
	t := tensors{c}
	if !t.has(appleText + "transformer.0.pre_norm_mha.0.weight") {
		return nil, fmt.Errorf("%w: MobileCLIP-S0, whose texts go through convolutions; MobileCLIP2-S0 is about as small and as good", ErrUnsupported)
	}
	if err := c.Rename(appleNames(c)); err != nil {
		return nil, err
	}
	s := shapes{c: c}
	m := openCLIPModel{Embedding: s.dim(timmPrefix+appleHead, 2, 1), Vision: defaultOpenCLIPVision(), Text: defaultOpenCLIPText()}
	m.Vision.TimmProjection, m.Vision.appleHead = nil, true
	m.Text.Width, m.Text.Vocabulary = s.dim("text.token_embedding.weight", 2, 1), s.dim("text.token_embedding.weight", 2, 0)
	m.Text.Heads = m.Text.Width / 64
	m.Text.Layers = number(s.blocks("text.transformer.resblocks."))
	if t.has(timmPrefix + "cls_token") {
		m.Vision.TimmName, m.Vision.TimmPool = "vit_base_mci_224", "token"
		positions := squeezed(t.shape(timmPrefix + "pos_embed"))
		if len(positions) != 2 {
			return nil, fmt.Errorf("pos_embed has shape %v, want patches and width", positions)
		}
		m.Vision.Image = number(16 * int(math.Round(math.Sqrt(float64(positions[0])))))
	} else {
		m.Vision.TimmName, m.Vision.Image = "fastvit_mci0", number(256) // the tensors have the sizes of the others
		m.Text.Bidirectional = true
	}
	if s.err != nil {
		return nil, s.err
	}
	config, err := m.config()
	if err != nil {
		return nil, err
	}
	config.Source = Apple
	return config, nil
}

func number(n int) json.RawMessage { return json.RawMessage(strconv.Itoa(n)) }

// appleHead is the projection of pictures below timmPrefix, a raw matrix, which timm has as a layer.
const appleHead = "head.proj"

var (
	appleConvolution = strings.NewReplacer("patch_embed.", "stem.", "rbr_conv", "conv_kxk", "rbr_scale", "conv_scale",
		"rbr_skip", "identity", "conv_exp", "final_conv", "lkb_origin", "large_conv", "convffn", "mlp",
		"se.reduce", "se.fc1", "se.expand", "se.fc2")
	appleViT = strings.NewReplacer("patch_emb.", "patch_embed.backbone.", "block.conv", "conv", "block.norm", "bn",
		"post_transformer_norm.", "norm.", "pos_embed.pos_embed.pos_embed", "pos_embed", "classifier.proj", appleHead,
		"pre_norm_mha.0.", "norm1.", "pre_norm_mha.1.qkv_proj.", "attn.qkv.", "pre_norm_mha.1.out_proj.", "attn.proj.",
		"pre_norm_ffn.0.", "norm2.", "pre_norm_ffn.1.", "mlp.fc1.", "pre_norm_ffn.4.", "mlp.fc2.", "transformer.", "blocks.")
	appleTransformer = strings.NewReplacer("projection_layer", "text_projection", "embedding_layer.", "token_embedding.",
		"positional_embedding.pos_embed.pos_embed", "positional_embedding", "final_layer_norm.", "ln_final.",
		"pre_norm_mha.0.", "ln_1.", "pre_norm_mha.1.qkv_proj.", "attn.in_proj_", "pre_norm_mha.1.out_proj.", "attn.out_proj.",
		"pre_norm_ffn.0.", "ln_2.", "pre_norm_ffn.1.", "mlp.c_fc.", "pre_norm_ffn.4.", "mlp.c_proj.",
		"transformer.", "transformer.resblocks.")
)

// appleNames turns Apple's names into open_clip's.
func appleNames(c *checkpoint.Checkpoint) func(string) string {
	_, vit := c.Lookup(appleImage + "patch_emb.0.block.conv.weight")
	ends := stageEnds(c)
	return func(name string) string {
		if rest, ok := strings.CutPrefix(name, appleText); ok {
			return "text." + appleTransformer.Replace(rest)
		}
		rest, ok := strings.CutPrefix(name, appleImage)
		switch {
		case !ok:
			return name
		case vit:
			return timmPrefix + appleViT.Replace(rest)
		}
		if number, of, ok := cutAppleModule(rest); ok {
			rest = appleStage(ends, number, of)
		}
		rest = appleConvolution.Replace(rest)
		if appleScale(rest) {
			rest += ".gamma"
		}
		return timmPrefix + rest
	}
}

// cutAppleModule takes the number of a module off the beginning of a name in Apple's flat list: network.3.proj.bias.
func cutAppleModule(name string) (number, rest string, ok bool) {
	rest, inList := strings.CutPrefix(name, "network.")
	number, rest = cutNumber(rest)
	rest, within := strings.CutPrefix(rest, ".")
	return number, rest, inList && within && number != ""
}

// appleScale reports whether a name is that of a layer scale: layer_scale or layer_scale_1.
func appleScale(name string) bool {
	which, ok := strings.CutPrefix(name[strings.LastIndexByte(name, '.')+1:], "layer_scale")
	if number, isNumbered := strings.CutPrefix(which, "_"); isNumbered {
		digit, rest := cutNumber(number)
		return ok && len(digit) == 1 && rest == ""
	}
	return ok && which == ""
}

// stageEnds are the numbers of the modules of Apple's flat list that lead from one stage to the next, in order.
func stageEnds(c *checkpoint.Checkpoint) []int {
	var ends []int
	for _, info := range c.Tensors() {
		number, rest, ok := cutAppleModule(strings.TrimPrefix(info.Name, appleImage))
		if !ok || !strings.HasPrefix(rest, "proj.") {
			continue
		}
		if n, err := strconv.Atoi(number); err == nil && !slices.Contains(ends, n) {
			ends = append(ends, n)
		}
	}
	slices.Sort(ends)
	return ends
}

// appleStage puts a module of the flat list, by its number, into its stage: what leads into it, its positions, or its
// blocks.
func appleStage(ends []int, module, rest string) string {
	n, _ := strconv.Atoi(module)
	stage := 0
	for stage < len(ends) && ends[stage] <= n {
		stage++
	}
	prefix := fmt.Sprintf("stages.%d.", stage)
	switch {
	case strings.HasPrefix(rest, "proj."):
		return prefix + "downsample." + rest
	case strings.HasPrefix(rest, "pe."):
		return prefix + "pos_emb.pos_enc." + strings.TrimPrefix(rest, "pe.")
	default:
		return prefix + "blocks." + rest
	}
}
