package tokenizer

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// openGemma opens a tokenizer.json with a BPE of characters that falls back to bytes: Gemma's, which SigLIP 2 uses.
func (r *repository) openGemma(j *tokenizerJSON, v *vocabulary) (Tokenizer, error) {
	if len(r.added) == 0 && r.config.decoder == nil {
		return nil, fmt.Errorf("tokenizer: %s lists no added tokens", v.files)
	}
	return r.gemma(v, j.Normalizer.find("Prepend") != nil || j.PreTokenizer.find("Metaspace") != nil)
}

// gemma makes the tokenizer. Texts end with a token and begin with one only if the configuration says so. SigLIP 2 was
// trained on lower case, which its own class sees to.
func (r *repository) gemma(v *vocabulary, prefix bool) (Tokenizer, error) {
	s, err := r.configured.settings(gemmaTokens)
	if err != nil {
		return nil, err
	}
	if err := v.addListed(s.added); err != nil {
		return nil, err
	}
	v.addOthers(s.added)
	b, err := v.fallbackBPE(s.unknown)
	if err != nil {
		return nil, err
	}
	lower := r.siglip() && r.clip == nil
	p := &pipeline{size: len(v.ids), normalize: func(text string) string {
		if lower {
			text = lowerEach(text)
		}
		return strings.ReplaceAll(text, " ", metaspace)
	}}
	p.cut = func(ids []int32, stretch string, first bool) []int32 {
		if prefix && first && !strings.HasPrefix(stretch, metaspace) {
			stretch = metaspace + stretch
		}
		return b.encode(ids, stretch)
	}
	end, err := named(v.ids, s.end)
	if err != nil {
		return nil, err
	}
	if add := r.options.AddEOS; add == nil || *add {
		p.after = []int32{end}
	}
	if add := r.options.AddBOS; add != nil && *add {
		start, err := named(v.ids, s.start)
		if err != nil {
			return nil, err
		}
		p.before = []int32{start}
	}
	if p.pad, err = named(v.ids, s.pad, s.end); err != nil {
		return nil, err
	}
	p.addTokens(s.added, v.ids, p.normalize)
	return r.finish(p)
}

// fallbackBPE joins characters into tokens. A character without an id becomes its bytes, or the unknown token.
type fallbackBPE struct {
	bpe
	characters map[rune]int32
	bytes      [256]int32 // none: there is no token for the byte
	unknown    int32
}

// fallbackBPE checks a vocabulary of this kind and makes its tables.
func (v *vocabulary) fallbackBPE(unknown string) (*fallbackBPE, error) {
	if err := v.checkIDs(); err != nil {
		return nil, err
	}
	b := &fallbackBPE{characters: map[rune]int32{}, unknown: none}
	for token, id := range v.ids {
		if r, size := utf8.DecodeRuneInString(token); size == len(token) && r != utf8.RuneError {
			b.characters[r] = id
		}
	}
	complete := true
	for c := range b.bytes {
		id, ok := v.ids[fmt.Sprintf("<0x%02X>", c)]
		if !ok {
			id, complete = none, false
		}
		b.bytes[c] = id
	}
	if id, ok := v.ids[unknown]; ok {
		b.unknown = id
	} else if !complete {
		return nil, v.errorf("there is neither an unknown token nor a token for each byte")
	}
	return b, v.mergeTable(&b.bpe)
}

// encode appends the ids of a text.
func (b *fallbackBPE) encode(ids []int32, text string) []int32 {
	if text == "" {
		return ids
	}
	m := mergings.Get().(*merging)
	m.reset(len(text))
	for i, r := range text {
		character := text[i : i+utf8.RuneLen(r)]
		id, ok := b.characters[r]
		switch n := len(m.symbols); {
		case ok:
			m.add(id)
		case b.hasBytes(character):
			for i := range len(character) {
				m.add(b.bytes[character[i]])
			}
		case n == 0 || m.symbols[n-1].id != b.unknown:
			m.add(b.unknown)
		}
	}
	return m.finish(&b.bpe, ids)
}

// hasBytes reports whether there is a token for every byte of a character.
func (b *fallbackBPE) hasBytes(character string) bool {
	for i := range len(character) {
		if b.bytes[character[i]] == none {
			return false
		}
	}
	return true
}
