package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/core/tokenizer"
	"github.com/spf13/cobra"
)

// tokenizing are the flags of tokenize.
type tokenizing struct {
	*program
	stdin   bool
	in      string
	dialect string
	context int
	noPad   bool
}

// tokenized is one text's result in JSON.
type tokenized struct {
	Text      string  `json:"text"`
	IDs       []int32 `json:"ids"`
	Truncated bool    `json:"truncated"`
}

// dialects are what --dialect takes.
var dialects = []string{"auto", "openai", "open_clip", "hf"}

func tokenizeCommand(p *program) *cobra.Command {
	o := &tokenizing{program: p}
	c := &cobra.Command{
		Use:   "tokenize TEXT… | --stdin | --in FILE",
		Short: "Give the ids that a text tower gets for a text",
		Long: `tokenize gives the ids of each text, in the order given: a line of numbers a text, padded to
the model's context length. No weights are needed: a folder with the tokenizer's files is
enough for -m.

Dialects differ in how they clean a text and pad. auto takes openai for OpenAI's .pt
files, open_clip for open_clip folders, and hf (transformers 5) for all others.`,
		Example: `  goclip tokenize "a photo of a cat"
  goclip tokenize --no-pad --json "a cat" "a dog"
  goclip tokenize --stdin < captions.txt
  goclip tokenize -m ./model --in texts.jsonl --json`,
		GroupID: pictureGroup,
		RunE:    o.run,
	}
	f := c.Flags()
	f.BoolVar(&o.stdin, "stdin", false, "read a text a line from standard input")
	f.StringVar(&o.in, "in", "", "read JSON objects with a \"text\", one a line, from `FILE` (- is standard input)")
	f.StringVar(&o.dialect, "dialect", "auto", "`DIALECT` of the tokenizer: "+strings.Join(dialects, ", "))
	f.IntVar(&o.context, "context", 0, "cut and pad to `N` ids; the model's length unless given")
	f.BoolVar(&o.noPad, "no-pad", false, "leave out the padding")
	complete(c, "dialect", dialects)
	return c
}

func (o *tokenizing) run(c *cobra.Command, arguments []string) error {
	ways := 0
	for _, given := range []bool{len(arguments) > 0, o.stdin, o.in != ""} {
		if given {
			ways++
		}
	}
	if ways != 1 {
		return usage(c, "tokenize needs texts, --stdin or --in, one of them")
	}
	if err := oneOf(c, "dialect", o.dialect, dialects); err != nil {
		return err
	}
	if (o.context < 2 || o.context > largestContext) && c.Flags().Changed("context") {
		return usage(c, "--context is %d, want 2 to %d", o.context, largestContext)
	}
	encoder, err := o.open()
	if err != nil {
		return err
	}
	for text, err := range o.texts(arguments) {
		var bad *badLine
		if errors.As(err, &bad) {
			if err := o.failLine(bad); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if err := c.Context().Err(); err != nil {
			return err
		}
		if err := o.show(text, encoder.Tokenize(text)); err != nil {
			return err
		}
	}
	return o.outcome()
}

// largestContext is more than any text tower reads.
const largestContext = 1 << 16

// badLine is a line of --in that holds no text. The others still are tokenized.
type badLine struct {
	file string
	line int
	err  error
}

func (b *badLine) Error() string { return fmt.Sprintf("%s: line %d: %v", b.file, b.line, b.err) }

// failLine names a bad line, once on standard error and in JSON on standard output.
func (o *tokenizing) failLine(b *badLine) error {
	o.failed = true
	o.say("%s", shown(b.Error()))
	if !o.json {
		return nil
	}
	return o.emit(struct {
		Line  int    `json:"line"`
		Error string `json:"error"`
	}{b.line, b.err.Error()})
}

func (o *tokenizing) open() (core.TextEncoder, error) {
	l, err := o.locate()
	if err != nil {
		return core.TextEncoder{}, err
	}
	var dialect *tokenizer.Dialect
	if o.dialect != "auto" {
		d, err := tokenizer.ParseDialect(o.dialect)
		if err != nil {
			return core.TextEncoder{}, err
		}
		dialect = &d
	}
	encoder, err := core.OpenTokenizer(l, dialect)
	if o.context > 0 {
		encoder.Context = o.context
	}
	return encoder, err
}

func (o *tokenizing) texts(arguments []string) iter.Seq2[string, error] {
	switch {
	case o.stdin:
		return linesOf("-")
	case o.in != "":
		return objectTexts(o.in)
	}
	return func(yield func(string, error) bool) {
		for text := range slices.Values(arguments) {
			if !yield(text, nil) {
				return
			}
		}
	}
}

// objectTexts gives the "text" of each line's JSON object. Empty lines are passed over.
func objectTexts(name string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		number := 0
		for line, err := range linesOf(name) {
			number++
			if err == nil && strings.TrimSpace(line) == "" {
				continue
			}
			var object struct {
				Text *string `json:"text"`
			}
			if err != nil {
				yield("", err)
				return
			}
			if err = json.Unmarshal([]byte(line), &object); err == nil && object.Text == nil {
				err = errors.New(`there is no "text"`)
			}
			if err != nil {
				if !yield("", &badLine{name, number, err}) {
					return
				}
				continue
			}
			if !yield(*object.Text, nil) {
				return
			}
		}
	}
}

func (o *tokenizing) show(text string, tokens core.Tokens) error {
	ids := tokens.IDs
	if o.noPad {
		ids = ids[:tokens.Used]
	}
	if o.json {
		return o.emit(tokenized{text, ids, tokens.Truncated})
	}
	if tokens.Truncated {
		o.warn("%s", truncation(text, len(tokens.IDs)))
	}
	for i, id := range ids {
		if i > 0 {
			o.out.WriteByte(' ')
		}
		fmt.Fprint(o.out, id)
	}
	return o.out.WriteByte('\n')
}
