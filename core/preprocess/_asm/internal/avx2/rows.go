package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// weigh adds up two rows of samples, three parts of one and one of the other.
func weigh() {
	TEXT("Weigh", NOSPLIT, "func(out *int16, near, far *byte, n int)")
	Doc("Weigh computes, for n rounded up to a multiple of 16:", "", "\tout[x] = 3*near[x] + far[x]")
	out, near, far, n := parameter("out"), parameter("near"), parameter("far"), parameter("n")
	at := GP64()
	XORQ(at, at)
	loop := label("samples")
	Label(loop)
	a, b, sum := YMM(), YMM(), YMM()
	VPMOVZXBW(Mem{Base: near, Index: at, Scale: 1}, a)
	VPMOVZXBW(Mem{Base: far, Index: at, Scale: 1}, b)
	VPADDW(a, a, sum)
	VPADDW(a, b, b)
	VPADDW(b, sum, sum)
	VMOVDQU(sum, Mem{Base: out, Index: at, Scale: 2})
	ADDQ(count(16), at)
	CMPQ(at, n)
	JL(LabelRef(loop))
	VZEROUPPER()
	RET()
}

// double interpolates a row to twice its length.
func double() {
	TEXT("Double", NOSPLIT, "func(out *byte, row *int16, even, odd, n int)")
	Doc("Double interpolates between neighbours, for n rounded up to a multiple of 16; row[-1] and row[n] must be there:", "",
		"\tout[2*x] = (3*row[x] + row[x-1] + even) >> 4",
		"\tout[2*x+1] = (3*row[x] + row[x+1] + odd) >> 4")
	out, row, n := parameter("out"), parameter("row"), parameter("n")
	var rounding [2]reg.VecVirtual
	for i, name := range []string{"even", "odd"} {
		rounding[i] = YMM()
		VMOVQ(parameter(name), rounding[i].AsX())
		VPBROADCASTW(rounding[i].AsX(), rounding[i])
	}
	at := GP64()
	XORQ(at, at)
	loop := label("samples")
	Label(loop)
	here, triple := YMM(), YMM()
	VMOVDQU(Mem{Base: row, Index: at, Scale: 2}, here)
	VPADDW(here, here, triple)
	VPADDW(here, triple, triple)
	before, after := YMM(), YMM()
	VPADDW(Mem{Base: row, Index: at, Scale: 2, Disp: -2}, triple, before)
	VPADDW(Mem{Base: row, Index: at, Scale: 2, Disp: 2}, triple, after)
	VPADDW(rounding[0], before, before)
	VPADDW(rounding[1], after, after)
	VPSRLW(Imm(4), before, before)
	VPSRLW(Imm(4), after, after)
	VPSLLW(Imm(8), after, after)
	VPOR(before, after, after)
	VMOVDQU(after, Mem{Base: out, Index: at, Scale: 2})
	ADDQ(count(16), at)
	CMPQ(at, n)
	JL(LabelRef(loop))
	VZEROUPPER()
	RET()
}

// Colour conversion with 16 fractional bits, less the whole multiples of 2^16, so that the rest fits into words.
const (
	redFromCr   = 91881 - 1<<16
	greenFromCb = -22554
	greenFromCr = 1<<16 - 46802
	blueFromCb  = 116130 - 2<<16
)

// colors converts 32 pixels at a time.
func colors() {
	TEXT("YCbCrToRGB", NOSPLIT, "func(out, y, cb, cr *byte, n int)")
	Doc("YCbCrToRGB converts n pixels, a multiple of 32, as the function ycbcrToRGB of package jpeg does.")
	out, lumas, cbs, crs, n := parameter("out"), parameter("y"), parameter("cb"), parameter("cr"), parameter("n")
	middle := words("middle16", repeat[int16](128, 16)...)
	redWeight := words("redFromCr", repeat[int16](redFromCr, 16)...)
	blueWeight := words("blueFromCb", repeat[int16](blueFromCb/2, 16)...)
	greenWeights := pairs("greenFromBoth", greenFromCb, greenFromCr)
	one := words("one", repeat[int16](1, 16)...)
	half := doubles("half16", 1<<15)

	at := GP64()
	XORQ(at, at)
	loop := label("pixels")
	Label(loop)
	var red, green, blue [2]reg.VecVirtual
	for i := range red {
		luma, cb, cr := YMM(), YMM(), YMM()
		VPMOVZXBW(Mem{Base: lumas, Index: at, Scale: 1, Disp: 16 * i}, luma)
		VPMOVZXBW(Mem{Base: cbs, Index: at, Scale: 1, Disp: 16 * i}, cb)
		VPMOVZXBW(Mem{Base: crs, Index: at, Scale: 1, Disp: 16 * i}, cr)
		VPSUBW(middle, cb, cb)
		VPSUBW(middle, cr, cr)
		red[i], green[i], blue[i] = YMM(), YMM(), YMM()
		// Twice the product without its lower half, and then half of that, is rounded once.
		VPADDW(cr, cr, red[i])
		VPMULHW(redWeight, red[i], red[i])
		VPADDW(one, red[i], red[i])
		VPSRAW(Imm(1), red[i], red[i])
		VPADDW(cr, red[i], red[i])
		VPADDW(luma, red[i], red[i])

		VPMULHRSW(blueWeight, cb, blue[i])
		VPADDW(cb, blue[i], blue[i])
		VPADDW(cb, blue[i], blue[i])
		VPADDW(luma, blue[i], blue[i])

		lower, upper := YMM(), YMM()
		VPUNPCKLWD(cr, cb, lower)
		VPUNPCKHWD(cr, cb, upper)
		for _, v := range []reg.VecVirtual{lower, upper} {
			VPMADDWD(greenWeights, v, v)
			VPADDD(half, v, v)
			VPSRAD(Imm(16), v, v)
		}
		VPACKSSDW(upper, lower, green[i])
		VPSUBW(cr, green[i], green[i])
		VPADDW(luma, green[i], green[i])
	}
	for _, band := range [][2]reg.VecVirtual{red, green, blue} {
		VPACKUSWB(band[1], band[0], band[0])
		VPERMQ(Imm(0xD8), band[0], band[0])
	}
	// Each half of 16 pixels becomes three times 16 bytes.
	for part := range 3 {
		var sum reg.VecVirtual
		for band, v := range []reg.VecVirtual{red[0], green[0], blue[0]} {
			var order [16]byte
			for i := range order {
				order[i] = 0x80
				if at := 16*part + i; at%3 == band {
					order[i] = byte(at / 3)
				}
			}
			moved := YMM()
			VPSHUFB(bytes(label("interleave"), append(order[:], order[:]...)...), v, moved)
			if sum == nil {
				sum = moved
			} else {
				VPOR(moved, sum, sum)
			}
		}
		VMOVDQU(sum.AsX(), Mem{Base: out, Disp: 16 * part})
		VEXTRACTI128(Imm(1), sum, Mem{Base: out, Disp: 48 + 16*part})
	}
	ADDQ(count(96), out)
	ADDQ(count(32), at)
	CMPQ(at, n)
	JL(LabelRef(loop))
	VZEROUPPER()
	RET()
}
