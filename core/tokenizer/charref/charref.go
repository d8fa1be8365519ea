// Package charref resolves HTML character references ("&amp;", "&#233;", "&eacute") as Python's html.unescape does,
// which the CLIP tokenizers apply to every text. It differs from Go's html package in the numbers that it drops and in
// how it looks for a name without a semicolon.
package charref

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// names lists the named character references of the HTML standard, one a line: the name without "&", then its code
// points in hexadecimal. The 106 names that are valid without a semicolon stand there in both spellings.
//
//go:embed entities.txt
var names string

const (
	longestName = 32 // characters that a name may have, in Python's pattern
	longestBare = 6  // characters of the longest name that needs no semicolon
)

var table = sync.OnceValue(func() map[string]string {
	t := make(map[string]string, 2300)
	for line := range strings.Lines(names) {
		fields := strings.Fields(line)
		var value strings.Builder
		for _, hex := range fields[1:] {
			r, err := strconv.ParseUint(hex, 16, 32)
			if err != nil {
				panic("BUG: charref: entities.txt: " + err.Error())
			}
			value.WriteRune(rune(r))
		}
		t[fields[0]] = value.String()
	}
	return t
})

// Named returns the characters of a named reference, spelled as in the HTML standard: with its semicolon, or without
// for the old names that need none ("amp;" and "amp", but only "hellip;").
func Named(name string) (string, bool) {
	value, ok := table()[name]
	return value, ok
}

// Unescape replaces the character references in s (Python's html.unescape).
func Unescape(s string) string {
	at := strings.IndexByte(s, '&')
	if at < 0 {
		return s
	}
	var out strings.Builder
	out.Grow(len(s))
	for ; at >= 0; at = strings.IndexByte(s, '&') {
		out.WriteString(s[:at])
		s = s[at+1:]
		var value string
		if strings.HasPrefix(s, "#") {
			value, s = numeric(s)
		} else {
			value, s = named(s)
		}
		out.WriteString(value)
	}
	out.WriteString(s)
	return out.String()
}

// named resolves the reference whose name starts s. The longest beginning that is a name counts; where there is none the
// ampersand stays.
func named(s string) (value, rest string) {
	end := 0
	for range longestName {
		r, size := utf8.DecodeRuneInString(s[end:])
		if size == 0 || strings.ContainsRune("\t\n\f <&#;", r) {
			break
		}
		end += size
	}
	if end == 0 {
		return "&", s
	}
	if end < len(s) && s[end] == ';' {
		end++
	}
	if value, ok := Named(s[:end]); ok {
		return value, s[end:]
	}
	for bare := min(end-1, longestBare); bare > 1; bare-- {
		if value, ok := Named(s[:bare]); ok {
			return value, s[bare:]
		}
	}
	return "&" + s[:end], s[end:]
}

// numeric resolves the reference whose "#" starts s.
func numeric(s string) (value, rest string) {
	digits, base := s[1:], 10
	if strings.HasPrefix(digits, "x") || strings.HasPrefix(digits, "X") {
		digits, base = digits[1:], 16
	}
	end, number := 0, 0
	for ; end < len(digits); end++ {
		digit, ok := digitValue(digits[end], base)
		if !ok {
			break
		}
		number = min(number*base+digit, utf8.MaxRune+1)
	}
	if end == 0 {
		return "&", s
	}
	rest = digits[end:]
	return character(number), strings.TrimPrefix(rest, ";")
}

func digitValue(c byte, base int) (int, bool) {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0'), true
	case base == 16 && 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10, true
	}
	return 0, false
}

// windows1252 holds what the numbers 0x80 to 0x9F stand for, as browsers read them.
var windows1252 = []rune("€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ")

// character is the text of a numeric reference: characters that HTML forbids are dropped, impossible ones become U+FFFD.
func character(number int) string {
	switch {
	case number == 0, 0xD800 <= number && number <= 0xDFFF, number > utf8.MaxRune:
		return "\ufffd"
	case 0x80 <= number && number <= 0x9F:
		return string(windows1252[number-0x80])
	case forbidden(number):
		return ""
	}
	return string(rune(number))
}

func forbidden(number int) bool {
	switch {
	case number < 0x20:
		return number != '\t' && number != '\n' && number != '\f' && number != '\r'
	case number == 0x7F, 0xFDD0 <= number && number <= 0xFDEF:
		return true
	}
	return number&0xFFFE == 0xFFFE
}
