package jpeg

const lookBits = 8 // as in libjpeg: it decides when more data is fetched

// A quick table tells for every value of the next quickBits bits all about the code that they begin with, if the bits that
// follow the code are among them: the bits of both, how many coefficients are zero (endOfBlock and the run when the symbol
// has no size), and the signed value in the upper half. Other entries are 0.
const (
	quickBits  = 10
	endOfBlock = 0x80
)

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
	quick   *[1 << quickBits]uint32
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

func (h *huffman) fillQuick() {
	if h.quick != nil {
		return
	}
	h.quick = new([1 << quickBits]uint32)
	for bits := range h.quick {
		if entry := h.whole(uint64(bits) << (64 - quickBits)); entry&255 <= quickBits {
			h.quick[bits] = entry
		}
	}
}

// next is the entry for the bits that come next.
func (h *huffman) next(acc uint64) uint32 {
	if entry := h.quick[acc>>(64-quickBits)]; entry != 0 {
		return entry
	}
	return h.whole(acc)
}

// whole makes the entry for the bits that come next, however many belong to it: 31 at most.
func (h *huffman) whole(acc uint64) uint32 {
	b := bitReader{acc: acc, left: 64}
	symbol := b.symbol(h)
	run, size := symbol>>4, symbol&15
	value := 0
	switch {
	case size > 0:
		value = extend(b.bits(size), size)
	case run < 15:
		run |= endOfBlock
	}
	return uint32(64-b.left) | uint32(run)<<8 | uint32(value)<<16
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
