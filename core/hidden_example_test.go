package core_test

import (
	"context"
	"fmt"
	"log"
	"slices"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/core/checkpoint"
	"github.com/goclip/goclip/kernels/simd"
)

// golden models stand for the encoders of diffusion models here: they are as small as models can be.
const golden = "../testdata/oracle/models/"

// hiddenStates opens one tower of a model and gives all that it computes for an input.
func hiddenStates(path string, towers core.Towers, input func(*core.Model) checkpoint.Tensor) []checkpoint.Tensor {
	ctx := context.Background()
	device := simd.New(simd.Options{})
	defer device.Close()
	model, err := core.Open(ctx, path, core.Options{Device: device, Towers: towers})
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	states, err := model.RunTensors(ctx, []checkpoint.Tensor{input(model)}, true)
	if err != nil {
		log.Fatal(err)
	}
	return states
}

func prompt(text string) func(*core.Model) checkpoint.Tensor {
	return func(m *core.Model) checkpoint.Tensor {
		tokens, err := m.Tokenize(text)
		if err != nil {
			log.Fatal(err)
		}
		t := checkpoint.Tensor{Name: "input_ids", Shape: []int{1, len(tokens.IDs)}}
		for _, id := range tokens.IDs {
			t.Ints = append(t.Ints, int64(id))
		}
		return t
	}
}

func named(states []checkpoint.Tensor, name string) checkpoint.Tensor {
	return states[slices.IndexFunc(states, func(t checkpoint.Tensor) bool { return t.Name == name })]
}

// What diffusion models condition on. Stable Diffusion 1 takes the last hidden state after the final LayerNorm, 2 the last
// but one after the same LayerNorm, and SDXL the last but one of two encoders, without it, side by side, with the second
// encoder's projected embedding as the pooled prompt.
func ExampleModel_RunTensors_diffusion() {
	first := hiddenStates(golden+"sd-text-encoder/text_encoder", core.TextTower, prompt("a photo of a cat"))
	fmt.Println("SD 1.x:", named(first, "text_hidden_last").Shape)
	fmt.Println("SD 2.x:", named(first, "text_hidden_penultimate_normed").Shape)

	second := hiddenStates(golden+"hf-clip-text-proj/text_encoder_2", core.TextTower, prompt("a photo of a cat"))
	a, b := named(first, "text_hidden_penultimate"), named(second, "text_hidden_penultimate")
	tokens := a.Shape[1]
	prompts := make([][]float32, tokens)
	for i := range prompts {
		prompts[i] = slices.Concat(a.Floats[i*a.Shape[2]:][:a.Shape[2]], b.Floats[i*b.Shape[2]:][:b.Shape[2]])
	}
	fmt.Println("SDXL:", len(prompts), "tokens of", len(prompts[0]), "values, pooled", named(second, "text_features").Shape)
	// Output:
	// SD 1.x: [1 77 56]
	// SD 2.x: [1 77 56]
	// SDXL: 77 tokens of 112 values, pooled [1 48]
}

// What language models see of a picture. LLaVA takes the patches of the last block but one, without the class token;
// others those of the last.
func ExampleModel_RunTensors_imageTokens() {
	gray := func(*core.Model) checkpoint.Tensor {
		return checkpoint.Tensor{Name: "pixel_values", Shape: []int{1, 3, 32, 32}, Floats: make([]float32, 3*32*32)}
	}
	states := hiddenStates(golden+"hf-clip-vit", core.ImageTower, gray)
	last, before := named(states, "image_tokens"), named(states, "image_block_1") // of three blocks, 0 to 2
	patches := before.Floats[before.Shape[2]:]                                    // the class token comes first
	fmt.Println("LLaVA:", len(patches)/before.Shape[2], "tokens; the last block:", last.Shape[1]-1)
	// Output: LLaVA: 16 tokens; the last block: 16
}
