//go:build !purego

package lanes

import "github.com/goclip/goclip/core/preprocess/internal/avx2"

// Name is what the instructions are called.
const Name = "avx2"

// Available tells whether the processor has the instructions and GOCLIP_SIMD does not rule them out.
func Available() bool { return avx2.Available() }

// AcrossRGB is avx2.AcrossRGB.
func AcrossRGB(out0, out1, row0, row1 *byte, first, groups *int32, weights *int16, n int) {
	avx2.AcrossRGB(out0, out1, row0, row1, first, groups, weights, n)
}

// AcrossRGBA is avx2.AcrossRGBA.
func AcrossRGBA(out0, out1, row0, row1 *byte, first, groups *int32, weights *int16, n int) {
	avx2.AcrossRGBA(out0, out1, row0, row1, first, groups, weights, n)
}

// AcrossGray is avx2.AcrossGray.
func AcrossGray(out, row *byte, first, groups *int32, weights *int16, n int) {
	avx2.AcrossGray(out, row, first, groups, weights, n)
}

// Down is avx2.Down.
func Down(out *byte, rows **byte, weights *int16, pairs, n int) {
	avx2.Down(out, rows, weights, pairs, n)
}

// Transform is avx2.Transform.
func Transform(out0, out1 *byte, stride0, stride1 int, block0, block1, quantizer0, quantizer1 *[64]int16) {
	avx2.Transform(out0, out1, stride0, stride1, block0, block1, quantizer0, quantizer1)
}

// Weigh is avx2.Weigh.
func Weigh(out *int16, near, far *byte, n int) { avx2.Weigh(out, near, far, n) }

// Double is avx2.Double.
func Double(out *byte, row *int16, even, odd, n int) { avx2.Double(out, row, even, odd, n) }

// YCbCrToRGB is avx2.YCbCrToRGB.
func YCbCrToRGB(out, y, cb, cr *byte, n int) { avx2.YCbCrToRGB(out, y, cb, cr, n) }
