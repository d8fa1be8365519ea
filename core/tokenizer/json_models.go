package tokenizer

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/goclip/goclip/core/tokenizer/sentencepiece"
)

// openJSON opens tokenizer.json by the kind of its model.
func (r *repository) openJSON() (Tokenizer, error) {
	const name = "tokenizer.json"
	var j tokenizerJSON
	if err := readJSON(r, name, largest, &j); err != nil {
		return nil, err
	}
	if len(j.AddedTokens) > largestConfig {
		return nil, fmt.Errorf("tokenizer: %s: added_tokens is larger than %d MiB", name, largestConfig>>20)
	}
	if j.AddedTokens != nil {
		if err := unmarshal(name+": added_tokens", j.AddedTokens, &r.added); err != nil {
			return nil, err
		}
	}
	if err := r.checkSteps(&j); err != nil {
		return nil, err
	}
	switch {
	case j.Model.Type == "Unigram":
		return r.openUnigram(&j)
	case j.Model.Type == "WordPiece":
		return r.openWordPiece(&j)
	case j.Model.Type != "" && j.Model.Type != "BPE":
		return nil, fmt.Errorf("tokenizer: %s: a model of type %q: %w", name, j.Model.Type, errors.ErrUnsupported)
	}
	v := &vocabulary{files: name}
	if err := unmarshal(name+": vocab", j.Model.Vocab, (*idsByToken)(&v.ids)); err != nil {
		return nil, err
	}
	if err := unmarshal(name+": merges", j.Model.Merges, (*mergeList)(&v.merges)); err != nil {
		return nil, err
	}
	switch {
	case j.Model.Suffix != nil && *j.Model.Suffix == endOfWord && !j.Model.Fallback:
		return r.openCLIP(v)
	case j.Model.Suffix != nil && *j.Model.Suffix != "":
		return nil, fmt.Errorf("tokenizer: %s: a BPE whose words end with %q: %w", name, *j.Model.Suffix, errors.ErrUnsupported)
	case j.Model.Fallback:
		return r.openGemma(&j, v)
	}
	return r.openByteLevel(v)
}

// checkSteps refuses a tokenizer.json whose steps are not those that goclip computes for its kind of model.
func (r *repository) checkSteps(j *tokenizerJSON) error {
	if r.rebuilt() {
		return nil
	}
	switch {
	case j.Model.Type == "Unigram":
		return cmp.Or(j.Normalizer.only("Precompiled", "Strip", "Replace"), j.PreTokenizer.only("WhitespaceSplit", "Metaspace"))
	case j.Model.Type == "WordPiece":
		return cmp.Or(j.Normalizer.only("BertNormalizer"), j.PreTokenizer.only("BertPreTokenizer"))
	case j.Model.Fallback:
		return cmp.Or(j.Normalizer.only("Replace", "Prepend", "Lowercase"), j.PreTokenizer.only("Split", "Metaspace"))
	case j.Model.Suffix == nil || *j.Model.Suffix == "":
		return cmp.Or(j.Normalizer.only(), j.PreTokenizer.only("ByteLevel"))
	}
	return nil
}

// scored is an entry of a unigram model's vocabulary in tokenizer.json: [piece, score].
type scored sentencepiece.Piece

func (s *scored) UnmarshalJSON(text []byte) error {
	var both []json.RawMessage
	if err := json.Unmarshal(text, &both); err != nil {
		return err
	}
	if len(both) != 2 {
		return fmt.Errorf("an entry of the vocabulary must be a piece and its score, not %.40s", text)
	}
	if err := json.Unmarshal(both[0], &s.Text); err != nil {
		return err
	}
	return json.Unmarshal(both[1], &s.Score)
}

// openUnigram makes a tokenizer of tokenizer.json's Unigram model, with the steps that transformers' XLMRobertaTokenizer
// and T5Tokenizer put round it: the precompiled character map, words between whitespace, "▁" before each.
func (r *repository) openUnigram(j *tokenizerJSON) (Tokenizer, error) {
	const name = "tokenizer.json"
	var vocab []scored
	if err := unmarshal(name+": vocab", j.Model.Vocab, &vocab); err != nil {
		return nil, err
	}
	if j.Model.UnknownID == nil || *j.Model.UnknownID < 0 || int(*j.Model.UnknownID) >= len(vocab) || len(vocab) > most {
		return nil, fmt.Errorf("tokenizer: %s: unk_id must be one of the %d pieces", name, len(vocab))
	}
	pieces := make([]sentencepiece.Piece, len(vocab))
	ids := make(map[string]int32, len(vocab))
	bytes := 0
	for id, p := range vocab {
		if bytes += len(p.Text); bytes > largest/2 {
			return nil, fmt.Errorf("tokenizer: %s: its pieces have more than %d MiB", name, largest>>21)
		}
		pieces[id] = sentencepiece.Piece{Text: p.Text, Score: p.Score, Kind: sentencepiece.Normal}
		ids[p.Text] = int32(id)
	}
	model, err := sentencepiece.NewUnigram(pieces, *j.Model.UnknownID, j.Model.Fallback, false)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %s: %w", name, err)
	}
	p := &pipeline{normalize: func(text string) string { return text }, cut: metaspaceWords(model)}
	if step := j.Normalizer.find("Precompiled"); step != nil && len(step.Charsmap) > 0 {
		charsmap, err := sentencepiece.NewCharsmap(step.Charsmap)
		if err != nil {
			return nil, fmt.Errorf("tokenizer: %s: %w", name, err)
		}
		p.normalize = precompiled(charsmap)
	}
	return r.assemble(p, j, ids, t5Tokens)
}

// assemble completes a pipeline from tokenizer.json: added tokens, the tokens round every text, the padding. roles are
// what the class calls its special tokens where the files say nothing.
func (r *repository) assemble(p *pipeline, j *tokenizerJSON, ids map[string]int32, roles map[string]*addedToken) (Tokenizer, error) {
	s, err := r.configured.settings(roles)
	if err != nil {
		return nil, err
	}
	v := vocabulary{files: "tokenizer.json", ids: ids}
	if err := v.addListed(s.added); err != nil {
		return nil, err
	}
	v.addOthers(s.added)
	if err := v.checkIDs(); err != nil {
		return nil, err
	}
	p.addTokens(s.added, ids, p.normalize)
	if p.before, p.after, err = j.PostProcessor.template(ids); err != nil {
		return nil, fmt.Errorf("tokenizer: tokenizer.json: post_processor: %w", err)
	}
	if p.pad, err = named(ids, s.pad, s.end); err != nil {
		return nil, err
	}
	p.size = len(ids)
	return r.finish(p)
}

// template reads the special tokens before and after a text.
func (s *jsonStep) template(ids map[string]int32) (before, after []int32, err error) {
	if t := s.find("TemplateProcessing"); t != nil {
		list := &before
		for _, piece := range t.Single {
			if piece.Special == nil {
				list = &after
				continue
			}
			id, ok := ids[piece.Special.ID]
			if !ok {
				return nil, nil, fmt.Errorf("the vocabulary has no token %q", piece.Special.ID)
			}
			*list = append(*list, id)
		}
		return before, after, nil
	}
	for _, kind := range []string{"BertProcessing", "RobertaProcessing"} {
		if t := s.find(kind); t != nil {
			return []int32{t.CLS.id}, []int32{t.SEP.id}, nil
		}
	}
	return nil, nil, nil
}
