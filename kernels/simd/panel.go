package simd

// The tile of the generic microkernel: it computes tileRows x tileColumns sums at once, which is as many as stay in the
// registers that the compiler hands out, and takes tileDepth products of each before it looks at its loop again.
const (
	tileRows    = 4
	tileColumns = 2
	tileDepth   = 4
)

func roundUp(n, multiple int) int { return (n + multiple - 1) / multiple * multiple }

// packColumns lays a matrix [out, in] out in panels of tileColumns outputs, the values of one input side by side:
// panel[k*tileColumns+c]. Missing outputs and inputs are zeros.
func packColumns(values []float32, out, in int) []float32 {
	depth := roundUp(in, tileDepth)
	packed := make([]float32, roundUp(out, tileColumns)*depth)
	for o := range out {
		panel := packed[o/tileColumns*tileColumns*depth:]
		for k, v := range values[o*in : (o+1)*in] {
			panel[k*tileColumns+o%tileColumns] = v
		}
	}
	return packed
}

// packRow puts one row of a product's left side into its place in a panel of tileRows rows: panel[k*tileRows+r].
func packRow(panel, row []float32, r int) {
	for k, v := range row {
		panel[k*tileRows+r] = v
	}
}

// multiply is the microkernel: sums[r*tileColumns+c] = Σ rows[k*tileRows+r]·columns[k*tileColumns+c]. Both panels are
// tileDepth-padded and equally deep.
func multiply(rows, columns []float32, sums *[tileRows * tileColumns]float32) {
	var s00, s01, s10, s11, s20, s21, s30, s31 float32
	for len(rows) >= tileDepth*tileRows && len(columns) >= tileDepth*tileColumns {
		r, c := (*[tileDepth * tileRows]float32)(rows), (*[tileDepth * tileColumns]float32)(columns)
		c0, c1 := c[0], c[1]
		v := r[0]
		s00 += v * c0
		s01 += v * c1
		v = r[1]
		s10 += v * c0
		s11 += v * c1
		v = r[2]
		s20 += v * c0
		s21 += v * c1
		v = r[3]
		s30 += v * c0
		s31 += v * c1
		c0, c1 = c[2], c[3]
		v = r[4]
		s00 += v * c0
		s01 += v * c1
		v = r[5]
		s10 += v * c0
		s11 += v * c1
		v = r[6]
		s20 += v * c0
		s21 += v * c1
		v = r[7]
		s30 += v * c0
		s31 += v * c1
		c0, c1 = c[4], c[5]
		v = r[8]
		s00 += v * c0
		s01 += v * c1
		v = r[9]
		s10 += v * c0
		s11 += v * c1
		v = r[10]
		s20 += v * c0
		s21 += v * c1
		v = r[11]
		s30 += v * c0
		s31 += v * c1
		c0, c1 = c[6], c[7]
		v = r[12]
		s00 += v * c0
		s01 += v * c1
		v = r[13]
		s10 += v * c0
		s11 += v * c1
		v = r[14]
		s20 += v * c0
		s21 += v * c1
		v = r[15]
		s30 += v * c0
		s31 += v * c1
		rows, columns = rows[tileDepth*tileRows:], columns[tileDepth*tileColumns:]
	}
	*sums = [tileRows * tileColumns]float32{s00, s01, s10, s11, s20, s21, s30, s31}
}
