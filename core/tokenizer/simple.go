package tokenizer

import "github.com/goclip/goclip/core/tokenizer/clean"

// simple is the tokenizer of OpenAI's clip package and of open_clip (SimpleTokenizer).
type simple struct {
	ends
	bpe   *bpe
	split splitter
	size  int
}

func newSimple(v *vocabulary, e ends, dialect Dialect) (Tokenizer, error) {
	b, err := v.bpe(none)
	if err != nil {
		return nil, err
	}
	b.rounds = true
	t := &simple{ends: e, bpe: b, split: splitter{folds: true, specials: []string{startOfText, endOfText}}, size: len(v.ids)}
	if dialect == OpenCLIP {
		t.split.specials = []string{"<start_of_text>", "<end_of_text>"}
	}
	return t, nil
}

func (t *simple) Encode(text string, context int) (ids []int32, truncated bool) {
	row := startRow(t.start, context)
	text = clean.Lower(text)
	for !row.full() {
		var piece string
		switch piece, text = t.split.next(text); piece {
		case "":
			return row.finish(t.end)
		case t.split.specials[0]:
			row.ids = append(row.ids, t.start)
		case t.split.specials[1]:
			row.ids = append(row.ids, t.end)
		default:
			row.ids = t.bpe.encode(row.ids, piece)
		}
	}
	return row.finish(t.end)
}

func (t *simple) Pad() int32 { return 0 }

func (t *simple) Size() int { return t.size }
