package core

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/goclip/goclip/core/tokenizer"
	"github.com/goclip/goclip/core/zoo"
)

// defaultContext is CLIP's context length, for folders that hold a tokenizer and no configuration.
const defaultContext = 77

// clipEntries is the size of the vocabulary that goclip carries.
const clipEntries = 49408

// Tokens is a text as the text tower gets it.
type Tokens struct {
	IDs       []int32 // as many as the context is long
	Used      int     // ids before the padding
	Truncated bool    // the text was longer than the context
}

// TextEncoder turns texts into ids; it needs no weights.
type TextEncoder struct {
	tokenizer.Tokenizer
	Context int
}

// Tokenize gives the ids of a text, padded to the context.
func (e TextEncoder) Tokenize(text string) Tokens {
	ids, truncated := e.Encode(text, e.Context)
	t := Tokens{Used: len(ids), Truncated: truncated}
	for len(ids) < e.Context {
		ids = append(ids, e.Pad())
	}
	t.IDs = ids
	return t
}

// OpenTokenizer opens the tokenizer of a model without its weights. dialect nil takes the one of the reference.
func OpenTokenizer(l Location, dialect *tokenizer.Dialect) (TextEncoder, error) {
	e := TextEncoder{Context: defaultContext}
	source, entries, own := zoo.HuggingFace, 0, []string(nil)
	config, err := l.config()
	if err != nil {
		return e, err
	}
	if config != nil {
		source = config.Source
		if config.Text == nil {
			return e, fmt.Errorf("core: %s: %w: no text tower", l.Name, ErrNoTower)
		}
		e.Context, entries, own = config.Text.Length(), config.Text.Entries(), config.Tokens
	}
	d := dialectOf(source)
	if dialect != nil {
		d = *dialect
	}
	e.Tokenizer, err = openTokenizer(l, d, entries, own, nil)
	return e, err
}

func dialectOf(source zoo.Source) tokenizer.Dialect {
	switch source {
	case zoo.OpenAI:
		return tokenizer.OpenAI
	case zoo.OpenCLIP, zoo.Apple:
		return tokenizer.OpenCLIP
	}
	return tokenizer.HuggingFace
}

// openTokenizer looks for tokenizer files and falls back to the vocabulary that goclip carries. entries is the size of
// the tower's table; 0: not known. own is the vocabulary that the weights' file has; tokenizer files are not looked at then.
// merges is that of Options.
func openTokenizer(l Location, dialect tokenizer.Dialect, entries int, own []string, merges func() (string, error)) (tokenizer.Tokenizer, error) {
	if len(own) > 0 {
		return tokenizer.OfTokens(own, dialect)
	}
	for _, folder := range l.folders() {
		t, err := tokenizer.Open(folder, dialect)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("core: %s: %w", l.Name, err)
		}
		if entries > 0 && t.Size() > entries {
			return nil, fmt.Errorf("core: %s: the tokenizer knows %d ids, the text tower only %d: they do not belong together", l.Name, t.Size(), entries)
		}
		return t, nil
	}
	if entries != 0 && entries != clipEntries {
		return nil, fmt.Errorf("core: %s: there are no tokenizer files (%s), and a vocabulary of %d ids is not the one that goclip carries (%d)",
			l.Name, strings.Join(tokenizer.Files[:6], ", "), entries, clipEntries)
	}
	if merges == nil {
		return tokenizer.CLIP(dialect)
	}
	text, err := merges()
	if err != nil {
		return nil, fmt.Errorf("core: %s: CLIP's vocabulary: %w", l.Name, err)
	}
	return tokenizer.OfMerges(text, dialect)
}

// Tokenize gives the ids of a text, padded to the context.
func (m *Model) Tokenize(text string) (Tokens, error) {
	if m.text == nil {
		return Tokens{}, fmt.Errorf("core: %w: no text tower", ErrNoTower)
	}
	if m.tokenizerErr != nil {
		return Tokens{}, m.tokenizerErr
	}
	return TextEncoder{m.tokenizer, m.text.tower.Length()}.Tokenize(text), nil
}
