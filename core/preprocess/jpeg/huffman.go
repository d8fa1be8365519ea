package jpeg

const lookBits = 8 // as in libjpeg: it decides when more data is fetched

// huffman decodes the symbols of one table (T.81 annex C and F.2.2.3).
type huffman struct {
	// look has, for every value of the next lookBits bits, length<<8 | symbol of the code that they begin with; 0 when
	// the code is longer.
	look [1 << lookBits]uint16
	// limit[n] is one more than the largest code of n bits, left-aligned in 16; longer codes are at or above it.
	limit   [17]int32
	offset  [17]int32 // of n bits: index of a symbol less its code
	symbols [256]uint8
	largest uint8 // symbol
	err     error // what is wrong with the table; a file may define such a table if it does not use it
}

func newHuffman(counts, symbols []byte) *huffman {
	h := new(huffman)
	copy(h.symbols[:], symbols)
	for _, s := range symbols {
		h.largest = max(h.largest, s)
	}
	code, index := int32(0), int32(0)
	for n := 1; n <= 16; n++ {
		h.offset[n] = index - code
		for range counts[n-1] {
			if code+1 >= 1<<n { // no code may be all ones (T.81 C.2)
				h.err = broken("Huffman table with too many codes of %d bits", n)
				return h
			}
			if n <= lookBits {
				first := code << (lookBits - n)
				for k := range int32(1) << (lookBits - n) {
					h.look[first+k] = uint16(n)<<8 | uint16(h.symbols[index])
				}
			}
			code++
			index++
		}
		h.limit[n] = code << (16 - n)
		code <<= 1
	}
	return h
}

// symbol decodes the next symbol. Bits that are no code count as 0, seventeen of them taken, as in libjpeg.
func (b *bitReader) symbol(h *huffman) int {
	if b.left < lookBits {
		b.fill()
	}
	entry := h.look[b.acc>>(64-lookBits)]
	if entry != 0 {
		b.acc <<= entry >> 8
		b.left -= int(entry >> 8)
		return int(entry & 255)
	}
	return b.longSymbol(h)
}

func (b *bitReader) longSymbol(h *huffman) int {
	code := int32(b.bits(lookBits + 1))
	for n := lookBits + 1; n <= 16; n++ {
		if code<<uint(16-n) < h.limit[n] {
			return int(h.symbols[(code+h.offset[n])&255])
		}
		code = code<<1 | int32(b.bits(1))
	}
	return 0
}
