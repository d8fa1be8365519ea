package core_test

import (
	"context"
	"fmt"
	"image"
	"log"
	"slices"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/core/checkpoint"
	"github.com/goclip/goclip/core/preprocess"
	"github.com/goclip/goclip/kernels/simd"
)

// golden models stand for the encoders of diffusion models here: they are as small as models can be.
const golden = "../testdata/oracle/models/"

// encode gives all that the text encoder of a diffusion pipeline computes for a prompt.
func encode(path, prompt string) map[string]checkpoint.Tensor {
	ctx := context.Background()
	device := simd.New(simd.Options{})
	defer device.Close()
	encoder, err := core.Open(ctx, path, core.Options{Device: device, Towers: core.TextTower})
	if err != nil {
		log.Fatal(err)
	}
	defer encoder.Close()
	states, err := encoder.TextHidden(ctx, []string{prompt})
	if err != nil {
		log.Fatal(err)
	}
	return states
}

// What diffusion models condition on. Stable Diffusion 1 takes the last hidden state after the final LayerNorm, 2 the last
// but one after the same LayerNorm, and SDXL the last but one of two encoders, without it, side by side, with the second
// encoder's projected embedding as the pooled prompt.
func ExampleModel_TextHidden() {
	first := encode(golden+"sd-text-encoder/text_encoder", "a photo of a cat")
	fmt.Println("SD 1.x:", first["text_hidden_last"].Shape)
	fmt.Println("SD 2.x:", first["text_hidden_penultimate_normed"].Shape)

	second := encode(golden+"hf-clip-text-proj/text_encoder_2", "a photo of a cat")
	a, b := first["text_hidden_penultimate"], second["text_hidden_penultimate"]
	prompt := make([][]float32, a.Shape[1])
	for i := range prompt {
		prompt[i] = slices.Concat(a.Floats[i*a.Shape[2]:][:a.Shape[2]], b.Floats[i*b.Shape[2]:][:b.Shape[2]])
	}
	fmt.Println("SDXL:", len(prompt), "tokens of", len(prompt[0]), "values, pooled", second["text_features"].Shape)
	// Output:
	// SD 1.x: [1 77 56]
	// SD 2.x: [1 77 56]
	// SDXL: 77 tokens of 112 values, pooled [1 48]
}

// What language models see of a picture. LLaVA takes the patches of the last block but one, without the class token;
// others those of the last.
func ExampleModel_ImageHidden() {
	ctx := context.Background()
	device := simd.New(simd.Options{})
	defer device.Close()
	model, err := core.Open(ctx, golden+"hf-clip-vit", core.Options{Device: device, Towers: core.ImageTower})
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	picture, err := preprocess.FromImage(image.NewGray(image.Rect(0, 0, 40, 30)))
	if err != nil {
		log.Fatal(err)
	}
	pixels, err := model.Prepare(picture)
	if err != nil {
		log.Fatal(err)
	}
	states, err := model.ImageHidden(ctx, []core.Pixels{pixels})
	if err != nil {
		log.Fatal(err)
	}
	last, before := states["image_tokens"], states["image_block_1"] // of three blocks, 0 to 2
	width := before.Shape[2]
	patches := before.Floats[width:] // the class token comes first
	fmt.Println("LLaVA:", len(patches)/width, "tokens; the last block:", last.Shape[1]-1)
	// Output: LLaVA: 16 tokens; the last block: 16
}
