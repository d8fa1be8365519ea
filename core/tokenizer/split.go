package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// splitter cuts a text in lower case into pieces: the strings given, 's 't 're 've 'm 'll 'd, runs of letters, single
// digits, and runs of what is neither letter, digit nor space (the regular expression of CLIP's tokenizers).
type splitter struct {
	specials []string // strings that are one piece where a piece begins with them
	folds    bool     // the expression ignores case, as OpenAI's and open_clip's do
}

type runeClass uint8

const (
	letter runeClass = iota
	digit
	spacing
	other
)

var asciiClasses = func() (t [utf8.RuneSelf]runeClass) {
	for r := range t {
		t[r] = unicodeClass(rune(r))
	}
	return t
}()

func unicodeClass(r rune) runeClass {
	switch {
	case unicode.IsLetter(r):
		return letter
	case unicode.IsNumber(r):
		return digit
	case unicode.IsSpace(r):
		return spacing
	}
	return other
}

// iotaSubscript is the one mark with a letter as its other case. Expressions that ignore case find it neither among the
// letters nor among what is no letter, and so it is skipped.
const iotaSubscript = '\u0345'

func (s *splitter) class(r rune) runeClass {
	switch {
	case r < utf8.RuneSelf:
		return asciiClasses[r]
	case r == iotaSubscript && s.folds:
		return spacing
	}
	return unicodeClass(r)
}

// next returns the first piece of text and what follows it, or "" at the end.
func (s *splitter) next(text string) (piece, rest string) {
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		if length := s.literal(text, r); length > 0 {
			return text[:length], text[length:]
		}
		switch c := s.class(r); c {
		case digit:
			return text[:size], text[size:]
		case letter, other:
			length := size + s.run(text[size:], c)
			return text[:length], text[length:]
		}
		text = text[size:]
	}
	return "", ""
}

// run returns the length of the characters of one class at the start of text.
func (s *splitter) run(text string, c runeClass) int {
	length := 0
	for length < len(text) {
		r, size := rune(text[length]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[length:])
		}
		if s.class(r) != c {
			break
		}
		length += size
	}
	return length
}

// literal returns the length of the special string or the contraction that text begins with, or 0.
func (s *splitter) literal(text string, first rune) int {
	switch first {
	case '<':
		for _, special := range s.specials {
			if length := s.prefix(text, special); length > 0 {
				return length
			}
		}
	case '\'':
		for _, contraction := range [...]string{"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"} {
			if length := s.prefix(text, contraction); length > 0 {
				return length
			}
		}
	}
	return 0
}

// longS is the one character besides S that matches an s when case is ignored.
const longS = 'ſ'

// prefix returns the length of the beginning of text that matches a string in lower-case ASCII, or 0.
func (s *splitter) prefix(text, lower string) int {
	if strings.HasPrefix(text, lower) {
		return len(lower)
	}
	if !s.folds {
		return 0
	}
	rest := text
	for _, want := range lower {
		r, size := utf8.DecodeRuneInString(rest)
		if r != want && !(r == longS && want == 's') {
			return 0
		}
		rest = rest[size:]
	}
	return len(text) - len(rest)
}
