package zoo

import (
	"fmt"

	"github.com/goclip/goclip/core/tower"
)

// fastViTs are timm's FastViTs of MobileCLIP by name. The tensors of a checkpoint may have other widths and depths.
var fastViTs = map[string]tower.FastViT{
	"fastvit_mci0": fastViT([]int{64, 128, 256, 512}, []int{2, 6, 10, 2}),
	"fastvit_mci1": fastViT([]int{64, 128, 256, 512}, []int{4, 12, 20, 4}),
	"fastvit_mci2": fastViT([]int{80, 160, 320, 640}, []int{4, 12, 24, 4}),
	"fastvit_mci3": fastViT([]int{96, 192, 384, 768, 1536}, []int{2, 12, 24, 4, 2}),
	"fastvit_mci4": fastViT([]int{128, 256, 512, 1024, 2048}, []int{2, 12, 24, 4, 4}),
}

// fastViT fills in what the two kinds differ in. Those of four stages have squeeze-and-excite before the last two, attend
// in the last one, and normalise by batch; those of five do not squeeze, attend in the last two, and have LayerNorm.
func fastViT(widths, depths []int) tower.FastViT {
	last := widths[len(widths)-1]
	f := tower.FastViT{Final: 2 * last, Squeeze: last / 8}
	large := len(widths) == 5
	if large {
		f.Eps = 1e-5
	}
	for i, width := range widths {
		s := tower.FastViTStage{Blocks: depths[i], Width: width, Hidden: 3 * width, Attention: i >= 3}
		if large {
			s.Hidden = 4 * width
		} else if i >= 2 {
			s.Squeeze = width / 4
		}
		f.Stages = append(f.Stages, s)
	}
	return f
}

// fastViT is timm's FastViT.
func (m *openCLIPModel) fastViT() (imageBuild, error) {
	released, ok := fastViTs[m.Vision.TimmName]
	if !ok {
		return nil, m.Vision.unknownTimm()
	}
	err := m.Vision.meanPool()
	if err != nil {
		return nil, err
	}
	if released.Image, err = squareSize(m.Vision.Image); err != nil {
		return nil, err
	}
	if released.Head, err = m.timmHead(); err != nil {
		return nil, err
	}
	return func(t tensors) (tower.Image, names, error) {
		f := fastViTSizes(released, t)
		rules := with(fastViTRules(f, t), m.timmHeadRules("head.fc"))
		return f, names{timmPrefix, rules}, nil
	}, nil
}

// fastViTSizes takes widths and depths from the tensors where there are any.
func fastViTSizes(released tower.FastViT, t tensors) tower.FastViT {
	f := released
	f.Stages = nil
	for i, s := range released.Stages {
		stage := fmt.Sprintf("%sstages.%d.", timmPrefix, i)
		s.Blocks = t.count(stage+"blocks.", s.Blocks)
		s.Hidden = t.dim(stage+"blocks.0.mlp.fc1.weight", 0, s.Hidden)
		s.Width = t.dim(stage+"blocks.0.mlp.fc1.weight", 1, s.Width)
		if s.Squeeze > 0 {
			s.Squeeze = t.dim(stage+"downsample.proj.0.se.fc1.weight", 0, s.Squeeze)
		}
		f.Stages = append(f.Stages, s)
	}
	f.Squeeze = t.dim(timmPrefix+"final_conv.se.fc1.weight", 0, f.Squeeze)
	f.Final = t.dim(timmPrefix+"final_conv.se.fc1.weight", 1, f.Final)
	return f
}

// fastViTRules are the names of timm's FastViT, each unit as it was trained or as one convolution.
func fastViTRules(f tower.FastViT, t tensors) map[string]rule {
	u := units{t}
	// The stem's units have a branch of 1x1 filters, but for the kind with LayerNorm.
	scale := f.Eps == 0
	rules := map[string]rule{
		"stem.0":  u.mobileOne("stem.0", scale, false),
		"stem.1":  u.mobileOne("stem.1", scale, false),
		"stem.2":  u.mobileOne("stem.2", false, true),
		"final":   u.mobileOne("final_conv", true, false),
		"squeeze": layer("final_conv.se.fc1"),
		"excite":  layer("final_conv.se.fc2"),
	}
	for i, s := range f.Stages {
		from, to := fmt.Sprintf("stages.%d.", i), fmt.Sprintf("stage.%d.", i)
		down := from + "downsample.proj."
		rules[to+"large"] = u.large(down + "0")
		rules[to+"squeeze"] = layer(down + "0.se.fc1")
		rules[to+"excite"] = layer(down + "0.se.fc2")
		rules[to+"point"] = u.mobileOne(down+"1", false, true)
		rules[to+"position"] = u.position(from + "pos_emb")
		for j := range s.Blocks {
			from, to := fmt.Sprintf("%sblocks.%d.", from, j), fmt.Sprintf("%s%d.", to, j)
			scale := "layer_scale.gamma"
			if s.Attention {
				scale = "layer_scale_2.gamma"
			}
			qkv := tensor(from+"token_mixer.qkv.weight", asIs)
			if f.Eps == 0 {
				qkv.before = batchNorm{from + "norm", batchNormEps}
			}
			rules[to+"norm"] = layer(from + "norm")
			rules[to+"qkv"] = qkv
			rules[to+"out"] = scaled(layer(from+"token_mixer.proj"), from+"layer_scale_1.gamma")
			rules[to+"mixer"] = u.mixer(from + "token_mixer")
			rules[to+"conv"] = normed(from+"mlp.conv.conv", from+"mlp.conv.bn", filterOIHW)
			rules[to+"up"] = layer(from + "mlp.fc1")
			rules[to+"down"] = scaled(layer(from+"mlp.fc2"), from+scale)
		}
	}
	return rules
}

// units finds out how a checkpoint keeps the units of a FastViT: as one convolution (reparam_conv), as they also are
// counted where there is no checkpoint, or with the branches of training.
type units struct{ t tensors }

func (u units) folded(stem string) bool {
	return u.t.none() || u.t.has(timmPrefix+stem+".reparam_conv.weight")
}

// branch is a convolution with the BatchNorm behind it.
func branch(stem string, kernel int) rule {
	r := normed(stem+".conv", stem+".bn", filterOIHW)
	r.kernel = kernel
	return r
}

// identity is a BatchNorm alone.
func identity(stem string) rule { return rule{after: batchNorm{stem, batchNormEps}} }

// mobileOne is timm's MobileOneBlock: a convolution, one of 1x1 filters if scale, and the input itself if skip.
func (u units) mobileOne(stem string, scale, skip bool) rule {
	if u.folded(stem) {
		return filter(stem + ".reparam_conv")
	}
	r := branch(stem+".conv_kxk.0", 0)
	if scale {
		r.plus = append(r.plus, branch(stem+".conv_scale", 1))
	}
	if skip {
		r.plus = append(r.plus, identity(stem+".identity"))
	}
	return r
}

// large is timm's ReparamLargeKernelConv: a convolution, and one of 3x3 filters.
func (u units) large(stem string) rule {
	if u.folded(stem) {
		return filter(stem + ".reparam_conv")
	}
	r := branch(stem+".large_conv", 0)
	r.plus = []rule{branch(stem+".small_conv", 3)}
	return r
}

// mixer is timm's RepMixer: x + γ·(mixer(x) - norm(x)).
func (u units) mixer(stem string) rule {
	if u.folded(stem) {
		return filter(stem + ".reparam_conv")
	}
	r := scaled(u.mobileOne(stem+".mixer", true, true), stem+".layer_scale.gamma")
	norm := identity(stem + ".norm.identity")
	norm.minus = true
	r.plus = append(r.plus, norm)
	return rule{plus: []rule{r}}
}

// position is timm's RepConditionalPosEnc: x + conv(x).
func (u units) position(stem string) rule {
	if u.folded(stem) {
		return filter(stem + ".reparam_conv")
	}
	return rule{plus: []rule{filter(stem + ".pos_enc")}}
}
