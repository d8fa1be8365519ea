package ftfy

import (
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// ligatures are Latin letters in one character, most of them left by typesetting programs.
var ligatures = map[rune]string{
	'Ĳ': "IJ", 'ĳ': "ij", 'ŉ': "'n",
	'Ǳ': "DZ", 'ǲ': "Dz", 'ǳ': "dz", 'Ǆ': "DŽ", 'ǅ': "Dž", 'ǆ': "dž",
	'Ǉ': "LJ", 'ǈ': "Lj", 'ǉ': "lj", 'Ǌ': "NJ", 'ǋ': "Nj", 'ǌ': "nj",
	'ﬀ': "ff", 'ﬁ': "fi", 'ﬂ': "fl", 'ﬃ': "ffi", 'ﬄ': "ffl", 'ﬅ': "ſt", 'ﬆ': "st",
}

const (
	firstWide = 0xFF01
	lastWide  = 0xFFEF
)

// widths holds the ordinary form of every full-width and half-width character (form KC).
var widths = sync.OnceValue(func() []string {
	t := make([]string, lastWide-firstWide+1)
	for i := range t {
		wide := string(rune(firstWide + i))
		if ordinary := norm.NFKC.String(wide); ordinary != wide {
			t[i] = ordinary
		}
	}
	return t
})

// translate replaces C1 controls, ligatures, full and half width, curly quotes and unusual line breaks, character by
// character.
func translate(text string) string {
	first := strings.IndexFunc(text, func(r rune) bool { return r == '\r' || r >= 0x80 && replacement(r) != "" })
	if first < 0 {
		return text
	}
	var out strings.Builder
	out.Grow(len(text) + len(text)/8)
	out.WriteString(text[:first])
	rest := text[first:]
	for i, r := range rest {
		if r == '\r' {
			if !strings.HasPrefix(rest[i+1:], "\n") {
				out.WriteByte('\n')
			}
		} else if with := replacement(r); with != "" {
			out.WriteString(with)
		} else {
			out.WriteRune(r)
		}
	}
	return out.String()
}

// replacement returns what a character other than the carriage return becomes, "" if it stays.
func replacement(r rune) string {
	switch {
	case r < 0x80:
		return ""
	case r <= 0x9F:
		if windows := windows1252.decode(byte(r)); windows != r {
			return afterControl(windows)
		}
		return ""
	case r == '\u02bc', '\u2018' <= r && r <= '\u201b':
		return "'"
	case '\u201c' <= r && r <= '\u201f':
		return `"`
	case r == '\u2028', r == '\u2029':
		return "\n"
	case r == '\u3000':
		return " "
	case firstWide <= r && r <= lastWide:
		return widths()[r-firstWide]
	case r < 'Ĳ':
		return ""
	}
	return ligatures[r]
}

// afterControl is what a C1 control ends as: a Windows-1252 character, its quotes straightened.
func afterControl(windows rune) string {
	if with := replacement(windows); with != "" {
		return with
	}
	return string(windows)
}

// removeTerminalEscapes drops the sequences that colour text on a terminal: ESC, "[", digits and semicolons, a letter.
func removeTerminalEscapes(text string) string {
	if strings.IndexByte(text, 0x1B) < 0 {
		return text
	}
	var out strings.Builder
	out.Grow(len(text))
	for {
		at := strings.Index(text, "\x1b[")
		if at < 0 {
			out.WriteString(text)
			return out.String()
		}
		end := strings.IndexFunc(text[at+2:], func(r rune) bool { return r != ';' && !unicode.Is(unicode.Nd, r) }) + at + 2
		if end >= at+2 && 'a' <= text[end]|0x20 && text[end]|0x20 <= 'z' {
			out.WriteString(text[:at])
			text = text[end+1:]
		} else {
			out.WriteString(text[:at+2])
			text = text[at+2:]
		}
	}
}

// removeControls drops the characters that show nothing and mean nothing: ASCII controls that are no whitespace,
// deprecated formatting, annotations, the byte order mark.
func removeControls(text string) string {
	if strings.IndexFunc(text, isInvisible) < 0 {
		return text
	}
	return strings.Map(func(r rune) rune {
		if isInvisible(r) {
			return -1
		}
		return r
	}, text)
}

func isInvisible(r rune) bool {
	switch {
	case r < 0x20:
		return r != '\t' && r != '\n' && r != '\f' && r != '\r'
	case r < 0x206A:
		return r == 0x7F
	}
	return r <= 0x206F || r == 0xFEFF || 0xFFF9 <= r && r <= 0xFFFC
}
