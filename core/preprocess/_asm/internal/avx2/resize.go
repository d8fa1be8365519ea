package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Weights have 22 fractional bits and more than 16 in all. Products are made of their upper bits and their lowest eight
// apart: VPMULLD takes two steps for what VPMADDWD does twice as much of in one.
const (
	weightBits = 22
	lowBits    = 8
)

// pixel is a layout of pixels of which four fit into a vector of 16 bytes.
type pixel struct {
	name  string
	bytes int
}

var (
	rgb  = pixel{"RGB", 3}
	rgba = pixel{"RGBA", 4}
)

// pairing is the shuffle that sets samples of two neighbouring pixels side by side as words, band by band.
func (p pixel) pairing(name string, first int) reg.VecVirtual {
	var order [32]byte
	for i := range order {
		order[i] = 0x80
	}
	for lane := 0; lane < 32; lane += 16 {
		for band := range p.bytes {
			order[lane+4*band] = byte(first*p.bytes + band)
			order[lane+4*band+2] = byte((first+1)*p.bytes + band)
		}
	}
	v := YMM()
	VMOVDQU(bytes(name, order[:]...), v)
	return v
}

// across resamples two rows at a time, one in each half of the vectors.
func across(p pixel) {
	TEXT("Across"+p.name, NOSPLIT, "func(out0, out1, row0, row1 *byte, first, groups *int32, weights *int16, n int)")
	Doc("Across"+p.name+" resamples two rows of pixels of "+digits[p.bytes]+" bytes:",
		"",
		"\tfor i := range n {",
		"\t\tsum := 1 << 21",
		"\t\tfor k := range 4 * groups[i] {",
		"\t\t\tsum += weight(k) * row[first[i]+k]",
		"\t\t}",
		"\t\tout[i] = clip(sum >> 22)",
		"\t}",
		"",
		"first counts bytes. A group of weights is eight words: weights 0 and 1 less their lowest 8 bits, these bits of both, and",
		"the same of weights 2 and 3. The 16 bytes from the beginning of every four pixels must be there to read.")
	out0, out1, row0, row1 := parameter("out0"), parameter("out1"), parameter("row0"), parameter("row1")
	first, groups, weights, n := parameter("first"), parameter("groups"), parameter("weights"), parameter("n")
	pairs := [2]reg.VecVirtual{p.pairing("pair0"+p.name, 0), p.pairing("pair2"+p.name, 2)}
	half := doubles(label("half"), 1<<(weightBits-1)) // rounds a sum
	from0, from1, left := GP64(), GP64(), GP64()
	outputs, taps := label("outputs"), label("taps")
	Label(outputs)
	MOVLQSX(Mem{Base: first}, from0)
	ADDQ(count(4), first)
	LEAQ(Mem{Base: row1, Index: from0, Scale: 1}, from1)
	ADDQ(row0, from0)
	MOVLQSX(Mem{Base: groups}, left)
	ADDQ(count(4), groups)
	high, low := zero(), YMM()
	VMOVDQU(half, low)
	Label(taps)
	pixels, two, w := YMM(), YMM(), YMM()
	VMOVDQU(Mem{Base: from0}, pixels.AsX())
	VINSERTI128(Imm(1), Mem{Base: from1}, pixels, pixels)
	for i, pair := range pairs {
		VPSHUFB(pair, pixels, two)
		VPBROADCASTD(Mem{Base: weights, Disp: 8 * i}, w)
		VPMADDWD(two, w, w)
		VPADDD(w, high, high)
		VPBROADCASTD(Mem{Base: weights, Disp: 8*i + 4}, w)
		VPMADDWD(two, w, w)
		VPADDD(w, low, low)
	}
	ADDQ(count(4*p.bytes), from0)
	ADDQ(count(4*p.bytes), from1)
	ADDQ(count(16), weights)
	DECQ(left)
	JNZ(LabelRef(taps))
	join(high, low)
	VPACKSSDW(low, low, low)
	VPACKUSWB(low, low, low)
	second := XMM()
	VEXTRACTI128(Imm(1), low, second)
	p.store(low.AsX(), out0)
	p.store(second, out1)
	ADDQ(count(p.bytes), out0)
	ADDQ(count(p.bytes), out1)
	DECQ(n)
	JNZ(LabelRef(outputs))
	VZEROUPPER()
	RET()
}

// store writes one pixel and no byte more.
func (p pixel) store(v Op, out reg.GPVirtual) {
	if p.bytes == 4 {
		VMOVD(v, Mem{Base: out})
		return
	}
	VPEXTRW(Imm(0), v, Mem{Base: out})
	VPEXTRB(Imm(2), v, Mem{Base: out, Disp: 2})
}

// join brings sums of both parts of the weights to whole samples, in low.
func join(high, low reg.VecVirtual) {
	VPSLLD(Imm(lowBits), high, high)
	VPADDD(high, low, low)
	VPSRAD(Imm(weightBits), low, low)
}

// acrossGray resamples one row, sixteen samples at a time.
func acrossGray() {
	TEXT("AcrossGray", NOSPLIT, "func(out, row *byte, first, groups *int32, weights *int16, n int)")
	Doc("AcrossGray resamples a row of single bytes as AcrossRGB does, with groups of sixteen weights: sixteen words of weights less",
		"their lowest 8 bits, then sixteen of these bits.")
	out, row := parameter("out"), parameter("row")
	first, groups, weights, n := parameter("first"), parameter("groups"), parameter("weights"), parameter("n")
	from, left, sum := GP64(), GP64(), GP32()
	outputs, taps := label("outputs"), label("taps")
	Label(outputs)
	MOVLQSX(Mem{Base: first}, from)
	ADDQ(count(4), first)
	ADDQ(row, from)
	MOVLQSX(Mem{Base: groups}, left)
	ADDQ(count(4), groups)
	high, low := zero(), zero()
	Label(taps)
	samples, product := YMM(), YMM()
	VPMOVZXBW(Mem{Base: from}, samples)
	VPMADDWD(Mem{Base: weights}, samples, product)
	VPADDD(product, high, high)
	VPMADDWD(Mem{Base: weights, Disp: 32}, samples, product)
	VPADDD(product, low, low)
	ADDQ(count(16), from)
	ADDQ(count(64), weights)
	DECQ(left)
	JNZ(LabelRef(taps))
	VPSLLD(Imm(lowBits), high, high)
	VPADDD(high, low, low)
	folded := XMM()
	VEXTRACTI128(Imm(1), low, folded)
	VPADDD(folded, low.AsX(), low.AsX())
	VPSHUFD(Imm(0x4E), low.AsX(), folded)
	VPADDD(folded, low.AsX(), low.AsX())
	VPSHUFD(Imm(0xB1), low.AsX(), folded)
	VPADDD(folded, low.AsX(), low.AsX())
	VMOVD(low.AsX(), sum)
	ADDL(count(1<<(weightBits-1)), sum)
	SARL(Imm(weightBits), sum)
	VMOVD(sum, low.AsX())
	VPACKSSDW(low.AsX(), low.AsX(), low.AsX())
	VPACKUSWB(low.AsX(), low.AsX(), low.AsX())
	VPEXTRB(Imm(0), low.AsX(), Mem{Base: out})
	INCQ(out)
	DECQ(n)
	JNZ(LabelRef(outputs))
	VZEROUPPER()
	RET()
}

// down resamples one row of the result, 32 bytes of it at a time from all the rows above one another.
func down() {
	TEXT("Down", NOSPLIT, "func(out *byte, rows **byte, weights *int16, pairs, n int)")
	Doc("Down resamples one row of n bytes, n at least 32, from 2*pairs rows:",
		"",
		"\tsum := 1 << 21",
		"\tfor k := range 2 * pairs {",
		"\t\tsum += weight(k) * rows[k][x]",
		"\t}",
		"\tout[x] = clip(sum >> 22)",
		"",
		"A pair of weights is four words: both less their lowest 8 bits, then these bits of both.")
	out, rows, weights, pairs, n := parameter("out"), parameter("rows"), parameter("weights"), parameter("pairs"), parameter("n")
	nothing, half := zero(), doubles(label("half"), 1<<(weightBits-1))
	at, row, weight, left := GP64(), GP64(), GP64(), GP64()
	columns, taps, done := label("columns"), label("taps"), label("done")
	XORQ(at, at)
	SUBQ(count(32), n)
	Label(columns)
	MOVQ(rows, row)
	MOVQ(weights, weight)
	MOVQ(pairs, left)
	var high, low [4]reg.VecVirtual
	for i := range high {
		high[i], low[i] = zero(), YMM()
		VMOVDQU(half, low[i])
	}
	Label(taps)
	highWeights, lowWeights := YMM(), YMM()
	first, second := YMM(), YMM()
	pointer := GP64()
	MOVQ(Mem{Base: row}, pointer)
	VMOVDQU(Mem{Base: pointer, Index: at, Scale: 1}, first)
	MOVQ(Mem{Base: row, Disp: 8}, pointer)
	VMOVDQU(Mem{Base: pointer, Index: at, Scale: 1}, second)
	VPBROADCASTD(Mem{Base: weight}, highWeights)
	VPBROADCASTD(Mem{Base: weight, Disp: 4}, lowWeights)
	ADDQ(count(16), row)
	ADDQ(count(8), weight)
	lower, product := YMM(), YMM()
	VPUNPCKLBW(second, first, lower)
	VPUNPCKHBW(second, first, first)
	for i, both := range []reg.VecVirtual{lower, first} {
		for j, unpack := range []func(...Op){VPUNPCKLBW, VPUNPCKHBW} {
			two := second
			unpack(nothing, both, two)
			VPMADDWD(two, highWeights, product)
			VPADDD(product, high[2*i+j], high[2*i+j])
			VPMADDWD(two, lowWeights, product)
			VPADDD(product, low[2*i+j], low[2*i+j])
		}
	}
	DECQ(left)
	JNZ(LabelRef(taps))
	for i := range high {
		join(high[i], low[i])
	}
	VPACKSSDW(low[1], low[0], low[0])
	VPACKSSDW(low[3], low[2], low[2])
	VPACKUSWB(low[2], low[0], low[0])
	VMOVDQU(low[0], Mem{Base: out, Index: at, Scale: 1})
	// The last columns overlap those before them.
	CMPQ(at, n)
	JE(LabelRef(done))
	ADDQ(count(32), at)
	CMPQ(at, n)
	JLE(LabelRef(columns))
	MOVQ(n, at)
	JMP(LabelRef(columns))
	Label(done)
	VZEROUPPER()
	RET()
}

var digits = map[int]string{3: "three", 4: "four"}
