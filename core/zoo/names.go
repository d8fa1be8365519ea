package zoo

import (
	"maps"
	"regexp"
	"strings"

	"github.com/goclip/goclip/core/tower"
)

// layout is how a tensor lies in the checkpoint, compared with the tower's canonical layout.
type layout uint8

const (
	asIs       layout = iota
	transposed        // [in, out] for [out, in]: raw projection matrices of the x @ P kind
	filterOIHW        // [out, in, kernel, kernel] for [out, kernel, kernel, in]: PyTorch's convolutions
)

// source is a tensor, or one of several equal parts of it along the first axis. "#" stands for the block's number.
type source struct {
	name     string
	part, of int // of 0: the whole tensor
}

// rule says where one canonical parameter is.
type rule struct {
	values []source // put together along the first axis
	bias   []source
	layout layout
	scale  string // optional factor of every output, folded into values and bias: layer scale
}

// names maps canonical parameter names onto the tensor names of one scheme.
type names struct {
	prefix string
	rules  map[string]rule
}

var blockNumber = regexp.MustCompile(`^block\.(\d+)\.`)

// rule finds the rule for a parameter and fills in prefix and block number. Names that begin with "/" are not prefixed.
func (n names) rule(p tower.Param) (rule, bool) {
	key, number := p.Name, ""
	if m := blockNumber.FindStringSubmatch(p.Name); m != nil {
		number = m[1]
		key = "block.#." + strings.TrimPrefix(p.Name, m[0])
	}
	r, ok := n.rules[key]
	if !ok {
		return rule{}, false
	}
	full := func(name string) string {
		if rest, absolute := strings.CutPrefix(name, "/"); absolute {
			return rest
		}
		return n.prefix + strings.ReplaceAll(name, "#", number)
	}
	out := rule{layout: r.layout}
	for _, v := range r.values {
		out.values = append(out.values, source{full(v.name), v.part, v.of})
	}
	if p.Bias {
		for _, b := range r.bias {
			out.bias = append(out.bias, source{full(b.name), b.part, b.of})
		}
	}
	if r.scale != "" {
		out.scale = full(r.scale)
	}
	return out, true
}

// whole are entire tensors.
func whole(names ...string) []source {
	list := make([]source, len(names))
	for i, name := range names {
		list[i].name = name
	}
	return list
}

// layer is a module with weight and bias.
func layer(stem string) rule {
	return rule{values: whole(stem + ".weight"), bias: whole(stem + ".bias")}
}

func scaled(r rule, by string) rule {
	r.scale = by
	return r
}

func tensor(name string, l layout) rule { return rule{values: whole(name), layout: l} }

// huggingFaceBlocks are the blocks of transformers' CLIPEncoder.
func huggingFaceBlocks(rules map[string]rule) map[string]rule {
	const block = "encoder.layers.#."
	rules["block.#.norm1"] = layer(block + "layer_norm1")
	rules["block.#.qkv"] = rule{
		values: whole(block+"self_attn.q_proj.weight", block+"self_attn.k_proj.weight", block+"self_attn.v_proj.weight"),
		bias:   whole(block+"self_attn.q_proj.bias", block+"self_attn.k_proj.bias", block+"self_attn.v_proj.bias"),
	}
	rules["block.#.out"] = layer(block + "self_attn.out_proj")
	rules["block.#.norm2"] = layer(block + "layer_norm2")
	rules["block.#.up"] = layer(block + "mlp.fc1")
	rules["block.#.down"] = layer(block + "mlp.fc2")
	return rules
}

// huggingFaceImage is transformers' CLIPVisionTransformer; "pre_layrnorm" is spelled so in every checkpoint.
var huggingFaceImage = huggingFaceBlocks(map[string]rule{
	"patch":       tensor("embeddings.patch_embedding.weight", filterOIHW),
	"class":       tensor("embeddings.class_embedding", asIs),
	"position":    tensor("embeddings.position_embedding.weight", asIs),
	"norm_before": layer("pre_layrnorm"),
	"norm_after":  layer("post_layernorm"),
	"projection":  tensor("/visual_projection.weight", asIs),
})

// huggingFaceText is transformers' CLIPTextTransformer.
var huggingFaceText = huggingFaceBlocks(map[string]rule{
	"token":      tensor("embeddings.token_embedding.weight", asIs),
	"position":   tensor("embeddings.position_embedding.weight", asIs),
	"norm_after": layer("final_layer_norm"),
	"projection": tensor("/text_projection.weight", asIs),
})

// openAIBlocks are the blocks of OpenAI's and open_clip's Transformer. Layer scale (ls_1, ls_2) is open_clip's.
func openAIBlocks(rules map[string]rule) map[string]rule {
	const block = "transformer.resblocks.#."
	rules["block.#.norm1"] = layer(block + "ln_1")
	rules["block.#.qkv"] = rule{values: whole(block + "attn.in_proj_weight"), bias: whole(block + "attn.in_proj_bias")}
	rules["block.#.out"] = scaled(layer(block+"attn.out_proj"), block+"ls_1.gamma")
	rules["block.#.norm2"] = layer(block + "ln_2")
	rules["block.#.up"] = layer(block + "mlp.c_fc")
	rules["block.#.down"] = scaled(layer(block+"mlp.c_proj"), block+"ls_2.gamma")
	return rules
}

// openAIImage is OpenAI's VisionTransformer, below "visual.".
var openAIImage = openAIBlocks(map[string]rule{
	"patch":       tensor("conv1.weight", filterOIHW),
	"class":       tensor("class_embedding", asIs),
	"position":    tensor("positional_embedding", asIs),
	"norm_before": layer("ln_pre"),
	"norm_after":  layer("ln_post"),
	"projection":  tensor("proj", transposed),
})

// openAIText is OpenAI's text transformer, at the root, or below "text." in open_clip's custom text models.
var openAIText = openAIBlocks(map[string]rule{
	"token":      tensor("token_embedding.weight", asIs),
	"position":   tensor("positional_embedding", asIs),
	"norm_after": layer("ln_final"),
	"projection": tensor("text_projection", transposed),
})

// with returns rules with some replaced or added.
func with(rules, more map[string]rule) map[string]rule {
	out := maps.Clone(rules)
	maps.Copy(out, more)
	return out
}

// linearProjection is a text projection that is a Linear with a bias, not a raw matrix.
var linearProjection = map[string]rule{"projection": layer("text_projection")}

// classEmbedding is the class token of CoCa's text tower.
var classEmbedding = map[string]rule{"class": tensor("cls_emb", asIs)}

// attentionPooler is open_clip's AttentionalPooler, whose torch.nn.MultiheadAttention keeps the biases of q, k and v
// together, and the matrices too if they have equal shapes.
func attentionPooler(fused bool) map[string]rule {
	const pool = "attn_pool."
	rules := map[string]rule{
		"pool.query":  tensor(pool+"query", asIs),
		"pool.norm_q": layer(pool + "ln_q"),
		"pool.norm_k": layer(pool + "ln_k"),
		"pool.out":    layer(pool + "attn.out_proj"),
	}
	for i, letter := range []string{"q", "k", "v"} {
		r := rule{values: whole(pool + "attn." + letter + "_proj_weight"), bias: []source{{pool + "attn.in_proj_bias", i, 3}}}
		if fused {
			r.values = []source{{pool + "attn.in_proj_weight", i, 3}}
		}
		rules["pool."+letter] = r
	}
	return rules
}
