// Package core opens CLIP models as they are and turns pictures and texts into embeddings.
//
//	device := simd.New(simd.Options{})
//	model, err := core.Open(ctx, "clip-vit-base-patch32", core.Options{Device: device})
//	picture, err := core.DecodeImage(data)
//	embeddings, err := model.EmbedImages(ctx, []*core.Image{picture})
//
// core says what a model means; how it is computed is behind package kernels, and the program that imports core chooses
// the device. The parts:
//
//	checkpoint   tensors out of safetensors and PyTorch files
//	zoo          configurations and tensor names of each kind of checkpoint
//	tokenizer    texts to ids
//	preprocess   picture files to the pixels that a tower gets
//	tower        what each tower computes, recorded as a graph
//	embedded     the default model
package core
