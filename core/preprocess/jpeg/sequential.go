package jpeg

import "encoding/binary"

// blockBytes is more than the coded data of a block takes.
const blockBytes = 64 * 8

// sequential decodes a block of a baseline or extended sequential scan (T.81 F.2.2). The block must be zero. It returns
// the last index, in the order of the file, that may hold a coefficient.
func (e *entropy) sequential(c *component, block *[64]int16) int {
	if e.at+blockBytes <= len(e.data) && e.marker == 0 && e.left >= 0 {
		if last, ok := e.quickSequential(c, block); ok {
			return last
		}
		*block = [64]int16{} // a marker came
	}
	return e.symbols(c, block)
}

// symbols does so symbol by symbol.
func (e *entropy) symbols(c *component, block *[64]int16) int {
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

// quickSequential does the same far from the end of the data. It gives up, and has changed nothing but the block, where it
// comes upon a marker.
func (e *entropy) quickSequential(c *component, block *[64]int16) (last int, ok bool) {
	data, at, acc, left := e.data, e.at, e.acc, e.left
	predicted := c.predicted
	table := c.dc
	for k := 0; k < 64; {
		if left < 32 { // enough for the longest code and its value
			if at+8 > len(data) {
				return 0, false
			}
			next := binary.BigEndian.Uint64(data[at:])
			if hasFF(next) {
				b := bitReader{data: data, at: at, acc: acc, left: left}
				if b.fill(); b.marker != 0 {
					return 0, false
				}
				acc, left, at = b.acc, b.left, b.at
			} else {
				acc |= next >> (uint(left) & 63)
				n := (64 - left) >> 3
				at += n
				left += 8 * n
			}
		}
		entry := table.quick[acc>>(64-quickBits)]
		if entry == 0 {
			entry = table.whole(acc)
		}
		acc <<= entry & 63
		left -= int(entry & 63)
		value := int16(entry >> 16)
		if k == 0 {
			predicted += int(value)
			block[0] = int16(predicted)
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
	e.at, e.acc, e.left, c.predicted = at, acc, left, predicted
	return last, true
}
