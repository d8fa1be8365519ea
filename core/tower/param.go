// Package tower records what the towers of CLIP models compute: each one is a configuration, the list of weights that
// it needs, and a Record method that writes one forward pass into a kernels.Graph.
//
// Weights have canonical names ("block.3.qkv") and canonical layouts; package zoo knows where they lie in each kind of
// checkpoint. Towers name no precision and no device.
package tower

import (
	"fmt"

	"github.com/goclip/goclip/kernels"
)

// Param is one weight that a tower needs.
type Param struct {
	Name  string
	Role  kernels.Role
	Shape kernels.Shape
	Bias  bool // a bias of Shape[0] values comes with it
}

// Elements is the number of parameters, bias included.
func (p Param) Elements() int {
	n := p.Shape.Elements()
	if p.Bias {
		n += p.Shape[0]
	}
	return n
}

// Weights are a tower's packed weights by canonical name.
type Weights map[string]kernels.Weight

// at panics where a tower reads a weight that its Params do not list.
func (w Weights) at(name string) kernels.Weight {
	weight, ok := w[name]
	if !ok {
		panic("BUG: tower: no weight " + name)
	}
	return weight
}

// Image is an image tower: what ViT and its kin have in common.
type Image interface {
	// Check tells what is wrong with the configuration.
	Check() error
	// Params lists the weights.
	Params() []Param
	// Embedding is the width of the result.
	Embedding() int
	// Summary describes the tower.
	Summary() Summary
	// Picture is the shape of one input: [height, width, 3], of a Flexible tower [patches, values of a patch].
	Picture() kernels.Shape
	// Record writes one forward pass over so many pictures, the graph's only input, unless the tower is Flexible.
	Record(g *kernels.Graph, w Weights, items int, hidden bool) []Output
}

// Language is a text tower: what Text and its kin have in common.
type Language interface {
	// Check tells what is wrong with the configuration.
	Check() error
	// Params lists the weights.
	Params() []Param
	// Embedding is the width of the result.
	Embedding() int
	// Summary describes the tower.
	Summary() Summary
	// Length is the number of positions that a text is padded to, Longest the most that the tower takes; Entries is the
	// size of the vocabulary.
	Length() int
	Longest() int
	Entries() int
	// Masked reports whether the tower looks at some of a text's ids only, as an attention mask says.
	Masked() bool
	// Needed is the number of leading positions that can change a text's result: a batch of short texts computes no more.
	Needed(text TextIDs) int
	// Derived says how many integers an item needs besides its ids, one number for each further integer input; Derive
	// computes them for a text.
	Derived(length int) []int
	Derive(text TextIDs, out [][]int32)
	// Record writes one forward pass over ids [items, length] and what Derive computes from them.
	Record(g *kernels.Graph, w Weights, items, length int, hidden bool) []Output
}

// TextIDs is a text as a text tower takes it.
type TextIDs struct {
	IDs []int32 // with padding
	// Seen is how many ids, from the first, a masked tower looks at; 0: those before the padding.
	Seen int
}

// Output is one named result of a tower: "features" (before normalisation) and "embeds" (unit length), both
// [items, embedding width], always come first, in this order. Hidden states follow when asked for.
type Output struct {
	Name   string
	Tensor kernels.Tensor
}

// Bounds of what a configuration may claim: far above every released model, low enough that sizes cannot overflow and
// a hostile file cannot make a graph endless.
const (
	maxWidth   = 1 << 14
	maxLayers  = 256
	maxHidden  = 1 << 17
	maxTokens  = 1 << 16
	maxEntries = 1 << 23
	maxPicture = 1 << 13
)

// between checks one number of a configuration.
func between(name string, value, low, high int) error {
	if value < low || value > high {
		return fmt.Errorf("tower: %s is %d, want %d to %d", name, value, low, high)
	}
	return nil
}

// first returns the first error.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
