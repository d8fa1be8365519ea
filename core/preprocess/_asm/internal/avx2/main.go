// Command avx2 writes the assembly of core/preprocess/internal/avx2.
package main

import . "github.com/mmcloughlin/avo/build"

func main() {
	ConstraintExpr("amd64")
	ConstraintExpr("!purego")
	across(rgb)
	across(rgba)
	acrossGray()
	down()
	transform()
	weigh()
	double()
	colors()
	Generate()
}
