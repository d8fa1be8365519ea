package tokenizer

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// wordPiece is BERT's tokenizer (Devlin et al. 2018; Hugging Face's BertNormalizer, BertPreTokenizer and WordPiece): words
// and single punctuation marks, each cut into the longest pieces from the left.
type wordPiece struct {
	lower, accents, chinese, cleanUp bool

	first, next map[string]int32 // pieces that begin a word, and those that go on with it
	unknown     int32
	longest     int // characters of a word that is still cut
	longestHead int // bytes of the longest piece
}

// continuation marks a piece that does not begin a word.
const continuation = "##"

// longestWord is how many characters a word has at most that BERT cuts.
const longestWord = 100

// openVocabulary opens vocab.txt: a piece a line, the id is the line's number.
func (r *repository) openVocabulary() (Tokenizer, error) {
	text, err := readFile(r, "vocab.txt", largest)
	if err != nil {
		return nil, err
	}
	ids := map[string]int32{}
	id := int32(0)
	for line := range strings.Lines(string(text)) {
		if id == most {
			return nil, fmt.Errorf("tokenizer: vocab.txt: there are more than %d lines", most)
		}
		ids[strings.TrimRight(line, "\r\n")] = id
		id++
	}
	w := &wordPiece{lower: true, chinese: true, cleanUp: true, longest: longestWord}
	if r.options.Lower != nil {
		w.lower = *r.options.Lower
	}
	if r.options.Chinese != nil {
		w.chinese = *r.options.Chinese
	}
	w.accents = w.lower
	if r.options.Accents != nil {
		w.accents = *r.options.Accents
	}
	return r.bert(w, ids, continuation, "vocab.txt")
}

// openWordPiece opens a tokenizer.json with a WordPiece model.
func (r *repository) openWordPiece(j *tokenizerJSON) (Tokenizer, error) {
	var ids map[string]int32
	if err := unmarshal("tokenizer.json: vocab", j.Model.Vocab, (*idsByToken)(&ids)); err != nil {
		return nil, err
	}
	step := j.Normalizer.find("BertNormalizer")
	if step == nil {
		return nil, fmt.Errorf("tokenizer: tokenizer.json: a WordPiece model without BERT's normalizer is not supported")
	}
	says := func(value *bool, otherwise bool) bool {
		if value == nil {
			return otherwise
		}
		return *value
	}
	w := &wordPiece{lower: says(step.Lower, true), chinese: says(step.Chinese, true), cleanUp: says(step.CleanUp, true), longest: j.Model.LongestWord}
	w.accents = says(step.Accents, w.lower)
	if w.longest == 0 {
		w.longest = longestWord
	}
	if w.longest < 0 || w.longest > 10*longestWord {
		return nil, fmt.Errorf("tokenizer: tokenizer.json: max_input_chars_per_word is %d, want 1 to %d", w.longest, 10*longestWord)
	}
	if r.class == "BertTokenizer" { // transformers lets tokenizer_config.json win
		w.lower, w.chinese = says(r.options.Lower, w.lower), says(r.options.Chinese, w.chinese)
		w.accents = says(r.options.Accents, says(step.Accents, w.lower))
	}
	return r.bert(w, ids, j.Model.Continuation, "tokenizer.json")
}

// bert completes a tokenizer: [CLS] text [SEP].
func (r *repository) bert(w *wordPiece, ids map[string]int32, continues, file string) (Tokenizer, error) {
	s, err := r.configured.settings(bertTokens)
	if err != nil {
		return nil, err
	}
	v := vocabulary{files: file, ids: ids}
	if err := v.addListed(s.added); err != nil {
		return nil, err
	}
	size := int32(0)
	for _, id := range ids {
		size = max(size, id+1)
	}
	if size > most {
		return nil, v.errorf("the id %d is beyond what goclip takes", size-1)
	}
	roles := map[string]int32{}
	for role, name := range map[string]string{"unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]"} {
		if token := r.token(role); token != "" {
			name = token
		}
		if roles[role], err = named(ids, name); err != nil {
			return nil, fmt.Errorf("%w: %s is no vocabulary of BERT's", err, file)
		}
	}
	w.fill(ids, continues)
	w.unknown = roles["unk_token"]
	p := &pipeline{before: []int32{roles["cls_token"]}, after: []int32{roles["sep_token"]}, pad: roles["pad_token"], size: int(size),
		normalize: w.normalize}
	p.cut = func(ids []int32, stretch string, _ bool) []int32 { return w.cut(ids, stretch) }
	p.addTokens(s.added, ids, p.normalize)
	if r.clip != nil && r.clip.Kwargs.StripSEP {
		// open_clip turns the separator into what it pads with: where the text ends cannot be told any more.
		p.replace, p.fill, p.pad = map[int32]int32{roles["sep_token"]: 0}, true, 0
	}
	return r.finish(p)
}

// token is the configured content of a role.
func (r *repository) token(role string) string {
	for _, c := range []tokenizerConfig{r.config, r.specials} {
		if t := c.named[role]; t != nil {
			return t.Content
		}
	}
	return ""
}

func (w *wordPiece) fill(ids map[string]int32, continues string) {
	w.first, w.next = make(map[string]int32, len(ids)), make(map[string]int32, len(ids))
	for piece, id := range ids {
		w.first[piece] = id
		rest, ok := strings.CutPrefix(piece, continues)
		if ok {
			w.next[rest] = id
		}
		w.longestHead = max(w.longestHead, len(piece))
	}
}

// normalize cleans a text, sets Chinese characters apart, drops accents and lowers the case.
func (w *wordPiece) normalize(text string) string {
	var out strings.Builder
	out.Grow(len(text))
	for _, r := range text {
		switch {
		case w.cleanUp && (r == '\t' || r == '\n' || r == '\r'):
			out.WriteByte(' ')
		case w.cleanUp && unicode.Is(bertControls, r):
		case w.cleanUp && unicode.IsSpace(r):
			out.WriteByte(' ')
		case w.chinese && isChinese(r):
			out.WriteByte(' ')
			out.WriteRune(r)
			out.WriteByte(' ')
		default:
			out.WriteRune(r)
		}
	}
	text = out.String()
	if w.accents {
		text = strings.Map(func(r rune) rune {
			if unicode.Is(bertAccents, r) {
				return -1
			}
			return r
		}, norm.NFD.String(text))
	}
	if w.lower {
		text = lowerEach(text)
	}
	return text
}

// isChinese are the blocks that BERT's tokenization.py calls CJK.
func isChinese(r rune) bool {
	return r >= 0x4E00 && r <= 0x9FFF || r >= 0x3400 && r <= 0x4DBF || r >= 0x20000 && r <= 0x2A6DF || r >= 0x2A700 && r <= 0x2B73F ||
		r >= 0x2B740 && r <= 0x2B81F || r >= 0x2B920 && r <= 0x2CEAF || r >= 0xF900 && r <= 0xFAFF || r >= 0x2F800 && r <= 0x2FA1F
}

// cut takes a normalized stretch apart at whitespace and round every punctuation mark.
func (w *wordPiece) cut(ids []int32, text string) []int32 {
	start := 0
	for i, r := range text {
		space, mark := unicode.IsSpace(r), unicode.Is(bertMarks, r)
		if !space && !mark {
			continue
		}
		if start < i {
			ids = w.word(ids, text[start:i])
		}
		start = i + utf8.RuneLen(r)
		if mark {
			ids = w.word(ids, text[i:start])
		}
	}
	if start < len(text) {
		ids = w.word(ids, text[start:])
	}
	return ids
}

// word appends the pieces of a word; one that cannot be cut, or is too long, is unknown as a whole.
func (w *wordPiece) word(ids []int32, word string) []int32 {
	if utf8.RuneCountInString(word) > w.longest {
		return append(ids, w.unknown)
	}
	before := len(ids)
	for pieces := w.first; word != ""; pieces = w.next {
		id, n := longestPiece(pieces, word, w.longestHead)
		if n == 0 {
			return append(ids[:before], w.unknown)
		}
		ids, word = append(ids, id), word[n:]
	}
	return ids
}

// longestPiece is the longest piece that a word begins with, and its length; 0: there is none.
func longestPiece(pieces map[string]int32, word string, most int) (id int32, n int) {
	for n = min(len(word), most); n > 0; n-- {
		if n < len(word) && !utf8.RuneStart(word[n]) {
			continue
		}
		if id, ok := pieces[word[:n]]; ok {
			return id, n
		}
	}
	return 0, 0
}
