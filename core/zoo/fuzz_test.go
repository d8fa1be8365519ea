package zoo

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/goclip/goclip/core/checkpoint"
	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/reference"
)

// FuzzWeights opens checkpoints of any names and shapes, a line each, beside an open_clip configuration or alone. What
// opens must load.
func FuzzWeights(f *testing.F) {
	timm := func(name string) string {
		return `{"model_cfg": {"embed_dim": 4, "custom_text": true, "vision_cfg": {"timm_model_name": "` + name + `", "timm_proj": null, "image_size": 64}, "text_cfg": {"width": 4, "heads": 1, "layers": 1, "vocab_size": 3, "context_length": 2}}}`
	}
	f.Add("", "image_encoder.model.patch_embed.0.rbr_conv.0.conv.weight 8 3 3 3\ntext_encoder.transformer.0.pre_norm_mha.0.weight 64\nimage_encoder.model.head.proj 8 4\ntext_encoder.embedding_layer.weight 3 64\nimage_encoder.model.network.0.0.convffn.fc1.weight 16 8 1 1")
	f.Add("", "image_encoder.model.patch_emb.0.block.conv.weight 8 3 4 4\ntext_encoder.transformer.0.pre_norm_mha.0.weight 64\nimage_encoder.model.cls_token 8\nimage_encoder.model.pos_embed.pos_embed.pos_embed 1 1 4 8")
	f.Add("", "visual.layer1.0.conv1.weight 4 4 1 1\ntoken_embedding.weight 3 64\nln_final.weight 64\ninput_resolution\nvisual.attnpool.positional_embedding 5 128\ntext_projection 64 4")
	f.Add("", "visual.proj 8 4\nvisual.conv1.weight 8 3 2 2\nvisual.positional_embedding 0 8\ntoken_embedding.weight 3 64\ninput_resolution")
	f.Add(timm("convnext_base"), "visual.trunk.stages.0.blocks.7.conv_dw.weight 4 1 7 7\nvisual.trunk.stages.3.blocks.0.conv_dw.weight 0 1 7 7")
	f.Add(timm("fastvit_mci0"), "visual.trunk.stages.0.blocks.0.mlp.fc1.weight 4\nvisual.trunk.stem.0.conv_kxk.0.conv.weight 4 3 3 3\nvisual.trunk.final_conv.se.fc1.weight 1 0")
	f.Add(timm("vit_base_mci_224"), "visual.trunk.blocks.3.norm1.weight 64\nvisual.trunk.norm.weight 1\nvisual.trunk.patch_embed.backbone.0.conv.weight")
	f.Fuzz(func(t *testing.T, config, lines string) {
		files := fstest.MapFS{}
		if config != "" {
			files["open_clip_config.json"] = &fstest.MapFile{Data: []byte(config)}
		}
		list := parseTensors(lines)
		var file bytes.Buffer
		if checkpoint.WriteSafetensors(&file, list) != nil {
			return
		}
		files["model.safetensors"] = &fstest.MapFile{Data: file.Bytes()}
		m, err := Open(files, "")
		if err != nil {
			return
		}
		defer m.Close()
		load(t, m)
	})
}

// parseTensors reads names and shapes, a line each; nil where they are too large.
func parseTensors(lines string) []checkpoint.Tensor {
	const most = 1 << 16
	total := 0
	var list []checkpoint.Tensor
	for line := range strings.SplitSeq(lines, "\n") {
		fields := strings.Fields(line)
		if len(fields) == 0 || len(list) == 1000 {
			continue
		}
		tensor := checkpoint.Tensor{Name: fields[0], Shape: []int{}}
		elements := 1
		for _, field := range fields[1:] {
			n, err := strconv.Atoi(field)
			if err != nil || n < 0 || n > most || elements*n > most {
				return nil
			}
			elements *= n
			tensor.Shape = append(tensor.Shape, n)
		}
		if total += elements; total > most {
			return nil
		}
		tensor.Floats = make([]float32, elements)
		list = append(list, tensor)
	}
	return list
}

// load loads and plans both towers.
func load(t *testing.T, m *Model) {
	device := reference.New(reference.Options{})
	defer device.Close()
	read := func(params []tower.Param, image bool) {
		err := m.Load(params, image, func(p tower.Param, values, bias []float32) error {
			_, err := device.Load(kernels.WeightSpec{Name: p.Name, Role: p.Role, Shape: p.Shape, Values: values, Bias: bias})
			return err
		})
		if err != nil {
			t.Log(err)
		}
	}
	if m.Image != nil {
		read(m.Image.Params(), true)
	}
	if m.Text != nil {
		read(m.Text.Params(), false)
	}
}
