package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goclip/goclip/core/tokenizer/nfc"
)

// huggingFace is CLIPTokenizer of transformers 5, which builds the same pipeline around every repository's vocabulary:
// added tokens, normalization, pieces, BPE.
type huggingFace struct {
	ends
	pad             int32
	bpe             *bpe
	split           splitter
	raw, normalized matcher // added tokens that are looked for before and after normalization
	size            int
}

func newHuggingFace(v *vocabulary, s *settings, e ends) (Tokenizer, error) {
	t := &huggingFace{ends: e, pad: e.end, split: splitter{specials: []string{startOfText, endOfText}}, size: len(v.ids)}
	unknown := int32(none)
	if id, ok := v.ids[s.unknown]; ok {
		unknown = id
	}
	var err error
	if t.bpe, err = v.bpe(unknown); err != nil {
		return nil, err
	}
	if s.pad != "" {
		t.pad = v.ids[s.pad]
	}
	for _, token := range s.added {
		switch found := (matched{token, v.ids[token.Content]}); {
		case !token.Normalized:
			t.raw.add(token.Content, found)
		case normalize(token.Content) != "":
			t.normalized.add(normalize(token.Content), found)
		}
	}
	return t, nil
}

func (t *huggingFace) Encode(text string, context int) (ids []int32, truncated bool) {
	row := startRow(t.start, context)
	token := func(id int32) bool {
		row.ids = append(row.ids, id)
		return !row.full()
	}
	t.raw.split(valid(text), func(stretch string) bool {
		return t.normalized.split(normalize(stretch), func(stretch string) bool {
			t.pieces(row, stretch)
			return !row.full()
		}, token)
	}, token)
	return row.finish(t.end)
}

func (t *huggingFace) pieces(row *row, text string) {
	for !row.full() {
		var piece string
		switch piece, text = t.split.next(text); piece {
		case "":
			return
		case startOfText, endOfText:
			// Where it is no added token the expression still keeps it apart; a second one then splits it.
			inner := piece[2 : len(piece)-2]
			for _, part := range []string{"<|", inner, "|>"} {
				row.ids = t.bpe.encode(row.ids, part)
			}
		default:
			row.ids = t.bpe.encode(row.ids, piece)
		}
	}
}

func (t *huggingFace) Pad() int32 { return t.pad }

func (t *huggingFace) Size() int { return t.size }

// normalize is the normalizer of CLIP's tokenizer.json: form C, runs of whitespace to one space, lower case character by
// character.
func normalize(text string) string {
	text = nfc.String(text)
	if isNormal(text) {
		return text
	}
	var out strings.Builder
	out.Grow(len(text))
	space := false
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
			if !space {
				out.WriteByte(' ')
			}
			space = true
			continue
		case r == 'İ':
			out.WriteString("i\u0307")
		default:
			out.WriteRune(unicode.ToLower(r))
		}
		space = false
	}
	return out.String()
}

// isNormal spares plain captions the copy.
func isNormal(text string) bool {
	for i := range len(text) {
		c := text[i]
		if c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' || '\t' <= c && c <= '\r' || c == ' ' && i > 0 && text[i-1] == ' ' {
			return false
		}
	}
	return true
}
