package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// openByteLevel makes RoBERTa's tokenizer, which is GPT-2's (Radford et al. 2019) with special tokens round the text: a
// BPE of bytes in which a space belongs to the word behind it.
func (r *repository) openByteLevel(v *vocabulary) (Tokenizer, error) {
	s, err := r.configured.settings(robertaTokens)
	if err != nil {
		return nil, err
	}
	if err := v.addListed(s.added); err != nil {
		return nil, err
	}
	v.addOthers(s.added)
	if err := v.checkIDs(); err != nil {
		return nil, err
	}
	b := &bpe{}
	var missing absentees
	for c, symbol := range alphabet {
		b.inner[c] = v.find(symbol, none, &missing)
	}
	if missing.count > 0 {
		return nil, v.errorf("%d of the 256 symbols of single bytes are missing, the first is %q", missing.count, missing.first)
	}
	if err := v.mergeTable(b); err != nil {
		return nil, err
	}
	p := &pipeline{size: len(v.ids), normalize: func(text string) string { return text }}
	p.cut = func(ids []int32, stretch string, first bool) []int32 {
		if first && r.options.Prefix && !strings.HasPrefix(stretch, " ") {
			stretch = " " + stretch
		}
		for stretch != "" {
			n := wordLength(stretch)
			m := mergings.Get().(*merging)
			m.reset(n)
			for i := range n {
				m.add(b.inner[stretch[i]])
			}
			ids = m.finish(b, ids)
			stretch = stretch[n:]
		}
		return ids
	}
	start, err := named(v.ids, s.start)
	if err != nil {
		return nil, err
	}
	end, err := named(v.ids, s.end)
	if err != nil {
		return nil, err
	}
	p.before, p.after = []int32{start}, []int32{end}
	if p.pad, err = named(v.ids, s.pad, s.end); err != nil {
		return nil, err
	}
	p.addTokens(s.added, v.ids, p.normalize)
	return r.finish(p)
}

// contractions are the endings that are words of their own.
var contractions = []string{"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}

// wordLength is the number of bytes of the first match of GPT-2's expression
//
//	's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
//
// at the beginning of a text that is not empty.
func wordLength(text string) int {
	for _, c := range contractions {
		if strings.HasPrefix(text, c) {
			return len(c)
		}
	}
	from := 0
	if text[0] == ' ' {
		from = 1
	}
	if n := runLength(text[from:]); n > 0 {
		return from + n
	}
	// Whitespace: all of it at the end of the text, otherwise all but the last character, which may belong to a word.
	end, last := 0, 0
	for i, r := range text {
		if !unicode.IsSpace(r) {
			break
		}
		last, end = i, i+utf8.RuneLen(r)
	}
	if end == len(text) || last == 0 {
		return end
	}
	return last
}

// runLength is how many bytes of letters, of numbers or of anything else but whitespace a text begins with.
func runLength(text string) int {
	kind := func(r rune) int {
		switch {
		case unicode.IsSpace(r):
			return 0
		case unicode.IsLetter(r):
			return 1
		case unicode.IsNumber(r):
			return 2
		}
		return 3
	}
	first, _ := utf8.DecodeRuneInString(text)
	if text == "" || kind(first) == 0 {
		return 0
	}
	for i, r := range text {
		if kind(r) != kind(first) {
			return i
		}
	}
	return len(text)
}
