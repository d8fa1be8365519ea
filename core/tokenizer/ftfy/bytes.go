package ftfy

import (
	"bytes"
	"unicode/utf8"
)

// Classes of bytes, for the patterns of UTF-8 sequences below.
const (
	byteSpace set = 1 << iota
	byteLost
	byteQuestion
	byteC2C3
	byteC2DF
	byteLetterLead // leads that form a likely letter with 0xA0: C2, C3, C5, CE, D0, D9
	byteE0E1
	byteE2E3
	byteE4EF // without ED
	byteED
	byteF0
	byteF1F4
	byteEllipsis // 0x85
	byte80to9F   // without 0x85
	byteA0
	byteA1toAF
	byteB0toBF
)

const (
	byteTrail       = byteEllipsis | byte80to9F | byteA0 | byteA1toAF | byteB0toBF
	byteLikelyTrail = byte80to9F | byteA1toAF | byteB0toBF
	byteSurrogate   = byteA0 | byteA1toAF
)

var byteClasses = func() (t [256]set) {
	for b, c := range t {
		switch {
		case b == ' ':
			c = byteSpace
		case b == substitute:
			c = byteLost
		case b == '?':
			c = byteQuestion
		case b < 0x80 || 0xC0 <= b && b <= 0xC1 || b > 0xF4:
		case b == 0x85:
			c = byteEllipsis
		case b <= 0x9F:
			c = byte80to9F
		case b == 0xA0:
			c = byteA0
		case b <= 0xAF:
			c = byteA1toAF
		case b <= 0xBF:
			c = byteB0toBF
		case b <= 0xC3:
			c = byteC2C3 | byteC2DF | byteLetterLead
		case b <= 0xDF:
			c = byteC2DF
			if bytes.IndexByte([]byte{0xC5, 0xCE, 0xD0, 0xD9}, byte(b)) >= 0 {
				c |= byteLetterLead
			}
		case b <= 0xE1:
			c = byteE0E1
		case b <= 0xE3:
			c = byteE2E3
		case b == 0xED:
			c = byteED
		case b <= 0xEF:
			c = byteE4EF
		case b == 0xF0:
			c = byteF0
		default:
			c = byteF1F4
		}
		t[b] = c
	}
	return t
}()

func classesOfBytes(text []byte) []set {
	classes := make([]set, len(text))
	for i, b := range text {
		classes[i] = byteClasses[b]
	}
	return classes
}

// spacedSequences are UTF-8 sequences in which a space stands for byte A0, a no-break space to whoever changed it
// (ftfy.chardata.ALTERED_UTF8_RE).
var spacedSequences = []pattern{
	{byteLetterLead, byteSpace},
	{byteE2E3, byteSpace, byteLikelyTrail},
	{byteE0E1 | byteE2E3, byteLikelyTrail, byteSpace},
	{byteF0, byteSpace, byteTrail, byteTrail},
	{byteF0, byteTrail, byteSpace, byteTrail},
	{byteF0, byteTrail, byteTrail, byteSpace},
}

// restoreSpaces makes such spaces byte A0 again. "Ã " is the word "à" as a rule, so that its space is kept beside the A0.
func restoreSpaces(text []byte) []byte {
	if bytes.IndexByte(text, ' ') < 0 || !hasSequence(spacedSequences, classesOfBytes(text)) {
		return text
	}
	text = splitGrave(text)
	classes := classesOfBytes(text)
	for i := 0; i < len(text); {
		p := firstOf(spacedSequences, classes[i:])
		for j := range p {
			if text[i+j] == ' ' {
				text[i+j] = 0xA0
			}
		}
		i += max(len(p), 1)
	}
	return text
}

func hasSequence(patterns []pattern, classes []set) bool {
	for i := range classes {
		if firstOf(patterns, classes[i:]) != nil {
			return true
		}
	}
	return false
}

// splitGrave writes C3 A0 20 for C3 20, but before the endings of the Portuguese words "à", "às", "àquele" and so on
// that are one word with it (ftfy.fixes.A_GRAVE_WORD_RE).
func splitGrave(text []byte) []byte {
	out := make([]byte, 0, len(text)+len(text)/8)
	for {
		at := bytes.Index(text, []byte("\xc3 "))
		if at < 0 {
			return append(out, text...)
		}
		out = append(out, text[:at+1]...)
		text = text[at+2:]
		if !startsWithAny(text, " ", "quele", "quela", "quilo", "s ") {
			out = append(out, 0xA0)
		}
		out = append(out, ' ')
	}
}

func startsWithAny(text []byte, beginnings ...string) bool {
	for _, b := range beginnings {
		if bytes.HasPrefix(text, []byte(b)) {
			return true
		}
	}
	return false
}

// lossySequences are UTF-8 (or CESU-8) sequences of which a byte was replaced by U+FFFD, or one by a question mark
// (ftfy.chardata.LOSSY_UTF8_RE).
var lossySequences = func() []pattern {
	const (
		gone  = byteLost | byteQuestion
		trail = byteLost | byteTrail
		lead3 = byteE0E1 | byteE2E3 | byteE4EF | byteED
		lead4 = byteF0 | byteF1F4
	)
	return []pattern{
		{byteC2DF, byteLost},
		{byteC2C3, byteQuestion},
		{byteED, byteSurrogate, gone, byteED, byteB0toBF, gone | byteTrail},
		{byteED, byteSurrogate, gone | byteTrail, byteED, byteB0toBF, gone},
		{lead3, gone, trail},
		{lead3, trail, gone},
		{lead4, gone, trail, trail},
		{lead4, trail, gone, trail},
		{lead4, trail, trail, gone},
		{byteLost},
	}
}()

// replaceLossy puts U+FFFD in the place of such sequences.
func replaceLossy(text []byte) []byte {
	if bytes.IndexByte(text, substitute) < 0 && bytes.IndexByte(text, '?') < 0 {
		return text
	}
	classes := classesOfBytes(text)
	out := make([]byte, 0, len(text)+len(text)/8)
	for i := 0; i < len(text); {
		if p := firstOf(lossySequences, classes[i:]); p != nil {
			out = utf8.AppendRune(out, lost)
			i += len(p)
			continue
		}
		out = append(out, text[i])
		i++
	}
	return out
}

// decodeVariants reads UTF-8 in which characters above U+FFFF may also be CESU-8 pairs of surrogates and U+0000 may be
// C0 80 as in Java (ftfy's codec utf-8-variants). As in the original, a line feed at the very end counts as the last
// byte of either.
func decodeVariants(text []byte) (string, bool) {
	if utf8.Valid(text) {
		return string(text), true
	}
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		if r, size := variant(text); size > 0 {
			out = utf8.AppendRune(out, r)
			text = text[size:]
			continue
		}
		r, size := utf8.DecodeRune(text)
		if r == utf8.RuneError && size == 1 {
			return "", false
		}
		out = append(out, text[:size]...)
		text = text[size:]
	}
	return string(out), true
}

// variant decodes one sequence that UTF-8 does not allow; its size is 0 if there is none at the start of text.
func variant(text []byte) (r rune, size int) {
	isLast := func(i int) bool {
		return text[i]&0xC0 == 0x80 || text[i] == '\n' && i == len(text)-1
	}
	switch {
	case len(text) >= 2 && text[0] == 0xC0 && (text[1] == 0x80 || text[1] == '\n' && len(text) == 2):
		return 0, 2
	case len(text) >= 6 && text[0] == 0xED && text[1]&0xF0 == 0xA0 && text[2]&0xC0 == 0x80 &&
		text[3] == 0xED && text[4]&0xF0 == 0xB0 && isLast(5):
		high := rune(text[1]&0x0F)<<16 | rune(text[2]&0x3F)<<10
		low := rune(text[4]&0x0F)<<6 | rune(text[5]&0x3F)
		return 0x10000 + high + low, 6
	}
	return 0, 0
}
