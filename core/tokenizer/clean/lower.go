package clean

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	capitalSigma = 'Σ'
	smallSigma   = 'σ'
	finalSigma   = 'ς'
	dottedI      = 'İ'
)

// ToLower is Python's str.lower: unlike strings.ToLower it turns İ into i and U+0307, and Σ into ς at the end of a word
// (Unicode's SpecialCasing.txt).
func ToLower(s string) string {
	if !strings.ContainsRune(s, capitalSigma) && !strings.ContainsRune(s, dottedI) {
		return strings.ToLower(s)
	}
	var out strings.Builder
	out.Grow(len(s))
	for i, r := range s {
		switch {
		case r == dottedI:
			out.WriteString("i\u0307")
		case r == capitalSigma && endsWord(s[:i], s[i+len("Σ"):]):
			out.WriteRune(finalSigma)
		case r == capitalSigma:
			out.WriteRune(smallSigma)
		default:
			out.WriteRune(unicode.ToLower(r))
		}
	}
	return out.String()
}

// endsWord tells whether a sigma between the two texts is a final one: a cased letter before it and none after it, those
// that case ignores (apostrophes, marks) not counted.
func endsWord(before, after string) bool {
	for {
		r, size := utf8.DecodeLastRuneInString(before)
		if size == 0 {
			return false
		}
		if !ignoredByCase(r) {
			if !cased(r) {
				return false
			}
			break
		}
		before = before[:len(before)-size]
	}
	for _, r := range after {
		if !ignoredByCase(r) {
			return !cased(r)
		}
	}
	return true
}

func cased(r rune) bool {
	return unicode.In(r, unicode.Lu, unicode.Ll, unicode.Lt, unicode.Other_Uppercase, unicode.Other_Lowercase)
}

// ignoredByCase is Unicode's Case_Ignorable: marks, format characters, modifiers, and punctuation inside of words.
func ignoredByCase(r rune) bool {
	return strings.ContainsRune("'.:·\u0387\u055f\u05f4‘’\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a", r) ||
		unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk)
}
