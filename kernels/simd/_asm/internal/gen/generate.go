package gen

import (
	"flag"
	"log"
	"os"
	"regexp"

	"github.com/goclip/goclip/kernels/simd/_asm/internal/approx"
	. "github.com/mmcloughlin/avo/build"
)

// Write makes all kernels of an instruction set, to the files that avo's flags name.
func Write(s ISA) {
	ConstraintExpr("amd64,!purego")
	for rows := 1; rows <= s.Rows; rows++ {
		s.gemm(rows)
	}
	s.copyRows()
	s.relu()
	for _, a := range approx.Activations {
		s.activate(a)
	}
	s.zip("Add", "+", VADDPS)
	s.zip("Mul", "*", VMULPS)
	s.layerNorm()
	s.normalize()
	s.mean()
	s.rotate()
	s.softmax()
	s.packRow()
	s.narrow()
	s.widenAll()
	s.transpose()
	s.depthwise()
	s.ceiling()
	s.int8()
	if s.Wide {
		s.bf16()
	}
	Generate()
	squeeze(flag.Lookup("out").Value.String())
}

// squeeze takes out the columns that avo lines operands up in: a fifth of a file.
func squeeze(path string) {
	data, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, regexp.MustCompile(`(?m)(\S) {2,}(\S)`).ReplaceAll(data, []byte("$1 $2")), 0o644)
	}
	if err != nil {
		log.Fatal(err)
	}
}
