package jpeg

import (
	"bytes"
	"encoding/binary"
)

// bitReader reads the coded data of a scan, most significant bit first, and stops at a marker (T.81 F.2.2.5).
//
// Past a marker it reads zeros, as libjpeg does: then left is negative, and the caller gives up the rest of the restart
// interval. It fetches data when libjpeg does, up to 64 bits ahead: a file that ends before that is refused by Pillow even
// when the bits at hand would do.
type bitReader struct {
	data   []byte
	at     int
	acc    uint64 // the next bits, left-aligned, zeros below
	left   int    // how many of them are data
	marker byte   // the marker that ended the data, 0 while there is none
	ended  bool   // more was wanted than the file holds
	clear  int    // no marker begins before
}

// blockBytes is more than the coded data of a block takes.
const blockBytes = 64 * 8

// roomy tells whether a whole block can be decoded without looking for markers or the end of the data.
func (b *bitReader) roomy() bool {
	if b.marker != 0 || b.left < 0 {
		return false
	}
	if b.at >= b.clear {
		b.clear = nextMarker(b.data, b.at)
	}
	return b.at+blockBytes <= b.clear
}

// nextMarker returns where the next marker begins, or the end of the data.
func nextMarker(data []byte, at int) int {
	for {
		n := bytes.IndexByte(data[at:], 0xFF)
		if n < 0 {
			return len(data)
		}
		if at += n; at+1 == len(data) || data[at+1] != 0 {
			return at
		}
		at += 2
	}
}

// quickNeed is how many bits the longest code and its value take.
const quickNeed = 32

// refill is fill for roomy data.
func refill(data []byte, acc uint64, left, at int) (uint64, int, int) {
	next := binary.BigEndian.Uint64(data[at:])
	if hasFF(next) {
		b := bitReader{data: data, at: at, acc: acc, left: left}
		b.fill()
		return b.acc, b.left, b.at
	}
	n := (64 - left) >> 3
	return acc | next>>(uint(left)&63), left + 8*n, at + n
}

// fill brings left to at least 57 unless a marker or the end of the file is near.
func (b *bitReader) fill() {
	if b.left < 0 {
		return
	}
	if b.at+8 <= len(b.data) && b.marker == 0 {
		next := binary.BigEndian.Uint64(b.data[b.at:])
		if !hasFF(next) {
			n := (64 - b.left) >> 3
			// Bits of the byte after those that are counted go along; they are the ones that come there later anyway.
			b.acc |= next >> uint(b.left)
			b.at += n
			b.left += 8 * n
			return
		}
	}
	for b.left <= 56 && b.marker == 0 {
		if b.at >= len(b.data) {
			b.ended = true
			return
		}
		value := b.data[b.at]
		if value == 0xFF {
			next := b.at + 1
			for next < len(b.data) && b.data[next] == 0xFF {
				next++
			}
			if next >= len(b.data) {
				b.ended = true
				return
			}
			b.at = next
			if b.data[next] != 0 {
				b.marker = b.data[next]
				b.at++
				return
			}
		}
		b.at++
		b.acc |= uint64(value) << uint(56-b.left)
		b.left += 8
	}
}

// hasFF tells whether a byte is 0xFF.
func hasFF(eight uint64) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	inverse := ^eight // a byte of it is zero there
	return (inverse-ones)&^inverse&highs != 0
}

// bits takes n bits, 0 to 16.
func (b *bitReader) bits(n int) int {
	if b.left < n {
		b.fill()
	}
	value := int(b.acc >> 1 >> uint(63-n))
	b.acc <<= uint(n)
	b.left -= n
	return value
}

// drop forgets the bits at hand, before a restart.
func (b *bitReader) drop() {
	b.acc, b.left = 0, 0
}

// extend turns the n bits of a coefficient, n > 0, into its signed value (T.81 figure F.12).
func extend(value, n int) int {
	if value < 1<<uint(n-1) {
		value += -1<<uint(n) + 1
	}
	return value
}
