package jpeg

// sequential decodes a block of a baseline or extended sequential scan (T.81 F.2.2). The block must be zero. It returns
// the last index, in the order of the file, that may hold a coefficient.
func (e *entropy) sequential(c *component, block *[64]int16) int {
	if e.roomy() {
		return e.quickSequential(c, block)
	}
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

// quickSequential does the same where the data is roomy.
func (e *entropy) quickSequential(c *component, block *[64]int16) int {
	data, at, acc, left := e.data, e.at, e.acc, e.left
	table := c.dc
	last := 0
	for k := 0; k < 64; {
		if left < quickNeed {
			acc, left, at = refill(data, acc, left, at)
		}
		entry := table.quick[acc>>(64-quickBits)]
		if entry == 0 {
			entry = table.whole(acc)
		}
		acc <<= entry & 63
		left -= int(entry & 63)
		value := int16(entry >> 16)
		if k == 0 {
			c.predicted += int(value)
			block[0] = int16(c.predicted)
			k, table = 1, c.ac
			continue
		}
		k += int(entry >> 8 & 255)
		if k >= len(zigzag) {
			break
		}
		block[zigzag[k]&63] = value
		last = k
		k++
	}
	e.at, e.acc, e.left = at, acc, left
	return last
}
