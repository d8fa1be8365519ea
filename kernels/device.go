package kernels

import (
	"context"
	"errors"
)

// Errors that a device returns, wrapped with what happened.
var (
	// ErrDeviceLost: the device stopped working (a GPU reset); another one may still serve.
	ErrDeviceLost = errors.New("device lost")
	// ErrTooLarge: a weight or a program needs more than the device offers.
	ErrTooLarge = errors.New("too large for the device")
	// ErrIncapable: the device cannot do what a program asks of it (a driver that does not compile a shader).
	ErrIncapable = errors.New("the device is not capable of it")
)

// Device is one way of computing. A device serves several models and several goroutines; it runs one program at a time.
type Device interface {
	// Name describes the device with its level and precision, for people.
	Name() string
	// Precision is how it keeps matrices and multiplies with them.
	Precision() Precision
	// Load packs a weight. The slices belong to the caller again when it returns.
	Load(spec WeightSpec) (Weight, error)
	// Unload frees a weight; no program that uses it runs again.
	Unload(w Weight)
	// Begin starts a program with the plan's buffers.
	Begin(plan Plan) (Encoder, error)
	// Close frees everything that the device holds.
	Close() error
}

// Plan is the memory that a program needs.
type Plan struct {
	Buffers []int // float32 values in each buffer
	Ints    []int // values in each integer input
}

// Encoder takes the steps of one program, in order. The graph has checked every shape; dst is dense and never a buffer
// that the same step reads. An encoder keeps its first failure for Finish.
type Encoder interface {
	// Embed looks up rows: row r of item i is row ids[i*rows+r] of the table. Ids are checked before Run.
	Embed(dst Ref, table Weight, ids IntInput)
	// Linear multiplies each row with a matrix: dst[o] = Σ x[k]·w[o,k], then the epilogue.
	Linear(dst, x Ref, w Weight, e Epilogue)
	// Conv2D slides filters over feature maps [items, height, width, channels], then the epilogue.
	Conv2D(dst, x Ref, w Weight, win Window, e Epilogue)
	// Attention is softmax(q·kᵀ/√(width/heads))·v, per item and head. A query that sees no key gives zeros.
	Attention(dst, q, k, v Ref, a Attend)
	// LayerNorm is (x-mean)/√(variance+eps)·gain + bias over each row, with the biased variance.
	LayerNorm(dst, x Ref, w Weight, eps float32)
	// Rotate turns neighbours (x₀,x₁) of every head into (x₀·cos₀ - x₁·sin₀, x₁·cos₁ + x₀·sin₁). cos and sin have a row
	// for each row of x and the width of one head.
	Rotate(dst, x, cos, sin Ref)
	// Map applies an activation that no product could take in.
	Map(dst, x Ref, act Act)
	// Zip joins two values of the same shape, of which either may repeat through strides of 0.
	Zip(dst, x, y Ref, op Binary)
	// Pool is the mean over windows of a feature map; windows lie inside it.
	Pool(dst, x Ref, win Window)
	// Mean is the mean of an item's rows, of the first lengths[i] ones if there are lengths. dst is [items, width].
	Mean(dst, x Ref, lengths IntInput)
	// Concat puts the rows of y behind those of x, item by item.
	Concat(dst, x, y Ref)
	// Gather picks rows: row r of item i of dst, which has n rows an item, is row rows[i*n+r] of item i of x.
	Gather(dst, x Ref, rows IntInput)
	// Normalize divides each row by its Euclidean length; a row of zeros stays so.
	Normalize(dst, x Ref)
	// Finish ends the recording. Inputs are filled before the first step, outputs read after the last, in these orders.
	Finish(inputs, outputs []Ref) (Program, error)
}

// Inputs are the numbers of one Run, in the order in which the graph declared them.
type Inputs struct {
	Floats [][]float32
	Ints   [][]int32
}

// Program is a compiled graph.
type Program interface {
	// Run computes the outputs into out, one slice for each output of Compile. The device allocates nothing; a GPU's
	// library may, a bounded number of times for each step. When ctx ends Run stops as soon as it can (between two steps,
	// or before the next submission to a GPU) and returns ctx.Err().
	Run(ctx context.Context, in Inputs, out [][]float32) error
	// Close frees the program's buffers.
	Close() error
}
