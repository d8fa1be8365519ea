package zoo

import (
	"fmt"
	"math"
	"path"
	"strings"

	"github.com/goclip/goclip/core/checkpoint"
)

// big_vision's SigLIP (github.com/google-research/big_vision, models/proj/image_text/two_towers.py with models/vit.py and
// text_transformer.py): arrays named by Flax, matrices as [in, out], attention's as [width, heads, head width], blocks one by
// one or, trained with scan, in one array with an axis for them. Heads show in the shapes, and activation and epsilon are
// Flax's: nothing else is needed.

// bigVisionBlocks begins the names of blocks that were trained with scan, below the name of their tower.
const bigVisionBlocks = "/encoderblock"

// bigVisionHeads reports whether a tensor has an axis for heads: ".../query/kernel".
func bigVisionHeads(name string) bool {
	layer, kind := path.Split(name)
	switch path.Base(layer) {
	case "query", "key", "value":
		return strings.Count(name, "/") > 1 && (kind == "kernel" || kind == "bias")
	}
	return false
}

// bigVisionViews are a tensor's views under the names that bigVisionImage and bigVisionText have: blocks apart, heads
// together.
func bigVisionViews(info checkpoint.Info) []checkpoint.View {
	name, shape, blocks := strings.TrimPrefix(info.Name, "params/"), info.Shape, 1
	switch name {
	case "t":
		name = "logit_scale"
	case "b":
		name = "logit_bias"
	}
	at := strings.LastIndex(name, bigVisionBlocks+"/")
	if at >= 0 && len(shape) > 0 && shape[0] <= maxStacked {
		blocks, shape = shape[0], shape[1:]
	}
	switch {
	case bigVisionHeads(name) && len(shape) > 1:
		last := len(shape) - 1
		shape = append(append([]int{}, shape[:last-1]...), shape[last-1]*shape[last])
	case strings.HasSuffix(name, "/out/kernel") && len(shape) == 3:
		shape = []int{shape[0] * shape[1], shape[2]}
	}
	size := 1
	for _, d := range shape {
		size *= d
	}
	if at < 0 {
		return []checkpoint.View{{Name: name, Shape: shape}}
	}
	at += len(bigVisionBlocks)
	var views []checkpoint.View
	for i := range blocks {
		views = append(views, checkpoint.View{Name: fmt.Sprintf("%s_%d%s", name[:at], i, name[at:]), First: i * size, Shape: shape})
	}
	return views
}

// maxStacked is the most blocks that one array may hold.
const maxStacked = 256

// bigVisionHeadsOf is the number of heads of a tower, which only the tensors as they are in the file tell.
func bigVisionHeadsOf(c *checkpoint.Checkpoint, prefix string) int {
	for _, info := range c.Tensors() {
		if n := len(info.Shape); n >= 3 && strings.HasPrefix(info.Name, prefix) && strings.HasSuffix(info.Name, "/query/kernel") {
			return info.Shape[n-2]
		}
	}
	return 0
}

// fromBigVision tells a SigLIP from the arrays of a NumPy archive.
func fromBigVision(c *checkpoint.Checkpoint) (*Config, error) {
	s := shapes{c: c}
	if !s.hasPrefix("params/img/") || !s.hasPrefix("params/txt/") {
		return nil, fmt.Errorf("%w: a NumPy archive without the arrays params/img/… and params/txt/… of big_vision's SigLIP; the first are %s",
			ErrUnsupported, s.firstNames(5))
	}
	vision, text := defaultSigLIPVision(), siglipText{hfText: defaultSigLIPText()}
	vision.Heads, text.Heads = bigVisionHeadsOf(c, "params/img/Transformer/"), bigVisionHeadsOf(c, "params/txt/Encoder_0/")
	pooling := bigVisionHeadsOf(c, "params/img/MAPHead_0/")
	if err := c.Divide(bigVisionViews); err != nil {
		return nil, err
	}
	const block = "encoderblock_"
	t := tensors{c}
	vision.Width, vision.Patch = s.dim("img/embedding/kernel", 4, 3), s.dim("img/embedding/kernel", 4, 0)
	vision.Image = siglipSide(vision.Patch, s.dim("img/pos_embedding", 3, 1))
	vision.Hidden = s.dim("img/Transformer/encoderblock_0/MlpBlock_0/Dense_0/kernel", 2, 1)
	vision.Layers = t.numbered("img/Transformer/" + block)
	text.Width, text.Vocabulary = s.dim("txt/Embed_0/embedding", 2, 1), s.dim("txt/Embed_0/embedding", 2, 0)
	text.Context = s.dim("txt/pos_embedding", 3, 1)
	text.Hidden = s.dim("txt/Encoder_0/encoderblock_0/MlpBlock_0/Dense_0/kernel", 2, 1)
	text.Layers = t.numbered("txt/Encoder_0/" + block)
	projection := s.dim("txt/head/kernel", 2, 1)
	text.Projection = &projection
	if s.err != nil {
		return nil, s.err
	}
	if pooling != vision.Heads {
		return nil, fmt.Errorf("%w: %d heads in the image tower's blocks and %d in its MAPHead_0", ErrUnsupported, vision.Heads, pooling)
	}
	made, err := siglipTowers(vision, text)
	if err != nil {
		return nil, err
	}
	made.imageNames, made.textNames = names{"img/", bigVisionImage}, names{"txt/", bigVisionText}
	return &Config{Source: BigVision, Family: "siglip", build: func(tensors) (towers, error) { return made, nil }}, nil
}

// siglipSide is the side of the pictures for so many patches: whole patches, but for the one released size of which some
// pixels are left over, 384 in patches of 14.
func siglipSide(patch, positions int) int {
	grid := int(math.Round(math.Sqrt(float64(positions))))
	if patch == 14 && grid == 27 {
		return 384
	}
	return grid * patch
}

// flaxDense is Flax's Dense and DenseGeneral; several lie one after the other.
func flaxDense(stems ...string) rule {
	r := rule{layout: transposed}
	for _, stem := range stems {
		r.values, r.bias = append(r.values, source{name: stem + "/kernel"}), append(r.bias, source{name: stem + "/bias"})
	}
	return r
}

// flaxNorm is Flax's LayerNorm.
func flaxNorm(stem string) rule {
	return rule{values: whole(stem + "/scale"), bias: whole(stem + "/bias")}
}

// flaxBlocks are the blocks of big_vision's Encoder below a prefix, with the LayerNorm behind them.
func flaxBlocks(prefix string, rules map[string]rule) map[string]rule {
	block := prefix + "encoderblock_#/"
	attention := block + "MultiHeadDotProductAttention_0/"
	rules["block.#.norm1"] = flaxNorm(block + "LayerNorm_0")
	rules["block.#.qkv"] = flaxDense(attention+"query", attention+"key", attention+"value")
	rules["block.#.out"] = flaxDense(attention + "out")
	rules["block.#.norm2"] = flaxNorm(block + "LayerNorm_1")
	rules["block.#.up"] = flaxDense(block + "MlpBlock_0/Dense_0")
	rules["block.#.down"] = flaxDense(block + "MlpBlock_0/Dense_1")
	rules["norm_after"] = flaxNorm(prefix + "encoder_norm")
	return rules
}

var bigVisionImage = flaxBlocks("Transformer/", map[string]rule{
	"patch":      {values: whole("embedding/kernel"), bias: whole("embedding/bias"), layout: filterHWIO},
	"position":   tensor("pos_embedding", asIs),
	"pool.query": tensor("MAPHead_0/probe", asIs),
	"pool.q":     flaxDense("MAPHead_0/MultiHeadDotProductAttention_0/query"),
	"pool.kv":    flaxDense("MAPHead_0/MultiHeadDotProductAttention_0/key", "MAPHead_0/MultiHeadDotProductAttention_0/value"),
	"pool.out":   flaxDense("MAPHead_0/MultiHeadDotProductAttention_0/out"),
	"pool.norm":  flaxNorm("MAPHead_0/LayerNorm_0"),
	"pool.up":    flaxDense("MAPHead_0/MlpBlock_0/Dense_0"),
	"pool.down":  flaxDense("MAPHead_0/MlpBlock_0/Dense_1"),
})

var bigVisionText = flaxBlocks("Encoder_0/", map[string]rule{
	"token":      tensor("Embed_0/embedding", asIs),
	"position":   tensor("pos_embedding", asIs),
	"projection": flaxDense("head"),
})
