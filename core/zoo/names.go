package zoo

import (
	"maps"
	"strings"

	"github.com/goclip/goclip/core/tower"
)

// layout is how a tensor lies in the checkpoint, compared with the tower's canonical layout.
type layout uint8

const (
	asIs       layout = iota
	transposed        // [in, out] for [out, in]: raw projection matrices of the x @ P kind
	filterOIHW        // [out, in, kernel, kernel] for [out, kernel, kernel, in]: PyTorch's convolutions
	filterHWIO        // [kernel, kernel, in, out]: Flax's
)

// source is a tensor, or one of several equal parts of it along the first axis. "#" stands for the block's number. A bias
// without a name is zero.
type source struct {
	name     string
	part, of int // of 0: the whole tensor
}

// rule says where one canonical parameter is, and what is folded into it while it is loaded.
type rule struct {
	values []source // put together along the first axis; none: the identity
	bias   []source
	layout layout
	blank  bool      // the first row counts as zeros, whatever the tensor holds
	known  []float32 // values that follow from the configuration: there is no tensor

	before, after batchNorm // of the product's input and of its result
	// plus are branches that see the same input and are added, smaller filters in the middle of the parameter's. They may
	// have branches themselves.
	plus   []rule
	kernel int    // side of this branch's filters; 0: as the parameter's
	minus  bool   // this branch is subtracted
	scale  string // factor of every output of the sum: layer scale
}

// batchNorm is a BatchNorm with fixed statistics: the beginning of its tensors' names, and its epsilon.
type batchNorm struct {
	stem string // "": none
	eps  float64
}

// names maps canonical parameter names onto the tensor names of one scheme: by the whole name, or for all blocks at once,
// with "#" for the block's number.
type names struct {
	prefix string
	rules  map[string]rule
}

// rule finds the rule for a parameter and fills in prefix and block number. Names that begin with "/" are not prefixed.
func (n names) rule(p tower.Param) (rule, bool) {
	number := ""
	r, ok := n.rules[p.Name]
	if rest, inBlock := strings.CutPrefix(p.Name, "block."); inBlock && !ok {
		if number, rest = cutNumber(rest); number != "" && strings.HasPrefix(rest, ".") {
			r, ok = n.rules["block.#"+rest]
		}
	}
	if !ok {
		return rule{}, false
	}
	return r.named(p.Bias, func(name string) string {
		if name == "" {
			return "" // none
		}
		if rest, absolute := strings.CutPrefix(name, "/"); absolute {
			return rest
		}
		return n.prefix + strings.ReplaceAll(name, "#", number)
	}), true
}

// cutNumber takes the digits off the beginning of a name.
func cutNumber(name string) (number, rest string) {
	rest = strings.TrimLeft(name, "0123456789")
	return name[:len(name)-len(rest)], rest
}

// mustRule is the rule for a parameter; names and towers of one configuration belong together.
func (n names) mustRule(p tower.Param) rule {
	r, ok := n.rule(p)
	if !ok {
		panic("BUG: zoo: no rule for " + p.Name)
	}
	return r
}

// named is a copy with complete names, and without a bias that the parameter does not have.
func (r rule) named(bias bool, full func(string) string) rule {
	list := func(from []source) []source {
		var to []source
		for _, s := range from {
			to = append(to, source{full(s.name), s.part, s.of})
		}
		return to
	}
	r.values = list(r.values)
	r.bias = list(r.bias)
	if !bias {
		r.bias = nil
	}
	r.before.stem, r.after.stem, r.scale = full(r.before.stem), full(r.after.stem), full(r.scale)
	branches := r.plus
	r.plus = nil
	for _, b := range branches {
		r.plus = append(r.plus, b.named(bias, full))
	}
	return r
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

// filter is a convolution with weight and bias.
func filter(stem string) rule {
	r := layer(stem)
	r.layout = filterOIHW
	return r
}

// layers are several such modules, whose outputs lie one after the other.
func layers(stems ...string) rule {
	var r rule
	for _, stem := range stems {
		r.values, r.bias = append(r.values, source{name: stem + ".weight"}), append(r.bias, source{name: stem + ".bias"})
	}
	return r
}

// normed is a convolution without a bias and the BatchNorm behind it.
func normed(conv, norm string, l layout) rule {
	return rule{values: whole(conv + ".weight"), layout: l, after: batchNorm{norm, batchNormEps}}
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
	rules["block.#.qkv"] = layers(block+"self_attn.q_proj", block+"self_attn.k_proj", block+"self_attn.v_proj")
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

// openAIBlocks are the blocks of OpenAI's and open_clip's Transformer.
func openAIBlocks(rules map[string]rule) map[string]rule {
	const block = "transformer.resblocks.#."
	rules["block.#.norm1"] = layer(block + "ln_1")
	rules["block.#.qkv"] = rule{values: whole(block + "attn.in_proj_weight"), bias: whole(block + "attn.in_proj_bias")}
	rules["block.#.out"] = layer(block + "attn.out_proj")
	rules["block.#.norm2"] = layer(block + "ln_2")
	rules["block.#.up"] = layer(block + "mlp.c_fc")
	rules["block.#.down"] = layer(block + "mlp.c_proj")
	return rules
}

// layerScale is open_clip's factor behind both branches of a block, which ls_init_value switches on.
var layerScale = map[string]rule{
	"block.#.out":  scaled(openAIImage["block.#.out"], "transformer.resblocks.#.ls_1.gamma"),
	"block.#.down": scaled(openAIImage["block.#.down"], "transformer.resblocks.#.ls_2.gamma"),
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
