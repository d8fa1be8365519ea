package zoo

// timmViT are the names of timm's VisionTransformer, below "visual.trunk." in open_clip's checkpoints.
var timmViT = map[string]rule{
	"patch":         filter("patch_embed.proj"),
	"class":         {values: whole("cls_token"), ones: 2},
	"position":      {values: whole("pos_embed"), ones: 1},
	"norm_before":   layer("norm_pre"),
	"block.#.norm1": layer("blocks.#.norm1"),
	"block.#.qkv":   layer("blocks.#.attn.qkv"),
	"block.#.out":   layer("blocks.#.attn.proj"),
	"block.#.norm2": layer("blocks.#.norm2"),
	"block.#.up":    layer("blocks.#.mlp.fc1"),
	"block.#.down":  layer("blocks.#.mlp.fc2"),
	"norm_after":    layer("norm"),
	"pool.query":    {values: whole("attn_pool.latent"), ones: 1},
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
