package ftfy

import (
	"strings"
	"sync"
)

// clue says what part of a UTF-8 sequence a character may be, when its bytes were read in a Latin-1-like encoding.
type clue uint8

const (
	leadOf2 clue = 1 << iota
	leadOf3
	leadOf4
	trail
	strictTrail // a trail that is hardly ever itself next to mojibake: no space, dash, bullet, quotation mark, ellipsis
)

// bytecode says which bytes a character above ASCII can have been.
type bytecode struct {
	in    uint16 // bit m is set if charmap m has the character
	clue  clue
	codes [charmaps]byte
}

const everyCharmap = 1<<charmaps - 1

// bytecodes holds every character that a charmap has beyond ASCII.
var bytecodes = sync.OnceValue(func() map[rune]*bytecode {
	t := make(map[rune]*bytecode, 700)
	of := func(r rune) *bytecode {
		if t[r] == nil {
			t[r] = new(bytecode)
		}
		return t[r]
	}
	for m := range charmaps {
		for b := 0x80; b <= 0xFF; b++ {
			c := of(m.decode(byte(b)))
			c.in |= 1 << m
			c.codes[m] = byte(b)
			if m <= windows1257 {
				c.clue |= clueOf(byte(b))
			}
		}
		if m.isWindows() {
			c := of(lost)
			c.in |= 1 << m
			c.codes[m] = substitute
		}
	}
	for _, r := range "–—―‘’‚“”„•…" {
		t[r].clue &^= strictTrail
	}
	return t
})

// clueOf leaves out the leads of unassigned characters: of four-byte sequences 0xF0 and 0xF3 remain.
func clueOf(b byte) clue {
	switch {
	case b <= 0xBF:
		return trail | strictTrail
	case 0xC2 <= b && b <= 0xDF:
		return leadOf2
	case 0xE0 <= b && b <= 0xEF:
		return leadOf3
	case b == 0xF0, b == 0xF3:
		return leadOf4
	}
	return 0
}

// possible returns the charmaps that have all characters of the text, a bit each.
func possible(text string) uint16 {
	in, codes := uint16(everyCharmap), bytecodes()
	for _, r := range text {
		switch {
		case r == substitute:
			in &^= windowsCharmaps
		case r < 0x80:
		case codes[r] == nil:
			return 0
		default:
			in &= codes[r].in
		}
	}
	return in
}

const windowsCharmaps = 1<<(windows1257+1) - 1<<windows1252

// encode returns the text's bytes in a charmap that has all its characters.
func (m charmap) encode(text string) []byte {
	out, codes := make([]byte, 0, len(text)), bytecodes()
	for _, r := range text {
		if r < 0x80 {
			out = append(out, byte(r))
		} else {
			out = append(out, codes[r].codes[m])
		}
	}
	return out
}

// repairEmbedded calls repair for every stretch that looks like UTF-8 in a single-byte encoding, and that no trail byte
// precedes, and puts the results in place (ftfy.fixes.decode_inconsistent_utf8).
func repairEmbedded(text string, repair func(string) string) string {
	runes := []rune(text)
	clues, codes := make([]clue, len(runes)), bytecodes()
	for i, r := range runes {
		if r == ' ' {
			clues[i] = trail
		} else if c := codes[r]; r >= 0x80 && c != nil {
			clues[i] = c.clue
		}
	}
	var out strings.Builder
	done := 0
	for i := 0; i < len(runes); {
		end := i
		if i == 0 || clues[i-1]&strictTrail == 0 {
			end += sequencesLength(clues[i:])
		}
		if end == i {
			i++
			continue
		}
		out.WriteString(string(runes[done:i]))
		out.WriteString(repair(string(runes[i:end])))
		i, done = end, end
	}
	if done == 0 {
		return text
	}
	out.WriteString(string(runes[done:]))
	return out.String()
}

// sequencesLength returns the number of characters of the sequences at the start of clues, each a lead and its trails.
func sequencesLength(clues []clue) int {
	length := 0
	for length < len(clues) {
		var trails int
		switch lead := clues[length]; {
		case lead&leadOf2 != 0:
			trails = 1
		case lead&leadOf3 != 0:
			trails = 2
		case lead&leadOf4 != 0:
			trails = 3
		default:
			return length
		}
		if length+trails >= len(clues) {
			return length
		}
		for _, c := range clues[length+1 : length+1+trails] {
			if c&trail == 0 {
				return length
			}
		}
		length += 1 + trails
	}
	return length
}
