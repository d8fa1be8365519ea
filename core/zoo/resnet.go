package zoo

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/goclip/goclip/core/tower"
)

// resNet is open_clip's ModifiedResNet, whose layers are a list.
func (m *openCLIPModel) resNet() (imageBuild, error) {
	r := tower.ResNet{Width: m.Vision.Width, Projection: m.Embedding}
	if err := json.Unmarshal(m.Vision.Layers, &r.Depths); err != nil {
		return nil, fmt.Errorf("layers %s are neither a number nor a list of numbers", m.Vision.Layers)
	}
	if m.Vision.HeadWidth < 1 {
		return nil, fmt.Errorf("head_width is %d", m.Vision.HeadWidth)
	}
	r.Heads = r.Width * 32 / m.Vision.HeadWidth
	var err error
	if r.Image, err = squareSize(m.Vision.Image); err != nil {
		return nil, err
	}
	return func(tensors) (tower.Image, names, error) { return r, names{"visual.", resNetRules(r)}, nil }, nil
}

// resNet reads the sizes of OpenAI's ModifiedResNet off its tensors.
func (s *shapes) resNet() tower.ResNet {
	t := tensors{s.c}
	width := s.dim("visual.layer1.0.conv1.weight", 4, 0)
	positions := s.dim("visual.attnpool.positional_embedding", 2, 0)
	r := tower.ResNet{
		Image: 32 * int(math.Round(math.Sqrt(float64(positions-1)))), Width: width, Heads: width * 32 / 64,
		Projection: s.dim("text_projection", 2, 1),
	}
	for stage := range 4 {
		r.Depths = append(r.Depths, t.count(fmt.Sprintf("visual.layer%d.", stage+1), 0))
	}
	return r
}

// resNetRules are the names of ModifiedResNet, below "visual.".
func resNetRules(r tower.ResNet) map[string]rule {
	rules := map[string]rule{
		"position":   tensor("attnpool.positional_embedding", asIs),
		"pool.q":     layer("attnpool.q_proj"),
		"pool.kv":    layers("attnpool.k_proj", "attnpool.v_proj"),
		"projection": layer("attnpool.c_proj"),
	}
	for i := range 3 {
		rules[fmt.Sprintf("stem.%d", i+1)] = normed(fmt.Sprintf("conv%d", i+1), fmt.Sprintf("bn%d", i+1), filterOIHW)
	}
	for stage, depth := range r.Depths {
		for i := range depth {
			to, from := fmt.Sprintf("stage.%d.%d.", stage, i), fmt.Sprintf("layer%d.%d.", stage+1, i)
			rules[to+"reduce"] = normed(from+"conv1", from+"bn1", asIs)
			rules[to+"conv"] = normed(from+"conv2", from+"bn2", filterOIHW)
			rules[to+"expand"] = normed(from+"conv3", from+"bn3", asIs)
			rules[to+"shortcut"] = normed(from+"downsample.0", from+"downsample.1", asIs)
		}
	}
	return rules
}
