package main

import "fmt"

// laneDepth is how many lanes of four bytes of a row lie side by side in a panel of rows.
const laneDepth = 4

// sdotLane adds four products of signed bytes to every lane: d += n · m[lane] (FEAT_DotProd).
func sdotLane(d, n, m v, lane int) {
	code := 0x4f80e000 | uint32(lane&1)<<21 | uint32(lane>>1)<<11 | uint32(m)<<16 | uint32(n)<<5 | uint32(d)
	word(code, "SDOT V%d, V%d, V%d[%d]", d, n, m, lane)
}

func fabs(d, n v)    { two("FABS", 0x4ea0f800, d, n) }
func scvtf(d, n v)   { two("SCVTF", 0x4e21d800, d, n) }
func umax(d, n, m v) { three("UMAX", 0x6ea06400, d, n, m) }
func umaxv(d, n v)   { word(0x6eb0a800|uint32(n)<<5|uint32(d), "UMAXV S%d, V%d", d, n) }

// converter is an instruction that changes the width of lanes; the upper kind fills or reads the upper half of a register.
func converter(name string, code uint32, upper bool, d, n v) {
	if upper {
		code |= 1 << 30
		name += "2"
	}
	word(code|uint32(n)<<5|uint32(d), "%s V%d, V%d", name, d, n)
}

// lane4 copies a lane into all four, smull multiplies the lower or upper eight signed bytes, addp adds neighbours of 16 bits, and
// sadalp adds pairs of such to lanes of 32 bits.
func lane4(d, n v, lane int) {
	word(0x4e040400|uint32(lane)<<19|uint32(n)<<5|uint32(d), "DUP V%d, V%d[%d]", d, n, lane)
}
func smull(upper bool, d, n, m v) {
	code, name := uint32(0x0e20c000), "SMULL"
	if upper {
		code, name = 0x4e20c000, "SMULL2"
	}
	word(code|uint32(m)<<16|uint32(n)<<5|uint32(d), "%s.8H V%d, V%d, V%d", name, d, n, m)
}
func addp(d, n, m v) {
	word(0x4e60bc00|uint32(m)<<16|uint32(n)<<5|uint32(d), "ADDP.8H V%d, V%d, V%d", d, n, m)
}
func sadalp(d, n v) { word(0x4e206800|1<<22|uint32(n)<<5|uint32(d), "SADALP.4S V%d, V%d", d, n) }

// bytesKernel is the matrix kernel for signed bytes. R0 is a, R1 b, R2 sums, R3 start, R4 next, R5 blocks. The registers are those of
// gemm. Without FEAT_DotProd four products are added in two steps; two of them fit into 16 bits.
func bytesKernel(rows int, dot bool) {
	name, what := "Bytes", "."
	if !dot {
		name, what = "BaseBytes", ", for processors without SDOT."
	}
	name = fmt.Sprintf("%s%d", name, rows)
	function(name, fmt.Sprintf("is generic.Bytes(%d) for %d columns%s", rows, 4*vectors, what),
		"a, b, sums, start, next *float32, blocks int", "a", "b", "sums", "start", "next", "blocks")
	sum := func(r, j int) v { return v(r*vectors + j) }
	left := func(r int) v { return v(16 + r) }
	right := func(k, j int) v {
		if !dot {
			k = 0
		}
		return v(24 + k*vectors + j)
	}
	loadRight := func(k int) {
		for j := range vectors {
			load(16*(k*vectors+j), "R1", right(k, j))
		}
	}
	for j := range vectors {
		load(16*j, "R3", sum(0, j))
		for r := 1; r < rows; r++ {
			move(sum(r, j), sum(0, j))
		}
	}
	label("loop")
	for r := range rows {
		load(16*r, "R0", left(r))
	}
	if dot {
		for k := range laneDepth {
			loadRight(k)
		}
	}
	line("PRFM 1024(R1), PLDL1KEEP")
	for k := range laneDepth {
		if !dot {
			loadRight(k)
		}
		for r := range rows {
			const x = v(26)
			if !dot {
				lane4(x, left(r), k)
			}
			for j := range vectors {
				if dot {
					sdotLane(sum(r, j), right(k, j), left(r), k)
					continue
				}
				low, high := v(27+2*j), v(28+2*j)
				smull(false, low, right(k, j), x)
				smull(true, high, right(k, j), x)
				addp(low, low, high)
				sadalp(sum(r, j), low)
			}
		}
	}
	line("ADD $%d, R0", 16*rows)
	line("ADD $%d, R1", 16*laneDepth*vectors)
	line("SUBS $1, R5")
	line("BNE loop")
	for r := range rows {
		for j := range vectors {
			store(sum(r, j), 16*(r*vectors+j), "R2")
		}
	}
	line("RET")
}

// settle finishes rows of whole tiles.
func settle() {
	function("settle", "is generic.Settle for 8 columns.", "dst, sums, scales, ends, residual *float32, ldd, ldr, rows int",
		"dst", "sums", "scales", "ends", "residual", "ldd", "ldr", "rows")
	for i := range v(4) { // scales and biases of the columns
		load(16*int(i), "R3", 16+i)
	}
	label("rows")
	line("VLD1R (R2), [V4.S4]")
	line("ADD $4, R2")
	for j := range v(vectors) {
		load(16*int(j), "R1", j)
		scvtf(j, j)
		fmul(5, 4, 16+j)
		move(2+j, 18+j)
		fmla(2+j, j, 5)
	}
	line("CBZ R4, alone")
	for j := range v(vectors) {
		load(16*int(j), "R4", 6)
		fadd(2+j, 2+j, 6)
	}
	line("ADD R6<<2, R4")
	label("alone")
	for j := range v(vectors) {
		store(2+j, 16*int(j), "R0")
	}
	line("ADD $%d, R1", 16*vectors)
	line("ADD R5<<2, R0")
	line("SUBS $1, R7")
	line("BNE rows")
	line("RET")
}

// magnitude compares magnitudes as integers, so that a NaN is the largest.
func magnitude() {
	function("magnitude", "is the largest magnitude of 4*n values.", "largest, src *float32, n int", "largest", "src", "n")
	zero(0)
	label("loop")
	load(0, "R1", 1)
	fabs(1, 1)
	umax(0, 0, 1)
	line("ADD $16, R1")
	line("SUBS $1, R2")
	line("BNE loop")
	umaxv(0, 0)
	line("FMOVS F0, (R0)")
	line("RET")
}

func quantize() {
	function("quantize", "rounds src[i]*factor[0] to bytes, 16 at a time in blocks that are stride lanes apart.",
		"dst, src, factor *float32, stride, blocks int", "dst", "src", "factor", "stride", "blocks")
	line("VLD1R (R2), [V16.S4]")
	label("loop")
	for i := range v(4) {
		load(16*int(i), "R1", i)
		fmul(i, i, 16)
		fcvtns(i, i)
	}
	for i := range v(2) {
		converter("SQXTN.4H", 0x0e614800, false, 4+i, 2*i)
		converter("SQXTN.4H", 0x0e614800, true, 4+i, 2*i+1)
	}
	converter("SQXTN.8B", 0x0e214800, false, 6, 4)
	converter("SQXTN.8B", 0x0e214800, true, 6, 5)
	store(6, 0, "R0")
	line("ADD $64, R1")
	line("ADD R3<<2, R0")
	line("SUBS $1, R4")
	line("BNE loop")
	line("RET")
}

// halves are conversions between float32 and 16 bits.
func halves() {
	function("Narrow", "rounds 8*blocks values to float16.", "dst *uint16, src *float32, blocks int", "dst", "src", "blocks")
	label("loop")
	load(0, "R1", 0)
	load(16, "R1", 1)
	converter("FCVTN.4H", 0x0e216800, false, 2, 0)
	converter("FCVTN.4H", 0x0e216800, true, 2, 1)
	store(2, 0, "R0")
	line("ADD $32, R1")
	line("ADD $16, R0")
	line("SUBS $1, R2")
	line("BNE loop")
	line("RET")
	for _, w := range []struct {
		name, doc, instruction string
		code                   uint32
	}{
		{"Widen", "turns n float16 values, a multiple of 8, into float32.", "FCVTL.4S", 0x0e217800},
		{"WidenBF16", "turns n bfloat16 values, a multiple of 8, into float32.", "SHLL.4S", 0x2e613800},
	} {
		function(w.name, w.doc, "dst *float32, src *uint16, n int", "dst", "src", "n")
		label("loop")
		load(0, "R1", 0)
		line("PRFM 512(R1), PLDL1KEEP")
		converter(w.instruction, w.code, false, 1, 0)
		converter(w.instruction, w.code, true, 2, 0)
		store(1, 0, "R0")
		store(2, 16, "R0")
		line("ADD $16, R1")
		line("ADD $32, R0")
		line("SUBS $8, R2")
		line("BNE loop")
		line("RET")
	}
}

// bytesCeiling does independent products of bytes.
func bytesCeiling() {
	function("BytesCeiling", "multiplies and adds bytes as fast as the machine can: 96 vectors a round.", "rounds int", "rounds")
	for i := range v(25) {
		zero(i)
	}
	label("loop")
	for range 4 {
		for i := range v(24) {
			sdotLane(i, 24, 24, 0)
		}
	}
	line("SUBS $1, R0")
	line("BNE loop")
	line("RET")
}
