package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/goclip/goclip/core/tokenizer/clean"
)

// repository is a model's folder with what its files say about the kind of tokenizer.
type repository struct {
	fs.FS
	dialect Dialect
	class   string // tokenizer_config.json's tokenizer_class, without "Fast"
	family  string // config.json's model_type
	options options
	clip    *openCLIPText // nil: open_clip's configuration names no tokenizer of Hugging Face's
	configured
}

// options are the switches of tokenizer_config.json that change ids. nil: the class decides.
type options struct {
	Lower   *bool `json:"do_lower_case"`
	Accents *bool `json:"strip_accents"`
	Chinese *bool `json:"tokenize_chinese_chars"`
	AddBOS  *bool `json:"add_bos_token"`
	AddEOS  *bool `json:"add_eos_token"`
	// Prefix puts a space before a text that has none: RoBERTa.
	Prefix bool `json:"add_prefix_space"`
}

// openCLIPText is the part of open_clip_config.json's text_cfg that is about the tokenizer.
type openCLIPText struct {
	Name   string `json:"hf_tokenizer_name"`
	Kwargs struct {
		Clean    string `json:"clean"`
		StripSEP bool   `json:"strip_sep_token"`
	} `json:"tokenizer_kwargs"`
	Mode string `json:"tokenizer_mode"`
}

func openRepository(fsys fs.FS, dialect Dialect) (*repository, error) {
	r := &repository{FS: fsys, dialect: dialect}
	var config struct {
		Class string `json:"tokenizer_class"`
		options
	}
	var model struct {
		Type string `json:"model_type"`
	}
	var clip struct {
		Model struct {
			Text openCLIPText `json:"text_cfg"`
		} `json:"model_cfg"`
	}
	if err := readJSON(fsys, "tokenizer_config.json", largestConfig, &config); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	// What is wrong with these two is said where the model is opened.
	_ = readJSON(fsys, "config.json", largestConfig, &model)
	_ = readJSON(fsys, "open_clip_config.json", largestConfig, &clip)
	r.class, r.options, r.family = strings.TrimSuffix(config.Class, "Fast"), config.options, model.Type
	if dialect == OpenCLIP && clip.Model.Text.Name != "" {
		r.clip = &clip.Model.Text
		if r.clip.Mode != "" {
			return nil, fmt.Errorf("tokenizer: open_clip_config.json: tokenizer_mode %q: %w", r.clip.Mode, errors.ErrUnsupported)
		}
	}
	return r, r.configured.read(fsys)
}

// siglip reports whether this is the tokenizer of a SigLIP, of the first or the second kind.
func (r *repository) siglip() bool {
	return strings.HasPrefix(r.class, "Siglip") || strings.HasPrefix(r.family, "siglip")
}

// has reports whether there is such a file.
func (r *repository) has(name string) bool {
	_, err := fs.Stat(r.FS, name)
	return err == nil
}

// finish gives a pipeline the cleaning that open_clip does before Hugging Face's tokenizers.
func (r *repository) finish(p *pipeline) (Tokenizer, error) {
	if r.clip == nil {
		return p, nil
	}
	switch mode := r.clip.Kwargs.Clean; mode {
	case "", "whitespace":
		p.clean = clean.Whitespace
	case "lower":
		p.clean = clean.Lower
	case "canonicalize":
		p.clean = clean.Canonicalize
	default:
		return nil, fmt.Errorf("tokenizer: open_clip_config.json: clean %q: %w", mode, errors.ErrUnsupported)
	}
	return p, nil
}

// named returns the id of the token with a role, or of one of these names.
func named(ids map[string]int32, names ...string) (int32, error) {
	for _, name := range names {
		if id, ok := ids[name]; ok && name != "" {
			return id, nil
		}
	}
	return 0, fmt.Errorf("tokenizer: the vocabulary has no token %s", strings.Join(names, " or "))
}

// tokenizerJSON is the part of tokenizer.json that transformers does not replace by its own.
type tokenizerJSON struct {
	AddedTokens   json.RawMessage `json:"added_tokens"`
	Normalizer    *jsonStep       `json:"normalizer"`
	PreTokenizer  *jsonStep       `json:"pre_tokenizer"`
	PostProcessor *jsonStep       `json:"post_processor"`
	Model         struct {
		Type         string          `json:"type"`
		Suffix       *string         `json:"end_of_word_suffix"`
		Fallback     bool            `json:"byte_fallback"`
		Unknown      string          `json:"unk_token"`
		UnknownID    *int32          `json:"unk_id"`
		Continuation string          `json:"continuing_subword_prefix"`
		LongestWord  int             `json:"max_input_chars_per_word"`
		Vocab        json.RawMessage `json:"vocab"`
		Merges       json.RawMessage `json:"merges"`
	} `json:"model"`
}

// jsonStep is a normalizer, pre-tokenizer or post-processor of tokenizer.json, or a sequence of them, with the fields of
// all kinds that matter.
type jsonStep struct {
	Type     string `json:"type"`
	Charsmap []byte `json:"precompiled_charsmap"`
	Prepend  string `json:"prepend"`
	Lower    *bool  `json:"lowercase"`
	Accents  *bool  `json:"strip_accents"`
	Chinese  *bool  `json:"handle_chinese_chars"`
	CleanUp  *bool  `json:"clean_text"`
	Single   []struct {
		Special *struct {
			ID string `json:"id"`
		} `json:"SpecialToken"`
	} `json:"single"`
	SEP   textAndID  `json:"sep"`
	CLS   textAndID  `json:"cls"`
	Steps []jsonStep `json:"normalizers"`
	Pre   []jsonStep `json:"pretokenizers"`
	Post  []jsonStep `json:"processors"`
}

// textAndID is a token as the older post-processors have it: ["[SEP]", 102].
type textAndID struct{ id int32 }

func (t *textAndID) UnmarshalJSON(text []byte) error {
	var both []json.RawMessage
	if err := json.Unmarshal(text, &both); err != nil || len(both) != 2 {
		return fmt.Errorf("a token must be a text and its id, not %.40s", text)
	}
	return json.Unmarshal(both[1], &t.id)
}

// only makes sure that there are no steps of other types: those would change ids, and goclip does not compute them.
func (s *jsonStep) only(types ...string) error {
	if s == nil {
		return nil
	}
	if s.Type != "Sequence" && !slices.Contains(types, s.Type) {
		return fmt.Errorf("tokenizer: tokenizer.json: the step %s: %w", s.Type, errors.ErrUnsupported)
	}
	for _, list := range [][]jsonStep{s.Steps, s.Pre, s.Post} {
		for i := range list {
			if err := list[i].only(types...); err != nil {
				return err
			}
		}
	}
	return nil
}

// rebuilt reports whether transformers makes the steps of this class anew and leaves those of tokenizer.json alone.
func (r *repository) rebuilt() bool {
	return slices.Contains([]string{"XLMRobertaTokenizer", "T5Tokenizer", "BertTokenizer", "RobertaTokenizer"}, r.class)
}

// find is the first step of a type, in the order in which they are taken; nil: none.
func (s *jsonStep) find(kind string) *jsonStep {
	if s == nil || s.Type == kind {
		return s
	}
	for _, list := range [][]jsonStep{s.Steps, s.Pre, s.Post} {
		for i := range list {
			if found := list[i].find(kind); found != nil {
				return found
			}
		}
	}
	return nil
}
