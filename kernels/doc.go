// Package kernels is the seam between what a model means and the machine that computes it.
//
// A tower (package core/tower) speaks to a [Graph]: every call checks its shapes and returns a [Tensor], and the first
// mistake sticks until [Compile] returns it. Compile fuses activations and residual sums into the products that feed
// them, gives every value a buffer and replays the steps into a device's [Encoder]. What comes out is a [Program]:
// it computes the same steps again and again for new inputs and allocates nothing.
//
//	g := kernels.NewGraph()
//	x := g.Floats(8, 49, 3072)                          // 8 pictures, 49 patches
//	y := g.Act(g.Linear(x, w), kernels.QuickGELU)       // one fused step
//	p, err := kernels.Compile(device, g, y)
//	err = p.Run(ctx, kernels.Inputs{Floats: [][]float32{pixels}}, [][]float32{out})
//
// # Glossary
//
//	item    one member of a batch: a picture or a text
//	row     one vector of an item: a token, or a pixel of a feature map (counted y * width + x)
//	width   length of a row; channels are always last
//	value   what a step computes; it lives in a buffer of the program
//	constant a weight read as a value: a class token, a position table
//
// # Why channels last?
//
// A feature map [items, height, width, channels] then is a token sequence [items, height*width, channels] without moving
// a byte, a 1x1 convolution is a Linear, and LayerNorm over channels needs no permutation. No Permute, Reshape or
// Transpose exists; views ([Graph.Tokens], [Graph.Split], [Graph.Token], [Graph.Rows]) cost nothing.
//
// # Why do constants have strides of zero?
//
// A [Ref] has a stride between items and one between rows. A position table is a constant whose item stride is 0, a
// squeeze-and-excite gate a value whose row stride is 0: broadcasting needs neither a Repeat op nor the memory of the
// repeated copy.
//
// # Why does the picture come in as floats?
//
// `goclip run` and every golden file hand over normalised floats, and normalising bytes is a table lookup that the host
// does while it lays the picture out. One way in serves both, so that what is tested is what is used.
//
// # Why no dtype?
//
// Towers never name a precision: it belongs to the device ([Precision] says what each one computes), [Role] says which weights it
// is for, and values between steps are float32 for everybody.
//
// # Why is Run synchronous?
//
// Native devices finish before Run returns, and in the browser, where a GPU answers through promises, waiting parks the
// calling goroutine and leaves the event loop free. One rule follows there: open devices, load, compile and run in a
// goroutine, never inside a JavaScript callback.
//
// # Why are programs compiled for one batch size?
//
// Buffers, strides and a GPU's bind groups then are fixed when a program is compiled, and Run has nothing to decide. The
// callers keep programs for a few sizes and fill the last batch up (core/runner.go): the seam needs no notion of a batch
// that is partly empty.
//
// # Why do weights go in one at a time, and stay?
//
// A device packs in its own way (panels for a CPU, storage buffers in small uploads for a GPU), and a checkpoint may be
// larger than the memory that is left beside its packed form. So Load takes one tensor, keeps none of the caller's
// slices, and the packed copy stays until Unload: programs of all batch sizes share it.
//
// # What did the first GPU and browser devices change here?
//
// Integer inputs are told apart from values, because a GPU looks token ids up on the host. Refs carry two strides, because
// a shader needs them anyway. Gather takes several rows and attention a length for each query, because CoCa's mask
// otherwise needed an op of its own.
package kernels
