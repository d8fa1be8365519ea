// Package embedded holds the default model, tiny: a complete CLIP of emoji and icons in 7.3 MB that makes goclip answer
// before anything is downloaded. model/README.md is its model card, training/ what it was trained with (`make model`),
// examples/ and more/ pictures that it was not trained on, and expected.json what PyTorch computes for them.
package embedded

import (
	"embed"
	"io/fs"
)

//go:embed model
var files embed.FS

// Model is the model folder, as Hugging Face's transformers would open it.
func Model() fs.FS {
	sub, err := fs.Sub(files, "model")
	if err != nil {
		panic("BUG: embedded: " + err.Error())
	}
	return sub
}
