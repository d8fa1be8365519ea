package tokenizer

import "fmt"

// Tokenizer turns texts into ids. It may be used from several goroutines at once.
type Tokenizer interface {
	// Encode returns the ids of a text as the tower gets them: start and end tokens included, without padding. A text
	// with more than context ids is cut as the reference does it, its end token kept, and truncated is true; a context
	// of 0 or less cuts nothing. Bytes that are not UTF-8 count as U+FFFD.
	Encode(text string, context int) (ids []int32, truncated bool)
	// Pad returns the id that fills up to the context.
	Pad() int32
	// Size returns the number of ids: all are below it.
	Size() int
}

// Dialect says whose rules for cleaning, special strings and padding a tokenizer follows.
type Dialect uint8

const (
	// HuggingFace is CLIPTokenizer of transformers 5: NFC, spaces, lower case per character; no repair of the text. It
	// pads with the configured token.
	HuggingFace Dialect = iota
	// OpenCLIP is open_clip's SimpleTokenizer: ftfy, HTML character references, Python's lower case; the special strings
	// are <start_of_text> and <end_of_text>. It pads with 0.
	OpenCLIP
	// OpenAI is the tokenizer of OpenAI's clip package: as OpenCLIP, with the special strings <|startoftext|> and
	// <|endoftext|>.
	OpenAI
)

var dialectNames = [...]string{HuggingFace: "hf", OpenCLIP: "open_clip", OpenAI: "openai"}

// String returns the dialect's name on the command line.
func (d Dialect) String() string {
	if int(d) < len(dialectNames) {
		return dialectNames[d]
	}
	return fmt.Sprintf("Dialect(%d)", uint8(d))
}

// ParseDialect returns the dialect called "hf", "open_clip" or "openai".
func ParseDialect(name string) (Dialect, error) {
	for d, n := range dialectNames {
		if n == name {
			return Dialect(d), nil
		}
	}
	return 0, fmt.Errorf("tokenizer: unknown dialect %q: use hf, open_clip or openai", name)
}

// row collects the ids of one text.
type row struct {
	ids     []int32
	context int
}

func startRow(start int32, context int) *row {
	return &row{ids: append(make([]int32, 0, 32), start), context: context}
}

// full tells whether further ids would be cut off anyway: with the end token there are more than the context allows.
func (r *row) full() bool { return r.context > 0 && len(r.ids) >= r.context }

// finish appends the end token, in the place of the last id that fits if there are too many.
func (r *row) finish(end int32) (ids []int32, truncated bool) {
	if r.full() {
		r.ids = append(r.ids[:r.context-1], end)
		return r.ids, true
	}
	return append(r.ids, end), false
}
