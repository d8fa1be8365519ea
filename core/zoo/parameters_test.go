package zoo

import (
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/core/tower"
)

// What the released models have according to their papers and open_clip's model_profile.csv, with the logit scale. Sizes
// that a configuration leaves to an architecture's name come from here too.
func TestReleasedParameterCounts(t *testing.T) {
	text := func(width, layers int) string {
		return fmt.Sprintf(`"text_cfg": {"width": %d, "heads": %d, "layers": %d}`, width, width/64, layers)
	}
	for _, c := range []struct {
		name, vision, text string
		embedding, want    int
	}{
		{"RN50", `"image_size": 224, "layers": [3, 4, 6, 3], "width": 64`, text(512, 12), 1024, 102_007_137},
		{"RN101", `"image_size": 224, "layers": [3, 4, 23, 3], "width": 64`, text(512, 12), 512, 119_688_033},
		{"RN50x4", `"image_size": 288, "layers": [4, 6, 10, 6], "width": 80`, text(640, 12), 640, 178_300_601},
		{"RN50x16", `"image_size": 384, "layers": [6, 8, 18, 8], "width": 96`, text(768, 12), 768, 290_979_217},
		{"RN50x64", `"image_size": 448, "layers": [3, 15, 36, 10], "width": 128`, text(1024, 12), 1024, 623_258_305},
		{"convnext_base", `"image_size": 224, "timm_model_name": "convnext_base", "timm_proj": "linear"`, text(512, 12), 512, 151_518_849},
		{"convnext_base_w", `"image_size": 256, "timm_model_name": "convnext_base", "timm_proj": "linear"`, text(640, 12), 640, 179_385_345},
		{"convnext_large_d", `"image_size": 256, "timm_model_name": "convnext_large", "timm_proj": "mlp"`, text(768, 16), 768, 351_772_609},
		{"convnext_xxlarge", `"image_size": 256, "timm_model_name": "convnext_xxlarge", "timm_proj": "linear"`, text(1024, 24), 1024, 1_200_576_385},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := fmt.Sprintf(`{"model_cfg": {"embed_dim": %d, "vision_cfg": {%s}, %s}}`, c.embedding, c.vision, c.text)
			config, err := ReadConfig(fstest.MapFS{"open_clip_config.json": {Data: []byte(data)}})
			require.NoError(t, err)
			image, text := config.Parameters()
			require.Equal(t, c.want, image+text+1)
		})
	}
}

// Counted after folding, as the papers do: 11.36, 21.46, 35.70, 125.07 and 321.57 million.
func TestFastViTParameterCounts(t *testing.T) {
	for name, want := range map[string]float64{"fastvit_mci0": 11.36, "fastvit_mci1": 21.46, "fastvit_mci2": 35.70,
		"fastvit_mci3": 125.07, "fastvit_mci4": 321.57} {
		embedding := map[bool]int{true: 768, false: 512}[name >= "fastvit_mci3"]
		data := fmt.Sprintf(`{"model_cfg": {"embed_dim": %d, "vision_cfg": {"timm_model_name": %q, "timm_proj": null, "image_size": 256}}}`, embedding, name)
		config, err := ReadConfig(fstest.MapFS{"open_clip_config.json": {Data: []byte(data)}})
		require.NoError(t, err)
		image, _ := config.Parameters()
		require.InDelta(t, want, float64(image)/1e6, 0.006, name)
	}
}

func TestALIGNParameterCount(t *testing.T) {
	config, err := ReadConfig(fstest.MapFS{"config.json": {Data: []byte(`{"model_type": "align_vision_model", "image_size": 289}`)}})
	require.NoError(t, err)
	image, _ := config.Parameters()
	require.Equal(t, 62_143_440, image)
	e := config.Image.(tower.EfficientNet)
	blocks := 0
	for _, s := range e.Stages {
		blocks += s.Blocks
	}
	require.Equal(t, 55, blocks)
	require.Equal(t, 64, e.Stem)
	require.Equal(t, 640, e.Embedding())
}

// No shape tells these.
func TestWhatConvNeXtsNameTells(t *testing.T) {
	require.InDelta(t, 1e-6, convNeXts["convnext_base"].Eps, 1e-12)
	require.InDelta(t, 1e-6, convNeXts["convnext_large"].Eps, 1e-12)
	require.InDelta(t, 1e-5, convNeXts["convnext_xxlarge"].Eps, 1e-12)
}
