package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/goclip/goclip/core/internal/files"
)

// Numbers of bytes that a file may have: vocabularies and merges, and what is configured beside them.
const (
	largest       = 64 << 20
	largestConfig = 4 << 20
)

// Open returns the tokenizer of a folder: of tokenizer.json if there is one, otherwise of vocab.json and merges.txt, with
// the special tokens that tokenizer_config.json, special_tokens_map.json and added_tokens.json name. A folder with
// neither gives an error that wraps fs.ErrNotExist; a tokenizer.json of another kind than CLIP's one that wraps
// errors.ErrUnsupported.
func Open(fsys fs.FS, dialect Dialect) (Tokenizer, error) {
	v, c, err := readVocabulary(fsys)
	if err != nil {
		return nil, err
	}
	if err := c.read(fsys); err != nil {
		return nil, err
	}
	s, err := c.settings()
	if err != nil {
		return nil, err
	}
	return build(v, s, dialect)
}

// build makes a tokenizer of a vocabulary.
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

func readVocabulary(fsys fs.FS) (*vocabulary, *configured, error) {
	v, c, err := readTokenizerJSON(fsys)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return v, c, err
	}
	v = &vocabulary{files: "vocab.json and merges.txt"}
	if err := readJSON(fsys, "vocab.json", largest, (*idsByToken)(&v.ids)); errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("tokenizer: the folder has neither tokenizer.json nor vocab.json: %w", fs.ErrNotExist)
	} else if err != nil {
		return nil, nil, err
	}
	text, err := readFile(fsys, "merges.txt", largest)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, errors.New("tokenizer: the folder has vocab.json but no merges.txt")
	} else if err != nil {
		return nil, nil, err
	}
	v.merges, err = parseMerges(string(text))
	return v, &configured{}, err
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

// tokenizerJSON is the part of tokenizer.json that transformers does not replace by its own.
type tokenizerJSON struct {
	AddedTokens json.RawMessage `json:"added_tokens"`
	Model       struct {
		Type     string          `json:"type"`
		Suffix   *string         `json:"end_of_word_suffix"`
		Fallback bool            `json:"byte_fallback"`
		Vocab    json.RawMessage `json:"vocab"` // other kinds of model have something else here
		Merges   json.RawMessage `json:"merges"`
	} `json:"model"`
}

func readTokenizerJSON(fsys fs.FS) (*vocabulary, *configured, error) {
	var j tokenizerJSON
	const name = "tokenizer.json"
	if err := readJSON(fsys, name, largest, &j); err != nil {
		return nil, nil, err
	}
	if j.Model.Type != "" && j.Model.Type != "BPE" || j.Model.Suffix == nil || *j.Model.Suffix != endOfWord || j.Model.Fallback {
		return nil, nil, fmt.Errorf("tokenizer: %s: the model %q is no byte-level BPE with %s as CLIP's is: %w",
			name, j.Model.Type, endOfWord, errors.ErrUnsupported)
	}
	v, c := &vocabulary{files: name}, &configured{}
	if len(j.AddedTokens) > largestConfig {
		return nil, nil, fmt.Errorf("tokenizer: %s: added_tokens is larger than %d MiB", name, largestConfig>>20)
	}
	if err := unmarshal(name+": vocab", j.Model.Vocab, (*idsByToken)(&v.ids)); err != nil {
		return nil, nil, err
	}
	if err := unmarshal(name+": merges", j.Model.Merges, (*mergeList)(&v.merges)); err != nil {
		return nil, nil, err
	}
	if j.AddedTokens != nil {
		if err := unmarshal(name+": added_tokens", j.AddedTokens, &c.added); err != nil {
			return nil, nil, err
		}
	}
	return v, c, nil
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
