package tokenizer

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/goclip/goclip/core/tokenizer/clean"
	"github.com/goclip/goclip/core/tokenizer/sentencepiece"
)

// openSigLIP is transformers' SiglipTokenizer over spiece.model: lower case character by character, ASCII punctuation gone,
// single spaces, pieces, and one end token, which is the padding too.
func (r *repository) openSigLIP() (Tokenizer, error) {
	const name = "spiece.model"
	model, err := r.unigram(name)
	if err != nil {
		return nil, err
	}
	s, err := r.configured.settings(bareTokens("eos_token", "</s>", "unk_token", "<unk>", "pad_token", "</s>"))
	if err != nil {
		return nil, err
	}
	ids := pieceIDs(model)
	end, err := named(ids, s.end)
	if err != nil {
		return nil, fmt.Errorf("%w: %s is no tokenizer of SigLIP's", err, name)
	}
	p := &pipeline{after: []int32{end}, once: true, size: len(ids), normalize: func(text string) string { return text }}
	if p.pad, err = named(ids, s.pad, s.end); err != nil {
		return nil, err
	}
	for _, content := range []string{s.end, s.unknown, s.pad} {
		if id, ok := ids[content]; ok {
			token := addedToken{Content: content, LStrip: true, RStrip: true}
			p.raw.add(content, matched{token, id})
		}
	}
	lower := r.options.Lower == nil || *r.options.Lower
	unknown := s.unknown
	model.DropPrefix()
	skip := len(model.Encode(nil, unknown))
	p.cut = func(to []int32, stretch string, first bool) []int32 {
		// The class marks the beginning of a text itself, and lets the pieces follow a token that is cut off again.
		stretch = strings.ReplaceAll(stretch, metaspace, " ")
		if first {
			stretch = metaspace + stretch
		}
		if lower {
			stretch = lowerEach(stretch)
		}
		n := len(to)
		to = model.Encode(to, unknown+withoutPunctuation(stretch))
		return append(to[:n], to[min(n+skip, len(to)):]...)
	}
	return r.finish(p)
}

// withoutPunctuation drops ASCII punctuation and makes whitespace single spaces, none at the ends.
func withoutPunctuation(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < 0x80 && (unicode.IsPunct(r) || unicode.IsSymbol(r)) {
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.FieldsFunc(text, clean.IsSpace), " ")
}

// unigram reads a SentencePiece file with a unigram model.
func (r *repository) unigram(name string) (*sentencepiece.Model, error) {
	model, err := r.pieces(name)
	if err == nil && model.Algorithm != sentencepiece.UnigramModel {
		err = fmt.Errorf("tokenizer: %s holds a BPE, want a unigram model", name)
	}
	return model, err
}

func (r *repository) pieces(name string) (*sentencepiece.Model, error) {
	data, err := readFile(r, name, largest)
	if err != nil {
		return nil, err
	}
	model, err := sentencepiece.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %s: %w", name, err)
	}
	return model, nil
}

// pieceIDs are the ids of a model's pieces.
func pieceIDs(m *sentencepiece.Model) map[string]int32 {
	ids := make(map[string]int32, len(m.Pieces))
	for id, p := range m.Pieces {
		ids[p.Text] = int32(id)
	}
	return ids
}
