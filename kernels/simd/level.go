package simd

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/simd/internal/generic"
)

// matrixKernel computes tiles of float32 that lie one below the other.
type matrixKernel = func(a, b, c, bias, residual, next *float32, blocks, lda, ldc, ldr, n, accumulate, tiles, asking int)

// level is one way of computing the kernels, with the tile of its matrix kernel. What each function does is written at
// package generic, which has them in plain Go.
type level struct {
	name string
	// columns is how many outputs a panel of weights has; a tile is one panel wide and at most len(gemm)-1 rows high.
	columns int
	// gemm holds the matrix kernel for each number of rows; none for 0.
	gemm []matrixKernel
	// forms are the products of each precision; gemm is that of float32, which attention uses, too.
	forms [4]form
	// ask is how many bytes of next a matrix kernel asks for with each block.
	ask int

	activations [7]func(dst *float32, ldd int, src *float32, lds, rows, n int)
	add, mul    func(dst, a, b *float32, n int)
	layerNorm   func(dst, src, gain, bias *float32, n int, eps float32)
	normalize   func(dst, src *float32, n int)
	mean        func(dst, src *float32, lds, rows, n int, share float32)
	rotate      func(dst, src, cos, sin *float32, n int)
	softmax     func(dst, scores *float32, stride, n, blocks int, scale float32)
	packRow     func(dst, src *float32, stride, n int)
	transpose8  func(dst *float32, ldd int, src *float32, lds, blocks int)
	depthwise   func(dst, bias, src, filter *float32, n, high, wide, srcRow, srcPixel, filterRow, filterPixel int)
	ceiling     func(rounds int)
	operations  int // of a round of ceiling
}

// rows is the height of a whole tile.
func (l *level) rows() int { return len(l.gemm) - 1 }

var portable = func() level {
	l := level{
		name:    "generic",
		columns: generic.Columns,
		gemm: []matrixKernel{
			nil, generic.Gemm(1), generic.Gemm(2), generic.Gemm(3), generic.Gemm(4)},
		activations: [...]func(dst *float32, ldd int, src *float32, lds, rows, n int){
			kernels.Identity: generic.Copy, kernels.ReLU: generic.ReLU, kernels.GELU: generic.GELU, kernels.GELUTanh: generic.GELUTanh,
			kernels.QuickGELU: generic.QuickGELU, kernels.SiLU: generic.SiLU, kernels.Sigmoid: generic.Sigmoid},
		add: generic.Add, mul: generic.Mul, layerNorm: generic.LayerNorm, normalize: generic.Normalize, mean: generic.Mean,
		rotate: generic.Rotate, softmax: generic.Softmax, packRow: generic.PackRow, transpose8: generic.Transpose8,
		depthwise: generic.Depthwise, ceiling: generic.Ceiling, operations: 2 * 96,
	}
	l.forms[kernels.F32] = l.floats()
	l.forms[kernels.F16] = l.halves(kernels.F16, generic.NarrowFloat16, generic.WidenFloat16)
	l.forms[kernels.BF16] = l.halves(kernels.BF16, generic.NarrowBFloat16, generic.WidenBFloat16).rounding(generic.PackBFloat16)
	l.forms[kernels.Int8] = portableInt8
	return l
}()

var portableInt8 = form{precision: kernels.Int8, columns: generic.Columns, values: 4, depth: laneDepth, stored: 4,
	pack: signed(generic.QuantizeBytes), row: signed(generic.QuantizeBytes),
	dot:    []func(a, b, sums, start, next *float32, blocks int){nil, generic.Bytes(1), generic.Bytes(2), generic.Bytes(3), generic.Bytes(4)},
	settle: generic.Settle, ceiling: generic.Ceiling, operations: 2 * 96}

// levelVariable is the environment variable that chooses a level.
const levelVariable = "GOCLIP_SIMD"

// names of all levels there are, on whatever machine.
var names = []string{"generic", "avx2", "vnni", "avx512", "neon"}

// tested is what the self-tests found: the levels that compute right, the lowest first, and what is wrong with others.
var tested = sync.OnceValues(func() (levels []*level, failures []string) {
	for _, l := range append([]*level{&portable}, assembled()...) {
		if err := l.selfTest(); err != nil {
			failures = append(failures, fmt.Sprintf("%s fails its self-test: %v", l.name, err))
			continue
		}
		levels = append(levels, l)
	}
	return levels, failures
})

// Levels are the names of the levels that this machine has and that pass their self-test, the fastest last.
func Levels() []string {
	levels, _ := tested()
	var list []string
	for _, l := range levels {
		list = append(list, l.name)
	}
	return list
}

// choose finds a level by name, "" for the fastest, and says what stands against it. The note is empty if all is well.
func choose(name string) (*level, string) {
	levels, failures := tested()
	best := levels[len(levels)-1]
	asked := name
	if name == "" {
		asked = os.Getenv(levelVariable)
	}
	if asked == "" {
		return best, strings.Join(failures, "; ")
	}
	for _, l := range levels {
		if l.name == asked {
			return l, ""
		}
	}
	if slices.Contains(names, asked) {
		return best, strings.Join(append([]string{"this machine has no " + asked}, failures...), "; ")
	}
	return best, fmt.Sprintf("no level is called %q, only %s", asked, strings.Join(names, ", "))
}
