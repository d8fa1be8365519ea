package jpeg

// Constants of the transform, times 2^13: Loeffler, Ligtenberg and Moschytz, "Practical fast 1-D DCT algorithms with 11
// multiplications" (1989), as in libjpeg's JDCT_ISLOW.
const (
	fix0298 = 2446
	fix0390 = 3196
	fix0541 = 4433
	fix0765 = 6270
	fix0899 = 7373
	fix1175 = 9633
	fix1501 = 12299
	fix1847 = 15137
	fix1961 = 16069
	fix2053 = 16819
	fix2562 = 20995
	fix3072 = 25172
)

// transform dequantizes a block and writes its 8 x 8 samples to out, whose rows are stride apart: columns first with two
// more bits, then rows. Values of 16 bits wrap or are clipped where libjpeg-turbo's vector code does so; only damaged files come
// there. last is the last index, in the order of the file, that is not zero.
func transform(out []byte, stride int, block, quantizer *[64]int16, last int) {
	if last == 0 {
		flat(out, stride, int32(block[0]*quantizer[0]<<2))
		return
	}
	var between [64]int32
	var overflow uint32
	for x := range 8 {
		c0, c1 := block[x]*quantizer[x], block[x+8]*quantizer[x+8]
		c2, c3 := block[x+16]*quantizer[x+16], block[x+24]*quantizer[x+24]
		c4, c5 := block[x+32]*quantizer[x+32], block[x+40]*quantizer[x+40]
		c6, c7 := block[x+48]*quantizer[x+48], block[x+56]*quantizer[x+56]
		if c1|c2|c3|c4|c5|c6|c7 == 0 {
			v := int32(c0) << 2
			overflow |= uint32(v+1<<15) >> 16
			for y := 0; y < 64; y += 8 {
				between[x+y] = v
			}
			continue
		}
		e0, e1, e2, e3 := even(c0, c2, c4, c6)
		o0, o1, o2, o3 := odd(c1, c3, c5, c7)
		const half = 1 << 10
		e0, e1, e2, e3 = e0+half, e1+half, e2+half, e3+half
		r0, r7, r1, r6 := (e0+o3)>>11, (e0-o3)>>11, (e1+o2)>>11, (e1-o2)>>11
		r2, r5, r3, r4 := (e2+o1)>>11, (e2-o1)>>11, (e3+o0)>>11, (e3-o0)>>11
		overflow |= (uint32(r0+1<<15) | uint32(r1+1<<15) | uint32(r2+1<<15) | uint32(r3+1<<15) |
			uint32(r4+1<<15) | uint32(r5+1<<15) | uint32(r6+1<<15) | uint32(r7+1<<15)) >> 16
		between[x], between[x+8], between[x+16], between[x+24] = r0, r1, r2, r3
		between[x+32], between[x+40], between[x+48], between[x+56] = r4, r5, r6, r7
	}
	if overflow != 0 {
		narrow(&between, block)
	}
	for y := range 8 {
		row := (*[8]int32)(between[8*y:])
		o := (*[8]byte)(out[y*stride:])
		if row[1]|row[2]|row[3]|row[4]|row[5]|row[6]|row[7] == 0 {
			v := sample((row[0] + 16) >> 5)
			*o = [8]byte{v, v, v, v, v, v, v, v}
			continue
		}
		e0, e1, e2, e3 := even(int16(row[0]), int16(row[2]), int16(row[4]), int16(row[6]))
		o0, o1, o2, o3 := odd(int16(row[1]), int16(row[3]), int16(row[5]), int16(row[7]))
		const half = 1 << 17
		e0, e1, e2, e3 = e0+half, e1+half, e2+half, e3+half
		o[0], o[7] = sample((e0+o3)>>18), sample((e0-o3)>>18)
		o[1], o[6] = sample((e1+o2)>>18), sample((e1-o2)>>18)
		o[2], o[5] = sample((e2+o1)>>18), sample((e2-o1)>>18)
		o[3], o[4] = sample((e3+o0)>>18), sample((e3-o0)>>18)
	}
}

// narrow brings what is between the passes to 16 bits as libjpeg-turbo's vector code does: it clips, except that it wraps
// where the first pass is no more than a shift because only the first row holds coefficients.
func narrow(between *[64]int32, block *[64]int16) {
	var below int16
	for _, v := range block[8:] {
		below |= v
	}
	for i, v := range between {
		if below == 0 {
			between[i] = int32(int16(v))
		} else {
			between[i] = max(-1<<15, min(1<<15-1, v))
		}
	}
}

// even is the half of the one-dimensional transform that takes the even coefficients.
func even(c0, c2, c4, c6 int16) (e0, e1, e2, e3 int32) {
	z := (int32(c2) + int32(c6)) * fix0541
	t2, t3 := z-int32(c6)*fix1847, z+int32(c2)*fix0765
	t0, t1 := int32(c0+c4)<<13, int32(c0-c4)<<13
	return t0 + t3, t1 + t2, t1 - t2, t0 - t3
}

// odd is the half of the one-dimensional transform that takes the odd coefficients.
func odd(c1, c3, c5, c7 int16) (o0, o1, o2, o3 int32) {
	t0, t1, t2, t3 := int32(c7), int32(c5), int32(c3), int32(c1)
	z3, z4 := int32(c7+c3), int32(c5+c1)
	z1, z2 := (t0+t3)*-fix0899, (t1+t2)*-fix2562
	z5 := (z3 + z4) * fix1175
	z3, z4 = z3*-fix1961+z5, z4*-fix0390+z5
	return t0*fix0298 + z1 + z3, t1*fix2053 + z2 + z4, t2*fix3072 + z2 + z3, t3*fix1501 + z1 + z4
}

// flat writes a block that has a DC coefficient only, here already times 4.
func flat(out []byte, stride int, dc int32) {
	v := sample((dc + 16) >> 5)
	row := [8]byte{v, v, v, v, v, v, v, v}
	for y := range 8 {
		*(*[8]byte)(out[y*stride:]) = row
	}
}

// sample shifts a value from around 0 to 0..255 and clips it.
func sample(v int32) byte {
	v += 128
	if uint32(v) > 255 {
		return byte(^v >> 31)
	}
	return byte(v)
}
