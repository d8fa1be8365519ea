// Package layout is what the device and its wasm module agree on: where things are in the module's memory, and what a step of a
// program looks like. The emitter reads the offsets of fields from here, the device fills the structs in.
package layout

import "unsafe"

// The first bytes of the memory. The first 64 stay zero: address 0 stands for no step, and it has no units.
const (
	// Ticket is what is drawn for a unit of work: the step's address in the upper half, the next unit in the lower one.
	Ticket = 64
	// Done counts the finished units of the step. Waiting is 1 while the thread that runs the program sleeps on it.
	Done    = 128
	Waiting = 132
	// Wake changes with every run; idle workers wait for that.
	Wake = 192
	// Active is 1 during a run.
	Active = 196
	// Step changes with every step; Sleepers counts the workers that sleep on it.
	Step     = 200
	Sleepers = 204
	// Scratch and ScratchBytes tell where the workers' own memory is.
	Scratch      = 256
	ScratchBytes = 260
	// Abort is not 0 once a worker has failed.
	Abort = 320
	// Ready counts the workers that have come up.
	Ready = 384

	// Heap is where memory for everything else begins.
	Heap = 1024
)

// Function numbers a step's function in the module's table.
type Function uint32

// The steps.
const (
	PackRows     Function = iota // rows into panels of the left side, as float32
	PackWindows                  // what windows see, likewise
	QuantizeRows                 // rows into panels of bytes, with a scale each
	QuantizeWide                 // the same in 16 bits
	Product
	Product8  // of bytes
	Product16 // of bytes, multiplied as 16-bit integers
	Attention
	LayerNorm
	Map
	Add
	Mul
	Rotate
	Mean
	Copy
	Gather
	Normalize
	Depthwise
	DepthwiseRepeated // several outputs for one channel
	Pool

	Steps // how many there are

	// The rest of the table: an activation is at Activations and its kernels.Act, of which identity has no function; a matrix kernel
	// at Tiles and its number of rows.
	Activations = Steps - 1
	Tiles32     = Activations + 6
	Tiles16     = Tiles32 + Height
	Tiles8      = Tiles16 + Height16
)

// Header begins every step.
type Header struct {
	Function Function
	Units    uint32
	Alone    uint32 // 1: not worth sharing
	Bytes    uint32 // of the whole step: the next one follows
}

// Operand is where rows are, in bytes.
type Operand struct{ Address, Item, Row uint32 }

// Rows is a step that goes from row to row.
type Rows struct {
	Header
	PerItem uint32 // rows of an item
	Total   uint32 // rows of all items
	PerUnit uint32
	Width   uint32
	Dst     Operand
	X, Y, Z Operand
	Extra   uint32  // LayerNorm: gain; Map: activation; Gather, Mean: integers; Rotate: width of a head
	Bias    uint32  // LayerNorm: bias
	Number  float32 // LayerNorm: eps
}

// Tiles says how a product's rows are cut: into tiles, nearly equally high, of which blocks have nearly equally many.
type Tiles struct {
	Count, Tiles, Blocks uint32
	First                uint32 // the first row, counted over all items
}

// Pack fills panels of the left side of a product. A unit is a tile.
type Pack struct {
	Header
	Tiles
	PerItem uint32
	Length  uint32 // values of a row
	Padded  uint32 // the same, with zeros
	Panels  uint32 // where they go
	Scales  uint32 // where the rows' scales go
	Flip    uint32 // what bytes are joined with
	X       Operand

	// Windows only.
	Height, Width, Channels   uint32
	Kernel, Stride, Top, Left uint32
	Across                    uint32
	Pieces                    uint32 // 1: pixels lie side by side, and a row of a window is copied at once; otherwise Kernel
}

// Multiply computes blocks of a product. A unit is a block and a group of panels.
type Multiply struct {
	Header
	Tiles
	PerItem     uint32
	Left        uint32 // panels of rows
	Right       uint32 // panels of the weight
	Bias        uint32
	Scales      uint32 // of rows
	Columns     uint32 // scales of columns
	Corrections uint32 // where the columns' sums begin
	Padded      uint32
	Outputs     uint32
	Group       uint32 // panels of a unit
	Threads     uint32 // that draw units
	Dst         uint32
	DstRow      uint32
	Act         uint32 // number of the activation's function; 0: none
	Residual    Operand
}

// Attend is attention. A unit is a part of the queries of one head.
type Attend struct {
	Header
	Dst, Q, K, V                  Operand
	Heads, Parts                  uint32
	Queries, Keys, Width          uint32
	Deep, Panels, Seen, Tiles     uint32
	Values, Query, Scores, Shares uint32 // in scratch memory; keys come first
	Causal, Lengths, PerQuery     uint32
	Scale                         float32
}

// Filter is a depthwise convolution, or a pooling. A unit is a row of pixels.
type Filter struct {
	Header
	X                         Operand
	Dst, DstRow               uint32 // dense
	Down, Across              uint32
	Height, Width             uint32
	Outputs, Several          uint32 // of each channel
	Kernel, Stride, Top, Left uint32
	Right, PanelBytes, Bias   uint32
	Act                       uint32
	PerItem                   uint32
	Residual                  Operand
	Share                     float32 // of a pooling's sums
}

// Sizes of tiles and panels.
const (
	Columns = 8 // of a panel of a weight
	Height  = 6 // rows of a tile
	Depth   = 8 // values of a row side by side in a panel of rows

	Height8  = 6
	Height16 = 5
	Depth8   = 16

	// KBlock is how many values of a row are multiplied at a time.
	KBlock = 768
)

// Bytes are those of a struct of this package.
func Bytes[T any](v *T) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(v)), unsafe.Sizeof(*v)) }
