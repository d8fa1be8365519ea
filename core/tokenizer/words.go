package tokenizer

import (
	"strings"
	"unicode"

	"github.com/goclip/goclip/core/tokenizer/sentencepiece"
	"github.com/rivo/uniseg"
)

// metaspace is what stands for a space in pieces.
const metaspace = "▁"

// metaspaceWords cuts a stretch at whitespace, puts "▁" before every word and cuts it with a unigram model: Hugging Face's
// WhitespaceSplit and Metaspace. A word is cut before every "▁" that it has itself.
func metaspaceWords(model *sentencepiece.Unigram) func([]int32, string, bool) []int32 {
	return func(ids []int32, stretch string, _ bool) []int32 {
		for word := range strings.FieldsFuncSeq(stretch, unicode.IsSpace) {
			if !strings.HasPrefix(word, metaspace) {
				word = metaspace + word
			}
			for word != "" {
				end := len(word)
				if i := strings.Index(word[len(metaspace):], metaspace); i >= 0 {
					end = len(metaspace) + i
				}
				ids = model.Encode(ids, word[:end])
				word = word[end:]
			}
		}
		return ids
	}
}

// shortGrapheme is how many bytes a grapheme has at most that Hugging Face's Precompiled normalizer looks up as a whole.
const shortGrapheme = 5

// precompiled is Hugging Face's Precompiled normalizer, which looks up short graphemes as a whole and longer ones character
// by character. The shortest string of the map that one begins with replaces all of it.
func precompiled(m *sentencepiece.Charsmap) func(string) string {
	return func(text string) string {
		var out strings.Builder
		out.Grow(len(text))
		for state := -1; text != ""; {
			var grapheme string
			grapheme, text, _, state = uniseg.FirstGraphemeClusterInString(text, state)
			if len(grapheme) <= shortGrapheme {
				if to, ok := m.Shortest(grapheme); ok {
					out.WriteString(to)
					continue
				}
			}
			for i, r := range grapheme {
				c := grapheme[i : i+len(string(r))]
				if to, ok := m.Shortest(c); ok {
					out.WriteString(to)
				} else {
					out.WriteString(c)
				}
			}
		}
		return out.String()
	}
}

// lowerEach is Hugging Face's Lowercase: character by character, without a final sigma.
func lowerEach(text string) string {
	if !strings.ContainsRune(text, 'İ') {
		return strings.Map(unicode.ToLower, text)
	}
	var out strings.Builder
	for _, r := range text {
		if r == 'İ' {
			out.WriteString("i\u0307")
		} else {
			out.WriteRune(unicode.ToLower(r))
		}
	}
	return out.String()
}
