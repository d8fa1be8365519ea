package zoo

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/goclip/goclip/core/checkpoint"
	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/kernels"
)

// openAINames are the released files.
var openAINames = []string{"ViT-B-32.pt", "ViT-B-16.pt", "ViT-L-14.pt", "ViT-L-14-336px.pt",
	"RN50.pt", "RN101.pt", "RN50x4.pt", "RN50x16.pt", "RN50x64.pt"}

// openAI tells OpenAI's checkpoints from those of open_clip, whose tensors have the same names: OpenAI's are TorchScript
// archives; their state dicts keep the archive's sizes, or at least its mixture of float16 matrices and float32 norms, or
// the released file's name.
func (s *shapes) openAI(file string) bool {
	if s.c.Format() == checkpoint.FormatTorchScript || slices.Contains(openAINames, file) {
		return true
	}
	_, sized := s.c.Lookup("input_resolution")
	matrix, _ := s.c.Lookup("text_projection")
	norm, _ := s.c.Lookup("ln_final.weight")
	return sized || matrix.DType == checkpoint.F16 && norm.DType == checkpoint.F32
}

// fromShapes tells a model without a configuration from its tensors: OpenAI's .pt files, by the rules of build_model in
// clip/model.py, and Apple's.
func fromShapes(c *checkpoint.Checkpoint, file string) (*Config, error) {
	s := shapes{c: c}
	has := func(name string) bool { _, ok := c.Lookup(name); return ok }
	ours := has("visual.proj") || has("visual.layer1.0.conv1.weight")
	switch {
	case c.Format() == checkpoint.FormatNumPy:
		return fromBigVision(c)
	case appleFile(tensors{c}):
		return fromApple(c)
	case ours && has("token_embedding.weight") && s.openAI(file):
	case ours && (has("token_embedding.weight") || has("text.token_embedding.weight")):
		return nil, fmt.Errorf("%w: weights without a configuration that are not OpenAI's own; open_clip names its tensors alike, but no tensor tells the activation (QuickGELU or GELU) and the number of heads: put open_clip_config.json beside them",
			ErrUnsupported)
	case s.hasPrefix(timmPrefix):
		return nil, fmt.Errorf("%w: weights of open_clip with an image tower of timm (%s…), whose name no tensor tells: put open_clip_config.json beside them",
			ErrUnsupported, timmPrefix)
	case has("vision_model.head.probe") && has("text_model.head.weight"):
		return s.siglip()
	case has("vision_model.embeddings.class_embedding") || has("text_model.embeddings.token_embedding.weight"):
		return nil, fmt.Errorf("%w: a Hugging Face CLIP without its config.json: no tensor tells the activation (quick_gelu or gelu) and the number of heads: put config.json beside it",
			ErrUnsupported)
	default:
		return nil, fmt.Errorf("%w: no tensors of a CLIP model that goclip knows, and no config.json beside it; the first names are %s",
			ErrUnsupported, s.firstNames(5))
	}
	made := towers{text: s.text(), textNames: names{"", openAIText}}
	if has("visual.proj") {
		made.image, made.imageNames = s.vit(), names{"visual.", openAIImage}
	} else {
		r := s.resNet()
		made.image, made.imageNames = r, names{"visual.", resNetRules(r)}
	}
	if s.err != nil {
		return nil, s.err
	}
	return &Config{Source: OpenAI, Family: "clip", build: func(tensors) (towers, error) { return made, nil }}, nil
}

// siglipHeads are the attention heads of released SigLIP towers by their width.
var siglipHeads = map[int]int{768: 12, 1024: 16, 1152: 16, 1536: 16}

// siglip tells a SiglipModel of transformers from its tensors: one activation and one epsilon are all that were released.
func (s *shapes) siglip() (*Config, error) {
	const vision, text = "vision_model.", "text_model."
	patch := s.dim(vision+"embeddings.patch_embedding.weight", 4, 3)
	side := func(prefix string) map[string]int {
		width := s.dim(prefix+"encoder.layers.0.layer_norm1.weight", 1, 0)
		heads, ok := siglipHeads[width]
		if !ok && s.err == nil {
			s.err = fmt.Errorf("%w: a SigLIP %stower of width %d without its config.json, whose number of heads no tensor tells: put config.json beside it",
				ErrUnsupported, strings.Replace(prefix, "_model.", " ", 1), width)
		}
		return map[string]int{"hidden_size": width, "num_attention_heads": heads, "num_hidden_layers": tensors{s.c}.count(prefix+"encoder.layers.", 0),
			"intermediate_size": s.dim(prefix+"encoder.layers.0.mlp.fc1.weight", 2, 0)}
	}
	v, t := side(vision), side(text)
	v["patch_size"], v["image_size"] = patch, siglipSide(patch, s.dim(vision+"embeddings.position_embedding.weight", 2, 0))
	t["vocab_size"], t["max_position_embeddings"] = s.dim(text+"embeddings.token_embedding.weight", 2, 0), s.dim(text+"embeddings.position_embedding.weight", 2, 0)
	t["projection_size"] = s.dim(text+"head.weight", 2, 0)
	if s.err != nil {
		return nil, s.err
	}
	data, err := json.Marshal(map[string]any{"vision_config": v, "text_config": t})
	if err != nil {
		return nil, err
	}
	return readSigLIP(hfHeader{ModelType: "siglip"}, data)
}

// vit reads the sizes of OpenAI's VisionTransformer off its tensors.
func (s *shapes) vit() tower.ViT {
	width, patch := s.dim("visual.conv1.weight", 4, 0), s.dim("visual.conv1.weight", 4, 3)
	positions := s.dim("visual.positional_embedding", 2, 0)
	grid := int(math.Round(math.Sqrt(float64(positions - 1))))
	return tower.ViT{
		Transformer: tower.Transformer{Width: width, Layers: s.blocks("visual.transformer.resblocks."), Heads: width / 64,
			Hidden: s.dim("visual.transformer.resblocks.0.mlp.c_fc.weight", 2, 0), Act: kernels.QuickGELU, Eps: layerNormEps},
		Image: grid * patch, Patch: patch, NormBefore: true, Projection: s.dim("text_projection", 2, 1),
	}
}

// text reads the sizes of OpenAI's text transformer off its tensors.
func (s *shapes) text() tower.Text {
	width := s.dim("ln_final.weight", 1, 0)
	return tower.Text{
		Transformer: tower.Transformer{Width: width, Layers: s.blocks("transformer.resblocks."), Heads: width / 64,
			Hidden: s.dim("transformer.resblocks.0.mlp.c_fc.weight", 2, 0), Act: kernels.QuickGELU, Eps: layerNormEps},
		Vocabulary: s.dim("token_embedding.weight", 2, 0), Context: s.dim("positional_embedding", 2, 0), Causal: true,
		Pool: tower.LargestID, Projection: s.dim("text_projection", 2, 1),
	}
}

// shapes reads sizes off tensors and keeps its first failure.
type shapes struct {
	c   *checkpoint.Checkpoint
	err error
}

func (s *shapes) dim(name string, dimensions, axis int) int {
	info, ok := s.c.Lookup(name)
	if (!ok || len(info.Shape) != dimensions) && s.err == nil {
		s.err = fmt.Errorf("cannot tell the sizes of the towers: tensor %s has shape %v, want %d dimensions", name, info.Shape, dimensions)
	}
	if s.err != nil {
		return 0
	}
	return info.Shape[axis]
}

// blocks counts the transformer blocks below a name.
func (s *shapes) blocks(prefix string) int {
	n := 0
	for _, info := range s.c.Tensors() {
		if strings.HasPrefix(info.Name, prefix) && strings.HasSuffix(info.Name, ".attn.in_proj_weight") {
			n++
		}
	}
	return n
}

// hasPrefix reports whether a tensor's name begins so.
func (s *shapes) hasPrefix(prefix string) bool {
	return slices.ContainsFunc(s.c.Tensors(), func(t checkpoint.Info) bool { return strings.HasPrefix(t.Name, prefix) })
}

func (s *shapes) firstNames(n int) string {
	var list []string
	for _, info := range s.c.Tensors() {
		list = append(list, info.Name)
	}
	if len(list) > n {
		list = append(list[:n], fmt.Sprintf("… of %d", len(list)))
	}
	return strings.Join(list, ", ")
}
