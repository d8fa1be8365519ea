package tokenizer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// settings is what a repository says about its special tokens, as transformers 5 puts its files together.
type settings struct {
	start, end, unknown string
	pad                 string       // "" if the repository wants none
	added               []addedToken // strings that are a token wherever they stand in a text
}

// addedToken is a special string with its flags, as the files spell them.
type addedToken struct {
	ID         *int32 `json:"id"` // nil if the file gives none
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"` // counts only where no letter or digit touches it
	LStrip     bool   `json:"lstrip"`      // takes the spaces before it along
	RStrip     bool   `json:"rstrip"`      // takes the spaces after it along
	Normalized bool   `json:"normalized"`  // is looked for after normalization, and so in any case
	bare       bool   // the file has the string alone, without flags
}

// UnmarshalJSON takes an object with flags or a string alone.
func (t *addedToken) UnmarshalJSON(text []byte) error {
	if bytes.HasPrefix(text, []byte(`"`)) {
		t.bare = true
		return json.Unmarshal(text, &t.Content)
	}
	type object addedToken
	return json.Unmarshal(text, (*object)(t))
}

// tokenizerConfig is tokenizer_config.json, of which special_tokens_map.json is a part.
type tokenizerConfig struct {
	named   map[string]*addedToken // by role, nil for null
	extra   []addedToken
	decoder map[string]addedToken // by id
}

func (c *tokenizerConfig) UnmarshalJSON(text []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	c.named = make(map[string]*addedToken)
	for key, value := range members {
		var err error
		switch {
		case slices.Contains(roles, key):
			var token *addedToken
			err = json.Unmarshal(value, &token)
			c.named[key] = token
		case key == "additional_special_tokens" && len(c.extra) == 0, key == "extra_special_tokens":
			var extra []addedToken
			if extra, err = extraTokens(value); len(extra) > 0 {
				c.extra = extra
			}
		case key == "added_tokens_decoder":
			c.decoder = make(map[string]addedToken)
			err = json.Unmarshal(value, &c.decoder)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

// extraTokens reads special tokens without a role: a list, or an object with a name for each.
func extraTokens(text []byte) ([]addedToken, error) {
	var list []addedToken
	if !bytes.HasPrefix(text, []byte("{")) {
		err := json.Unmarshal(text, &list)
		return list, err
	}
	var byName map[string]addedToken
	err := json.Unmarshal(text, &byName)
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		list = append(list, byName[name])
	}
	return list, err
}

// roles are the tokens with a name, in the order in which transformers adds them.
var roles = []string{"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"}

// configured is the contents of a repository's files.
type configured struct {
	config   tokenizerConfig  // tokenizer_config.json
	specials tokenizerConfig  // special_tokens_map.json
	later    map[string]int32 // added_tokens.json
	added    []addedToken     // of tokenizer.json
}

// settings puts the files together. The list of added tokens in tokenizer_config.json makes the other files superfluous;
// without it special_tokens_map.json overrides the configured tokens, and tokenizer.json knows their flags best.
// roles are the class's own special tokens, which hold where no file says otherwise.
func (c *configured) settings(roles map[string]*addedToken) (*settings, error) {
	named := maps.Clone(roles)
	maps.Copy(named, c.config.named)
	extra := c.config.extra
	var added []addedToken
	if c.config.decoder != nil {
		var err error
		if added, err = decoderTokens(c.config.decoder); err != nil {
			return nil, err
		}
	} else {
		maps.Copy(named, c.specials.named)
		extra = slices.Concat(extra, c.specials.extra)
		added = append(c.laterTokens(named), c.added...)
	}
	s := &settings{added: added}
	s.addNamed(named, extra)
	for role, token := range map[string]*string{
		"bos_token": &s.start, "eos_token": &s.end, "unk_token": &s.unknown, "pad_token": &s.pad,
	} {
		if named[role] != nil {
			*token = named[role].Content
		}
	}
	return s, nil
}

// bareTokens are special tokens without flags: role, content, and so on.
func bareTokens(pairs ...string) map[string]*addedToken {
	tokens := map[string]*addedToken{}
	for i := 0; i < len(pairs); i += 2 {
		tokens[pairs[i]] = &addedToken{Content: pairs[i+1], bare: true}
	}
	return tokens
}

// The special tokens of transformers' classes.
var (
	clipTokens = bareTokens("bos_token", startOfText, "eos_token", endOfText, "unk_token", endOfText, "pad_token", endOfText)
	t5Tokens   = bareTokens("eos_token", "</s>", "unk_token", "<unk>", "pad_token", "<pad>")
	bertTokens = bareTokens("unk_token", "[UNK]", "sep_token", "[SEP]", "pad_token", "[PAD]", "cls_token", "[CLS]", "mask_token", "[MASK]")
	// robertaTokens are XLM-R's as well.
	robertaTokens = bareTokens("bos_token", "<s>", "eos_token", "</s>", "sep_token", "</s>", "cls_token", "<s>", "unk_token", "<unk>",
		"pad_token", "<pad>", "mask_token", "<mask>")
	gemmaTokens = bareTokens("bos_token", "<bos>", "eos_token", "<eos>", "unk_token", "<unk>", "pad_token", "<pad>")
)

// addNamed adds the tokens with a role and the extra ones, unless the list of added tokens has them. Where roles share a
// string, the flags of the last role count that does not repeat an earlier one's.
func (s *settings) addNamed(named map[string]*addedToken, extra []addedToken) {
	listed := s.added
	for _, role := range roles {
		if token := named[role]; token != nil && !contains(listed, token.Content) && !slices.Contains(s.added, *token) {
			s.added = append(s.added, *token)
		}
	}
	last := make(map[string]addedToken, len(s.added)+len(extra))
	for _, token := range s.added {
		last[token.Content] = token
	}
	s.added = slices.DeleteFunc(s.added, func(t addedToken) bool { return t != last[t.Content] })
	for _, token := range extra {
		if _, known := last[token.Content]; !known {
			last[token.Content] = token
			s.added = append(s.added, token)
		}
	}
}

func contains(tokens []addedToken, content string) bool {
	return slices.ContainsFunc(tokens, func(t addedToken) bool { return t.Content == content })
}

// decoderTokens returns the added_tokens_decoder in the order of its ids.
func decoderTokens(decoder map[string]addedToken) ([]addedToken, error) {
	tokens := make([]addedToken, 0, len(decoder))
	for key, token := range decoder {
		id, err := strconv.ParseInt(key, 10, 32)
		if err != nil || id < 0 {
			return nil, fmt.Errorf("tokenizer: tokenizer_config.json: added_tokens_decoder: %.40q must be an id", key)
		}
		id32 := int32(id)
		token.ID = &id32
		tokens = append(tokens, token)
	}
	slices.SortFunc(tokens, func(a, b addedToken) int { return int(*a.ID) - int(*b.ID) })
	return tokens, nil
}

// laterTokens returns added_tokens.json, which has no flags: all but the special ones are normalized.
func (c *configured) laterTokens(named map[string]*addedToken) []addedToken {
	tokens := make([]addedToken, 0, len(c.later))
	for content, id := range c.later {
		token := addedToken{ID: &id, Content: content, Normalized: true}
		for _, n := range named {
			if n != nil && n.Content == content {
				token.Normalized = false
			}
		}
		tokens = append(tokens, token)
	}
	slices.SortFunc(tokens, func(a, b addedToken) int { return strings.Compare(a.Content, b.Content) })
	return tokens
}
