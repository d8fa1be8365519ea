package tokenizer

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDialects(t *testing.T) {
	for _, d := range []Dialect{HuggingFace, OpenCLIP, OpenAI} {
		parsed, err := ParseDialect(d.String())
		require.NoError(t, err)
		require.Equal(t, d, parsed)
	}
	_, err := ParseDialect("bert")
	require.ErrorContains(t, err, `tokenizer: unknown dialect "bert"`)
	require.Equal(t, "Dialect(9)", Dialect(9).String())
	_, err = CLIP(9)
	require.ErrorContains(t, err, "tokenizer: there is no Dialect(9)")
	_, err = Open(smallFolder(smallVocabulary(), nil), 9)
	require.ErrorContains(t, err, "tokenizer: there is no Dialect(9)")
}

// The first ids stay, the end token takes the place of the last.
func TestCut(t *testing.T) {
	for _, dialect := range []Dialect{HuggingFace, OpenCLIP, OpenAI} {
		tokenizer, err := CLIP(dialect)
		require.NoError(t, err)
		all := []int32{49406, 320, 1125, 539, 320, 2368, 49407}
		for context, want := range map[int][]int32{
			-1: all, 0: all, 1: {49407}, 2: {49406, 49407}, 6: {49406, 320, 1125, 539, 320, 49407}, 7: all, 77: all,
		} {
			ids, truncated := tokenizer.Encode("a photo of a cat", context)
			require.Equal(t, want, ids, "%v %d", dialect, context)
			require.Equal(t, len(want) < len(all), truncated, "%v %d", dialect, context)
		}
	}
}

// Pieces as CLIP's regular expression finds them, with and without regard to case.
func TestSplit(t *testing.T) {
	specials := []string{startOfText, endOfText}
	for text, want := range map[string][2]string{
		"":                   {"", ""},
		" \t\u3000\u0085":    {"", ""},
		"it's 24!":           {"it|'s|2|4|!", "it|'s|2|4|!"},
		"''s''ll 'v've":      {"''|s|''|ll|'|v|'ve", "''|s|''|ll|'|v|'ve"},
		"x!'s":               {"x|!'|s", "x|!'|s"},
		"a\u0301é½²ⅷ一":       {"a|\u0301|é|½|²|ⅷ|一", "a|\u0301|é|½|²|ⅷ|一"},
		"<|endoftext|>!":     {"<|endoftext|>|!", "<|endoftext|>|!"},
		"!<|endoftext|>":     {"!<||endoftext||>", "!<||endoftext||>"},
		"'ſ <|ſtartoftext|>": {"'|ſ|<||ſtartoftext||>", "'ſ|<|ſtartoftext|>"},
		"!\u0345!":           {"!\u0345!", "!|!"},
		"\x1c\x00\ufffd":     {"\x1c\x00\ufffd", "\x1c\x00\ufffd"},
		"<|endoftext":        {"<||endoftext", "<||endoftext"},
	} {
		for i, folds := range []bool{false, true} {
			s := splitter{specials: specials, folds: folds}
			var pieces []string
			for piece, rest := s.next(text); piece != ""; piece, rest = s.next(rest) {
				pieces = append(pieces, piece)
			}
			require.Equal(t, want[i], strings.Join(pieces, "|"), "%q, folds %v", text, folds)
		}
	}
}

// Added tokens with every flag, as the tokenizers library treats them.
func TestAddedTokens(t *testing.T) {
	ids := smallVocabulary()
	id := int32(len(ids))
	word := func(s string) []int32 {
		var out []int32
		for i, c := range s {
			symbol := string(c)
			if i == len(s)-1 {
				symbol += endOfWord
			}
			out = append(out, ids[symbol])
		}
		return out
	}
	join := func(parts ...[]int32) []int32 {
		return slices.Concat([]int32{ids[startOfText]}, slices.Concat(parts...), []int32{ids[endOfText]})
	}
	found := []int32{id}
	for _, c := range []struct {
		token, text string
		want        []int32
	}{
		{`"content": "hi"`, "ahib Hi", join(word("a"), found, word("b"), word("hi"))},
		{`"content": "hi", "normalized": true`, "ahib Hi", join(word("a"), found, word("b"), found)},
		{`"content": "HI", "normalized": true`, "hi", join(found)},
		{`"content": "hi", "single_word": true`, "hi ahi hi_ hi!", join(found, word("ahi"), word("hi"), word("_"), found, word("!"))},
		{`"content": " hi "`, "a hi b hi", join(word("a"), found, word("b"), word("hi"))},
		{`"content": "hi", "rstrip": true`, "hi  hi x", join(found, found, word("x"))},
		{`"content": "hi", "rstrip": true}, "` + fmt.Sprint(id+1) + `": {"content": " x", "lstrip": true`, "hi  x", join(found, []int32{id + 1})},
		{`"content": "hi", "lstrip": true`, "x  hi", join(word("x"), found)},
	} {
		config := fmt.Sprintf(`{"added_tokens_decoder": {"%d": {%s}}}`, id, c.token)
		tokenizer, err := Open(smallFolder(ids, nil, "tokenizer_config.json", config), HuggingFace)
		require.NoError(t, err)
		got, _ := tokenizer.Encode(c.text, 0)
		require.Equal(t, c.want, got, "%s in %q", c.token, c.text)
	}
}

func TestConcurrentUse(t *testing.T) {
	tokenizer, err := CLIP(OpenAI)
	require.NoError(t, err)
	want, _ := tokenizer.Encode(caption, 77)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 200 {
				got, _ := tokenizer.Encode(caption, 77)
				if !slices.Equal(want, got) {
					t.Error("another goroutine's ids")
				}
			}
		})
	}
	group.Wait()
}

// checkEncoding makes sure of what holds for every text.
func checkEncoding(t *testing.T, tokenizer Tokenizer, text string, context int) {
	t.Helper()
	ids, truncated := tokenizer.Encode(text, context)
	require.NotEmpty(t, ids)
	for _, id := range ids {
		require.Less(t, int(id), tokenizer.Size())
		require.GreaterOrEqual(t, id, int32(0))
	}
	if context > 0 {
		require.LessOrEqual(t, len(ids), context)
		require.False(t, truncated && len(ids) < context)
	} else {
		require.False(t, truncated)
	}
	again, _ := tokenizer.Encode(string([]rune(text)), context)
	require.Equal(t, ids, again)
}

func FuzzEncode(f *testing.F) {
	for _, v := range goldenVectors(f)[:40] {
		f.Add(v.Text, 77)
	}
	f.Add("\xff<|endoftext|>", 1)
	f.Add(strings.Repeat("a\u0301", 50), 0)
	var tokenizers []Tokenizer
	for _, dialect := range []Dialect{HuggingFace, OpenCLIP, OpenAI} {
		tokenizer, err := CLIP(dialect)
		require.NoError(f, err)
		tokenizers = append(tokenizers, tokenizer)
	}
	for _, c := range families[1:] {
		tokenizers = append(tokenizers, c.open(f))
	}
	f.Fuzz(func(t *testing.T, text string, context int) {
		for _, tokenizer := range tokenizers {
			checkEncoding(t, tokenizer, text, context)
		}
	})
}
