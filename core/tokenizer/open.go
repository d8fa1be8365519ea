package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/goclip/goclip/core/internal/files"
)

// Numbers of bytes that a file may have: vocabularies and merges, and what is configured beside them.
const (
	largest       = 64 << 20
	largestConfig = 4 << 20
)

// Files are the names of the files that a tokenizer is opened from, the vocabularies first, each of which is enough.
var Files = []string{"tokenizer.json", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model", "vocab.json", "vocab.txt",
	"merges.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"}

// Open returns the tokenizer of a folder. The files that are there, and what they say of the model, decide its kind:
//
//	spiece.model of a SigLIP            SentencePiece with SigLIP's cleaning     siglip.go
//	tokenizer.json                      CLIP's BPE, or what its model says       json_models.go
//	spiece.model, sentencepiece.bpe.model, tokenizer.model   SentencePiece       pieces.go
//	vocab.json and merges.txt           CLIP's BPE, or RoBERTa's                 bytelevel.go
//	vocab.txt                           BERT's WordPiece                         wordpiece.go
//
// A folder without any gives an error that wraps fs.ErrNotExist; one of another kind an error that wraps
// errors.ErrUnsupported.
func Open(fsys fs.FS, dialect Dialect) (Tokenizer, error) {
	r, err := openRepository(fsys, dialect)
	if err != nil {
		return nil, err
	}
	switch {
	case r.siglip() && r.has("spiece.model"):
		return r.openSigLIP()
	case r.has("tokenizer.json"):
		return r.openJSON()
	case r.has("sentencepiece.bpe.model"):
		return r.openFairseq()
	case r.has("spiece.model"):
		return r.openPieces("spiece.model")
	case r.has("tokenizer.model"):
		return r.openPieces("tokenizer.model")
	case r.has("vocab.json"):
		return r.openMerges()
	case r.has("vocab.txt"):
		return r.openVocabulary()
	}
	return nil, fmt.Errorf("tokenizer: the folder has none of %s: %w", strings.Join(Files[:6], ", "), fs.ErrNotExist)
}

// openMerges opens vocab.json and merges.txt.
func (r *repository) openMerges() (Tokenizer, error) {
	v := &vocabulary{files: "vocab.json and merges.txt"}
	if err := readJSON(r, "vocab.json", largest, (*idsByToken)(&v.ids)); err != nil {
		return nil, err
	}
	text, err := readFile(r, "merges.txt", largest)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("tokenizer: the folder has vocab.json but no merges.txt")
	} else if err != nil {
		return nil, err
	}
	if v.merges, err = parseMerges(string(text)); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(v.merges, func(m pair) bool { return strings.HasSuffix(m.right, endOfWord) }) && len(v.merges) > 0 {
		return r.openByteLevel(v)
	}
	return r.openCLIP(v)
}

// openCLIP makes CLIP's tokenizer of a vocabulary.
func (r *repository) openCLIP(v *vocabulary) (Tokenizer, error) {
	s, err := r.configured.settings(clipTokens)
	if err != nil {
		return nil, err
	}
	return build(v, s, r.dialect)
}

// build makes CLIP's tokenizer of a vocabulary.
func build(v *vocabulary, s *settings, dialect Dialect) (Tokenizer, error) {
	if err := v.addListed(s.added); err != nil {
		return nil, err
	}
	e, err := v.ends(s)
	if err != nil {
		return nil, err
	}
	v.addOthers(s.added)
	switch dialect {
	case HuggingFace:
		return newHuggingFace(v, s, e)
	case OpenCLIP, OpenAI:
		return newSimple(v, e, dialect)
	}
	return nil, fmt.Errorf("tokenizer: there is no %v", dialect)
}

// parseMerges reads merges.txt: a header line with the version, then a merge a line.
func parseMerges(text string) ([]pair, error) {
	var merges []pair
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || number == 1 && strings.HasPrefix(line, "#version") {
			continue
		}
		m, err := splitMerge(line)
		if err != nil {
			return nil, fmt.Errorf("tokenizer: merges.txt: line %d: %w", number, err)
		}
		if len(merges) == most {
			return nil, fmt.Errorf("tokenizer: merges.txt: there are more than %d merges", most)
		}
		merges = append(merges, m)
	}
	return merges, nil
}

// read fills in the files beside the vocabulary, each of which may be missing.
func (c *configured) read(fsys fs.FS) error {
	for name, into := range map[string]any{
		"tokenizer_config.json": &c.config, "special_tokens_map.json": &c.specials, "added_tokens.json": (*idsByToken)(&c.later),
	} {
		if err := readJSON(fsys, name, largestConfig, into); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func readJSON(fsys fs.FS, name string, most int64, into any) error {
	text, err := readFile(fsys, name, most)
	if err != nil {
		return err
	}
	return unmarshal(name, text, into)
}

func unmarshal(name string, text []byte, into any) error {
	if len(text) == 0 {
		return fmt.Errorf("tokenizer: %s is missing", name)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("tokenizer: %s: %w", name, err)
	}
	return nil
}

func readFile(fsys fs.FS, name string, most int64) ([]byte, error) {
	text, err := files.Read(fsys, name, most)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	return text, nil
}
