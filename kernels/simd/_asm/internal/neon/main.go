package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"

	"github.com/goclip/goclip/kernels/simd/_asm/internal/approx"
)

// The tile: 8 rows x 8 columns are 16 registers of sums; 8 more hold four values of each row, 8 the weights for those.
const (
	rows    = 8
	vectors = 2
	depth   = 8
)

var stubs bytes.Buffer

// function begins a function; arguments are names of 8 bytes each.
func function(name, doc, signature string, arguments ...string) {
	fmt.Fprintf(&stubs, "\n// %s %s\n//\n//go:noescape\nfunc %s(%s)\n", name, doc, name, signature)
	fmt.Fprintf(&text, "\n// func %s(%s)\nTEXT ·%s(SB), NOSPLIT, $0-%d\n", name, signature, name, 8*len(arguments))
	for i, a := range arguments {
		line("MOVD %s+%d(FP), R%d", a, 8*i, i)
	}
}

// gemm computes a whole tile of so many rows. R0 is a, R1 b, R2 c, R3 bias, R4 residual, R5 blocks, R6 ldc, R7 ldr, R8
// accumulate.
func gemm(rows int) {
	name := fmt.Sprintf("gemm%d", rows)
	function(name, fmt.Sprintf("is generic.Gemm(%d) for %d columns.", rows, 4*vectors),
		"a, b, c, bias, residual *float32, blocks, ldc, ldr, accumulate int",
		"a", "b", "c", "bias", "residual", "blocks", "ldc", "ldr", "accumulate")
	sum := func(r, j int) v { return v(r*vectors + j) }
	left := func(r int) v { return v(16 + r) }
	right := func(k, j int) v { return v(24 + k*vectors + j) }
	for r := range rows {
		for j := range vectors {
			zero(sum(r, j))
		}
	}
	line("LSL $2, R6")
	line("LSL $2, R7")
	label("loop")
	for half := range 2 {
		for r := range rows {
			load(4*(r*depth+4*half), "R0", left(r))
		}
		for k := range 4 {
			for j := range vectors {
				load(16*((4*half+k)*vectors+j), "R1", right(k, j))
			}
		}
		line("PRFM %d(R1), PLDL1KEEP", 1024+128*half)
		for k := range 4 {
			for r := range rows {
				for j := range vectors {
					fmlaLane(sum(r, j), right(k, j), left(r), k)
				}
			}
		}
	}
	line("ADD $%d, R0", 4*depth*rows)
	line("ADD $%d, R1", 16*depth*vectors)
	line("SUBS $1, R5")
	line("BNE loop")

	addRows := func(base, stride string) {
		for r := range rows {
			for j := range vectors {
				load(16*j, base, left(j))
				fadd(sum(r, j), sum(r, j), left(j))
			}
			line("ADD %s, %s", stride, base)
		}
	}
	line("CBZ R8, fresh")
	line("MOVD R2, R9")
	addRows("R9", "R6")
	label("fresh")
	line("CBZ R3, unbiased")
	for j := range vectors {
		load(16*j, "R3", left(j))
	}
	for r := range rows {
		for j := range vectors {
			fadd(sum(r, j), sum(r, j), left(j))
		}
	}
	label("unbiased")
	line("CBZ R4, alone")
	addRows("R4", "R7")
	label("alone")
	for r := range rows {
		for j := range vectors {
			store(sum(r, j), 16*j, "R2")
		}
		line("ADD R6, R2")
	}
	line("RET")
}

// rowwise applies body, which turns V0 into V0, to n values of every row, four at a time and then one by one.
func rowwise(name, doc string, prepare, body func()) {
	function(name, doc, "dst *float32, ldd int, src *float32, lds, rows, n int", "dst", "ldd", "src", "lds", "rows", "n")
	line("MOVD $table<>(SB), R9")
	prepare()
	label("rows")
	line("MOVD R0, R10")
	line("MOVD R2, R11")
	line("MOVD R5, R12")
	label("four")
	line("CMP $4, R12")
	line("BLT one")
	load(0, "R11", 0)
	body()
	store(0, 0, "R10")
	line("ADD $16, R10")
	line("ADD $16, R11")
	line("SUB $4, R12")
	line("B four")
	label("one")
	line("CBZ R12, next")
	line("FMOVS (R11), F0")
	body()
	line("FMOVS F0, (R10)")
	line("ADD $4, R10")
	line("ADD $4, R11")
	line("SUB $1, R12")
	line("B one")
	label("next")
	line("ADD R1<<2, R0")
	line("ADD R3<<2, R2")
	line("SUBS $1, R4")
	line("BNE rows")
	line("RET")
}

// The registers of the exponential: V24 to V31 hold its constants.
const (
	one, lowest, highest = v(24), v(25), v(26)
	poly                 = v(27)
)

func prepareExp2(low float32) {
	constant(1, one)
	constant(low, lowest)
	constant(126, highest)
	for i, c := range approx.Exp2 {
		constant(c, poly+v(i))
	}
}

// exp2 turns V1 into 2^V1 with V2 to V4.
func exp2() {
	fmin(1, 1, highest)
	fmax(1, 1, lowest)
	frintn(2, 1)
	fsub(1, 1, 2)
	p, q := v(3), v(4)
	last := len(approx.Exp2) - 1
	move(p, poly+v(last))
	for i := last - 1; i >= 0; i-- {
		move(q, poly+v(i))
		fmla(q, p, 1)
		p, q = q, p
	}
	move(q, one)
	fmla(q, p, 1)
	fcvtns(2, 2)
	toExponent(2, 2)
	add(1, q, 2)
}

func activate(a approx.Activation) {
	odd := func(i int) v { return v(16 + i) }
	rowwise(a.Name, "applies "+a.Doc+".", func() {
		prepareExp2(-126)
		for i, c := range a.Scaled() {
			constant(c, odd(i))
		}
		if a.Largest > 0 {
			constant(a.Largest, 23)
		}
	}, func() {
		if n := len(a.Odd); n == 1 {
			fmul(1, 0, odd(0))
		} else {
			fmul(5, 0, 0)
			if a.Largest > 0 {
				fmin(5, 5, 23)
			}
			p, q := v(1), v(2)
			move(p, odd(n-1))
			for i := n - 2; i >= 0; i-- {
				move(q, odd(i))
				fmla(q, p, 5)
				p, q = q, p
			}
			fmul(1, p, 0)
		}
		exp2()
		fadd(1, 1, one)
		if a.Gate {
			fdiv(0, one, 1)
		} else {
			fdiv(0, 0, 1)
		}
	})
}

func main() {
	out, stub := flag.String("out", "", "assembly"), flag.String("stubs", "", "declarations")
	flag.Parse()
	const header = "// Code generated by command: go run ./internal/neon -out %s -stubs %s. DO NOT EDIT.\n\n//go:build !purego\n\n"
	for r := 1; r <= rows; r++ {
		gemm(r)
	}
	rowwise("Copy", "copies.", func() {}, func() {})
	rowwise("ReLU", "applies max(x, 0).", func() { zero(16) }, func() { fmax(0, 0, 16) })
	for _, a := range approx.Activations {
		activate(a)
	}
	exponentials()
	zip("Add", "+", fadd)
	zip("Mul", "*", fmul)
	ceiling()
	for r := 1; r <= rows; r++ {
		bytesKernel(r, true)
		if r <= rows/2 { // lower tiles do as well where products take four times as many instructions
			bytesKernel(r, false)
		}
	}
	bytesCeiling()
	settle()
	magnitude()
	quantize()
	halves()
	head := fmt.Sprintf(header, *out, *stub)
	write(*out, head+"#include \"textflag.h\"\n\n"+table()+text.String())
	write(*stub, head+"package neon\n"+stubs.String())
}

func write(path, content string) {
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// exponentials is the inner part of softmax. top and factor are read from memory, since they change with every row.
func exponentials() {
	function("exponentials", "computes list[i] = 2^((list[i]-by[0])*by[1]).", "list, by *float32, n int", "list", "by", "n")
	line("MOVD $table<>(SB), R9")
	prepareExp2(-90)
	line("VLD1R (R1), [V16.S4]")
	line("ADD $4, R1")
	line("VLD1R (R1), [V17.S4]")
	body := func() {
		fsub(1, 0, 16)
		fmul(1, 1, 17)
		exp2()
	}
	label("four")
	line("CMP $4, R2")
	line("BLT one")
	load(0, "R0", 0)
	body()
	store(1, 0, "R0")
	line("ADD $16, R0")
	line("SUB $4, R2")
	line("B four")
	label("one")
	line("CBZ R2, done")
	line("FMOVS (R0), F0")
	body()
	line("FMOVS F1, (R0)")
	line("ADD $4, R0")
	line("SUB $1, R2")
	line("B one")
	label("done")
	line("RET")
}

func zip(name, sign string, join func(d, n, m v)) {
	function(name, "is dst[i] = a[i] "+sign+" b[i].", "dst, a, b *float32, n int", "dst", "a", "b", "n")
	label("four")
	line("CMP $4, R3")
	line("BLT one")
	load(0, "R1", 0)
	load(0, "R2", 1)
	join(0, 0, 1)
	store(0, 0, "R0")
	for _, r := range []string{"R0", "R1", "R2"} {
		line("ADD $16, %s", r)
	}
	line("SUB $4, R3")
	line("B four")
	label("one")
	line("CBZ R3, done")
	line("FMOVS (R1), F0")
	line("FMOVS (R2), F1")
	join(0, 0, 1)
	line("FMOVS F0, (R0)")
	for _, r := range []string{"R0", "R1", "R2"} {
		line("ADD $4, %s", r)
	}
	line("SUB $1, R3")
	line("B one")
	label("done")
	line("RET")
}

// ceiling does independent fused multiplications and additions.
func ceiling() {
	function("Ceiling", "multiplies and adds as fast as the machine can: 96 vectors a round.", "rounds int", "rounds")
	for i := range v(25) {
		zero(i)
	}
	label("loop")
	for range 4 {
		for i := range v(24) {
			fmla(i, 24, 24)
		}
	}
	line("SUBS $1, R0")
	line("BNE loop")
	line("RET")
}
