package jpeg

// sequential decodes a block of a baseline or extended sequential scan (T.81 F.2.2). The block must be zero. It returns
// the last index, in the order of the file, that may hold a coefficient.
func (e *entropy) sequential(c *component, block *[64]int16) int {
	size := e.symbol(c.dc)
	if size > 0 {
		c.predicted += extend(e.bits(size), size)
	}
	block[0] = int16(c.predicted)
	last := 0
	for k := 1; k < 64; k++ {
		symbol := e.symbol(c.ac)
		size := symbol & 15
		if size == 0 {
			if symbol != 0xF0 {
				break
			}
			k += 15
			continue
		}
		k += symbol >> 4
		block[zigzag[k]] = int16(extend(e.bits(size), size))
		last = k
	}
	return last
}
