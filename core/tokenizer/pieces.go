package tokenizer

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/goclip/goclip/core/tokenizer/sentencepiece"
)

// openPieces opens a SentencePiece file without a tokenizer.json beside it: T5's, whose texts end with a token, or Gemma's.
func (r *repository) openPieces(name string) (Tokenizer, error) {
	model, err := r.pieces(name)
	if err != nil {
		return nil, err
	}
	ids := pieceIDs(model)
	if model.Algorithm == sentencepiece.BPEModel {
		return r.openGemmaPieces(name, model, ids)
	}
	s, err := r.configured.settings(t5Tokens)
	if err != nil {
		return nil, err
	}
	p := &pipeline{normalize: func(text string) string { return text }, size: len(ids)}
	p.cut = func(ids []int32, stretch string, _ bool) []int32 { return model.Encode(ids, stretch) }
	end, err := named(ids, s.end)
	if err != nil {
		return nil, err
	}
	p.after = []int32{end}
	if p.pad, err = named(ids, s.pad, s.end); err != nil {
		return nil, err
	}
	p.addTokens(s.added, ids, p.normalize)
	return r.finish(p)
}

// fairseqOffset is how much larger XLM-R's ids are than those of its SentencePiece model.
const fairseqOffset = 1

// openFairseq opens sentencepiece.bpe.model, XLM-R's, whose special tokens have the ids that fairseq gave them: <s>, <pad>,
// </s>, <unk> first, <mask> last.
func (r *repository) openFairseq() (Tokenizer, error) {
	model, err := r.unigram("sentencepiece.bpe.model")
	if err != nil {
		return nil, err
	}
	const start, pad, end, unknown = 0, 1, 2, 3
	ids := map[string]int32{"<s>": start, "<pad>": pad, "</s>": end, "<unk>": unknown}
	for id, p := range model.Pieces {
		if _, special := ids[p.Text]; !special && p.Kind != sentencepiece.Control && p.Kind != sentencepiece.Unknown {
			ids[p.Text] = int32(id) + fairseqOffset
		}
	}
	size := int32(len(model.Pieces)) + fairseqOffset
	ids["<mask>"] = size
	roles := bareTokens("bos_token", "<s>", "eos_token", "</s>", "sep_token", "</s>", "cls_token", "<s>", "unk_token", "<unk>", "pad_token", "<pad>")
	roles["mask_token"] = &addedToken{Content: "<mask>", LStrip: true}
	s, err := r.configured.settings(roles)
	if err != nil {
		return nil, err
	}
	p := &pipeline{before: []int32{start}, after: []int32{end}, pad: pad, size: int(size) + 1,
		normalize: func(text string) string { return text }}
	p.cut = func(to []int32, stretch string, _ bool) []int32 {
		n := len(to)
		to = model.Encode(to, stretch)
		for i, id := range to[n:] {
			if id == model.UnknownID {
				to[n+i] = unknown
			} else {
				to[n+i] = id + fairseqOffset
			}
		}
		return to
	}
	p.addTokens(s.added, ids, p.normalize)
	return r.finish(p)
}

// openGemmaPieces makes a Gemma tokenizer of a SentencePiece BPE: a pair of pieces may be joined if a piece is both
// together, the one of the best score first.
func (r *repository) openGemmaPieces(name string, model *sentencepiece.Model, ids map[string]int32) (Tokenizer, error) {
	v := &vocabulary{files: name, ids: ids}
	order := make([]int32, 0, len(model.Pieces))
	for id, p := range model.Pieces {
		if p.Kind == sentencepiece.Normal || p.Kind == sentencepiece.UserDefined {
			order = append(order, int32(id))
		}
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(model.Pieces[b].Score, model.Pieces[a].Score) })
	for _, id := range order {
		text := model.Pieces[id].Text
		for i := range text {
			if i == 0 {
				continue
			}
			_, left := ids[text[:i]]
			_, right := ids[text[i:]]
			if left && right {
				v.merges = append(v.merges, pair{text[:i], text[i:]})
			}
			if len(v.merges) > most {
				return nil, fmt.Errorf("tokenizer: %s: there are more than %d ways to join its pieces", name, most)
			}
		}
	}
	for _, p := range model.Pieces {
		if p.Kind == sentencepiece.UserDefined || p.Kind == sentencepiece.Control {
			r.added = append(r.added, addedToken{Content: p.Text})
		}
	}
	return r.gemma(v, model.HasPrefix())
}
