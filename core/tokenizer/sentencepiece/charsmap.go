package sentencepiece

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Charsmap is a precompiled character map: a double-array trie (Aoe 1989, as Darts-clone lays it out) of strings to be
// replaced, and what replaces them.
type Charsmap struct {
	trie       []uint32
	normalized string // replacements, each with a NUL behind it
}

// NewCharsmap reads the form of a model's precompiled_charsmap: the size of the trie in bytes, the trie, the
// replacements.
func NewCharsmap(blob []byte) (*Charsmap, error) {
	if len(blob) < 4 {
		return nil, fmt.Errorf("the character map has %d bytes", len(blob))
	}
	size := binary.LittleEndian.Uint32(blob)
	if size%4 != 0 || size == 0 || uint64(size) > uint64(len(blob)-4) {
		return nil, fmt.Errorf("the character map of %d bytes claims a trie of %d", len(blob), size)
	}
	m := &Charsmap{trie: make([]uint32, size/4), normalized: string(blob[4+size:])}
	for i := range m.trie {
		m.trie[i] = binary.LittleEndian.Uint32(blob[4+4*i:])
	}
	return m, nil
}

// matches calls see for every string of the trie that text begins with, the shortest first, until it returns false.
func (m *Charsmap) matches(text string, see func(to, size int) bool) {
	offset := func(unit uint32) uint32 { return unit >> 10 << (unit & (1 << 9) >> 6) }
	at := offset(m.trie[0])
	for i := range len(text) {
		at ^= uint32(text[i])
		if uint64(at) >= uint64(len(m.trie)) {
			return
		}
		unit := m.trie[at]
		if unit&(1<<31|0xFF) != uint32(text[i]) {
			return
		}
		at ^= offset(unit)
		if unit>>8&1 == 0 {
			continue
		}
		if uint64(at) >= uint64(len(m.trie)) {
			return
		}
		if !see(int(m.trie[at]&(1<<31-1)), i+1) {
			return
		}
	}
}

// replacement is the string at a place of the list.
func (m *Charsmap) replacement(at int) string {
	if at >= len(m.normalized) {
		return ""
	}
	to, _, _ := strings.Cut(m.normalized[at:], "\x00")
	return to
}

// Longest is what replaces the longest beginning of text that is in the map, and that beginning's length; 0: none is.
func (m *Charsmap) Longest(text string) (to string, size int) {
	place := 0
	m.matches(text, func(to, n int) bool {
		place, size = to, n
		return true
	})
	if size == 0 {
		return "", 0
	}
	return m.replacement(place), size
}

// Shortest is what replaces the shortest beginning of text that is in the map, as Hugging Face's Precompiled normalizer
// looks it up. ok: there is one.
func (m *Charsmap) Shortest(text string) (to string, ok bool) {
	place := 0
	m.matches(text, func(to, _ int) bool {
		place, ok = to, true
		return false
	})
	if !ok {
		return "", false
	}
	return m.replacement(place), true
}
