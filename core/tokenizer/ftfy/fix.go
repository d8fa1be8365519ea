package ftfy

import (
	"strings"
	"unicode/utf8"

	"github.com/goclip/goclip/core/tokenizer/nfc"
)

const (
	longestLine   = 1_000_000 // characters repaired at once; longer lines are cut
	fewestRepairs = 8         // repairs that a line gets in any case
	freeSteps     = 4 << 20   // characters that the steps of one text may visit, beside stepsPerByte
	stepsPerByte  = 16
	lost          = utf8.RuneError
)

// Fix returns the repaired text (ftfy.fix_text). Bytes that are not UTF-8 count as U+FFFD.
func Fix(text string) string {
	if isPlain(text) {
		return text
	}
	if !utf8.ValidString(text) {
		text = string([]rune(text))
	}
	f := fixer{entities: true, budget: freeSteps + stepsPerByte*len(text)}
	var out strings.Builder
	out.Grow(len(text))
	for len(text) > 0 {
		line := firstLine(text)
		text = text[len(line):]
		out.WriteString(f.line(line))
	}
	return out.String()
}

// isPlain tells whether no repair can change the text: ASCII without an entity, a carriage return or a control character.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c >= 0x7F || c == '&' || c < ' ' && c != '\t' && c != '\n' && c != '\f' {
			return false
		}
	}
	return true
}

// firstLine returns the text up to and with its first line feed, at most longestLine characters of it.
func firstLine(text string) string {
	if end := strings.IndexByte(text, '\n'); end >= 0 {
		text = text[:end+1]
	}
	if len(text) <= longestLine {
		return text
	}
	count := 0
	for i := range text {
		if count == longestLine {
			return text[:i]
		}
		count++
	}
	return text
}

type fixer struct {
	entities bool // no line so far held a "<", which would mean that the text is HTML and shall stay so
	budget   int  // characters that may still be visited
}

// line repairs one line until it stays the same (ftfy.fix_and_explain).
func (f *fixer) line(text string) string {
	if f.entities && strings.IndexByte(text, '<') >= 0 {
		f.entities = false
	}
	for repairs := 0; !isPlain(text) && (repairs < fewestRepairs || f.budget > 0); repairs++ {
		before := text
		if f.entities {
			text = unescape(text)
		}
		text = f.encoding(text)
		text = translate(text)
		text = removeTerminalEscapes(text)
		text = removeControls(text)
		text = nfc.String(text)
		if text == before {
			break
		}
		f.budget -= len(before)
	}
	return text
}
