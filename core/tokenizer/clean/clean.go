// Package clean prepares texts as open_clip does before it splits them into tokens (open_clip's tokenizer.py, which
// repeats OpenAI's simple_tokenizer.py): repair by ftfy, HTML character references, whitespace, case.
package clean

import (
	"strings"
	"unicode"

	"github.com/goclip/goclip/core/tokenizer/charref"
	"github.com/goclip/goclip/core/tokenizer/ftfy"
)

// Basic repairs a text, resolves its character references twice ("&amp;amp;" is common in scraped captions) and trims it.
func Basic(text string) string {
	text = ftfy.Fix(text)
	text = charref.Unescape(charref.Unescape(text))
	return strings.TrimFunc(text, IsSpace)
}

// Whitespace is Basic with every run of whitespace turned into one space.
func Whitespace(text string) string { return collapse(Basic(text)) }

// Lower is Whitespace in lower case, what OpenAI's and open_clip's own tokenizers read.
func Lower(text string) string { return ToLower(Whitespace(text)) }

// Canonicalize is what big_vision, and open_clip for SigLIP, read: ASCII punctuation gone (an underscore leaves a space),
// lower case, single spaces.
func Canonicalize(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '_':
			return ' '
		case r > ' ' && r < 0x7F && !isAlphanumeric(r):
			return -1
		}
		return r
	}, Basic(text))
	return collapse(ToLower(text))
}

// IsSpace is Python's str.isspace for one character: Unicode's White_Space and the four information separators.
func IsSpace(r rune) bool {
	return unicode.IsSpace(r) || 0x1C <= r && r <= 0x1F
}

func isAlphanumeric(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z'
}

func collapse(text string) string {
	if isCollapsed(text) {
		return text
	}
	return strings.Join(strings.FieldsFunc(text, IsSpace), " ")
}

// isCollapsed spares plain captions the copy: no whitespace but single spaces inside.
func isCollapsed(text string) bool {
	space := true
	for _, r := range text {
		if IsSpace(r) {
			if space || r != ' ' {
				return false
			}
			space = true
		} else {
			space = false
		}
	}
	return !space || text == ""
}
