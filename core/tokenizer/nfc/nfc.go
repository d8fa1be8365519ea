// Package nfc brings text to Unicode's normalization form C, as Python's unicodedata and the tokenizers library do.
//
// golang.org/x/text does the work. It alone follows the Stream-Safe Text Format, though, and puts a U+034F into every
// sequence of more than thirty combining marks, which changes the tokens of such a text; those are composed here.
package nfc

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// fewMarks is a number of marks in a row that x/text is sure to take: a rune decomposes into four at most, and it takes
// thirty.
const fewMarks = 7

// String returns s in form C.
func String(s string) string {
	if isASCII(s) {
		return s
	}
	if !hasManyMarks(s) {
		return norm.NFC.String(s)
	}
	return compose(decompose(s))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func hasManyMarks(s string) bool {
	marks := 0
	for _, r := range s {
		if r < utf8.RuneSelf {
			marks = 0
			continue
		}
		p := properties(r)
		if p.CCC() == 0 {
			marks = 0
		}
		if p.TrailCCC() != 0 {
			marks++
		}
		if marks > fewMarks {
			return true
		}
	}
	return false
}

func properties(r rune) norm.Properties {
	var buf [utf8.UTFMax]byte
	return norm.NFD.Properties(buf[:utf8.EncodeRune(buf[:], r)])
}

type mark struct {
	r   rune
	ccc uint8
}

// decompose returns the canonical decomposition of s, marks in canonical order.
func decompose(s string) []mark {
	out := make([]mark, 0, len(s))
	for _, r := range s {
		if r < utf8.RuneSelf {
			out = append(out, mark{r: r})
			continue
		}
		for _, d := range norm.NFD.String(string(r)) {
			out = append(out, mark{d, properties(d).CCC()})
		}
	}
	for i := 0; i < len(out); {
		end := i
		for end < len(out) && out[end].ccc != 0 {
			end++
		}
		slices.SortStableFunc(out[i:end], func(a, b mark) int { return int(a.ccc) - int(b.ccc) })
		i = end + 1
	}
	return out
}

// compose joins each starter with the marks after it that no mark of the same class, or other starter, shuts off.
func compose(in []mark) string {
	out := make([]rune, 0, len(in))
	starter := -1
	var last uint8
	for _, m := range in {
		adjacent := starter == len(out)-1
		if starter >= 0 && (adjacent || last != 0 && last < m.ccc) {
			if joined, ok := pair(out[starter], m.r); ok {
				out[starter] = joined
				continue
			}
		}
		if m.ccc == 0 {
			starter = len(out)
		}
		last = m.ccc
		out = append(out, m.r)
	}
	var b strings.Builder
	b.Grow(len(out))
	for _, r := range out {
		b.WriteRune(r)
	}
	return b.String()
}

// pair returns the primary composite of two characters.
func pair(a, b rune) (rune, bool) {
	if b < utf8.RuneSelf {
		return 0, false
	}
	joined := norm.NFC.String(string(a) + string(b))
	r, size := utf8.DecodeRuneInString(joined)
	return r, size == len(joined)
}
