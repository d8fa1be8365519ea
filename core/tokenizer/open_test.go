package tokenizer

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

var smallMerges = []string{"i n", "t h", "th e</w>"}

func TestOpenBadFolders(t *testing.T) {
	good := smallVocabulary(smallMerges...)
	size := int32(len(good))
	config := func(text string) fstest.MapFS { return smallFolder(good, smallMerges, "tokenizer_config.json", text) }
	vocab := func(ids map[string]int32) fstest.MapFS { return smallFolder(ids, smallMerges) }
	merges := func(text string) fstest.MapFS { return smallFolder(good, nil, "merges.txt", text) }
	packed := func(text string) fstest.MapFS { return fstest.MapFS{"tokenizer.json": {Data: []byte(text)}} }
	for name, c := range map[string]struct {
		folder fstest.MapFS
		want   string
	}{
		"no merges.txt":    {fstest.MapFS{"vocab.json": {Data: []byte("{}")}}, "vocab.json but no merges.txt"},
		"empty vocabulary": {vocab(map[string]int32{}), "the start token \"<|startoftext|>\" is not"},
		"null vocabulary":  {vocab(nil), "vocab.json: tokens and ids must be an object, not null"},
		"id twice":         {vocab(with(good, "other", 7)), `1 tokens have the id of another, the first id is 7`},
		"sparse ids":       {vocab(with(good, "other", size+5)), fmt.Sprintf("1 are beyond, the first is %d, while %d is missing", size+5, size)},
		"no end token":     {vocab(with(without(good, endOfText), "x1", good[endOfText])), `the end token "<|endoftext|>" is not in the vocabulary`},
		"no start token":   {vocab(with(without(good, startOfText), "x1", good[startOfText])), `the start token "<|startoftext|>" is not`},
		"merge without token": {vocab(with(without(good, "the</w>"), "x1", good["the</w>"])),
			`1 of 3 merges have a symbol without an id, the first is "the</w>"`},
		"merge of strangers":  {merges("q u\nqu een</w>\n"), `2 of 2 merges have a symbol without an id, the first is "qu"`},
		"merge of one":        {merges("#version: 0.2\ni n\nth\n"), `merges.txt: line 3: "th" must be two symbols`},
		"merge of three":      {merges("i n g\n"), `line 1: "i n g" must be two symbols`},
		"merge with nothing":  {merges("i \n"), "is empty"},
		"negative id":         {smallFolder(nil, nil, "vocab.json", `{"a": -1}`), `the id of "a" must be a whole number`},
		"fractional id":       {smallFolder(nil, nil, "vocab.json", `{"a": 1.5}`), `the id of "a" must be a whole number`},
		"huge id":             {smallFolder(nil, nil, "vocab.json", `{"a": 4294967296}`), `the id of "a" must be a whole number`},
		"id in quotes":        {smallFolder(nil, nil, "vocab.json", `{"a": "1"}`), `the id of "a" must be a whole number`},
		"nested vocabulary":   {smallFolder(nil, nil, "vocab.json", `{"a": {"b": 1}}`), `the id of "a" must be a whole number`},
		"vocabulary is list":  {smallFolder(nil, nil, "vocab.json", `["a"]`), "must be an object"},
		"cut off":             {smallFolder(nil, nil, "vocab.json", `{"a": 1`), "vocab.json: unexpected end of JSON input"},
		"empty file":          {smallFolder(nil, nil, "vocab.json", ``), "vocab.json"},
		"bad config":          {config(`{"bos_token": 3}`), "tokenizer_config.json: bos_token"},
		"config is list":      {config(`[]`), "tokenizer_config.json"},
		"bad decoder":         {config(`{"added_tokens_decoder": {"x": {"content": "y"}}}`), `"x" must be an id`},
		"added elsewhere":     {config(`{"added_tokens_decoder": {"3": {"content": "in"}}}`), fmt.Sprintf(`the added token "in" has id 3, but %d in the vocabulary`, good["in"])},
		"added far away":      {config(`{"added_tokens_decoder": {"9999": {"content": "<cat>"}}}`), "1 are beyond, the first is 9999"},
		"long added token":    {config(`{"pad_token": "` + strings.Repeat("x", longestAdded+1) + `"}`), "has more than 256 bytes"},
		"unigram":             {packed(`{"model": {"type": "Unigram", "vocab": [["a", 1.5]]}}`), "unk_id must be one of the 1 pieces"},
		"BPE without suffix":  {packed(`{"model": {"type": "BPE", "end_of_word_suffix": null, "vocab": {}, "merges": []}}`), "256 of the 256 symbols of single bytes are missing"},
		"no vocabulary":       {packed(`{"model": {"type": "BPE", "end_of_word_suffix": "</w>", "merges": []}}`), "tokenizer.json: vocab is missing"},
		"no merges":           {packed(`{"model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {}}}`), "tokenizer.json: merges is missing"},
		"merges of numbers":   {packed(`{"model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {}, "merges": [1]}}`), "merge 1: a merge must be two strings"},
		"merge of three in a": {packed(`{"model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {}, "merges": [["a", "b", "c"]]}}`), "merge 1: a merge must be two strings"},
		"merge of a number":   {packed(`{"model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {}, "merges": [["a", "b"], ["a", 1]]}}`), "merge 2: a merge must be two strings"},
		"no JSON":             {packed("CLIP"), "tokenizer.json: invalid character"},
	} {
		for _, dialect := range []Dialect{HuggingFace, OpenCLIP, OpenAI} {
			tokenizer, err := Open(c.folder, dialect)
			require.ErrorContains(t, err, c.want, "%s, %v", name, dialect)
			require.NotErrorIs(t, err, fs.ErrNotExist, name)
			require.True(t, strings.HasPrefix(err.Error(), "tokenizer: "), err)
			require.Nil(t, tokenizer, name)
		}
	}
}

func TestOpenNothing(t *testing.T) {
	_, err := Open(fstest.MapFS{"config.json": {}}, HuggingFace)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = Open(fstest.MapFS{"tokenizer.json": {Data: []byte(`{"model": {"type": "WordLevel"}}`)}}, HuggingFace)
	require.ErrorIs(t, err, errors.ErrUnsupported)
}

func TestOpenLargeFiles(t *testing.T) {
	spaces := bytes.Repeat([]byte{' '}, largest+1)
	for name, limit := range map[string]string{"tokenizer.json": "64 MiB", "vocab.json": "64 MiB", "tokenizer_config.json": "4 MiB"} {
		folder := smallFolder(smallVocabulary(), nil)
		folder[name] = &fstest.MapFile{Data: spaces}
		_, err := Open(folder, HuggingFace)
		require.ErrorContains(t, err, name+" is larger than "+limit)
	}
}

// A byte that the vocabulary lacks is the unknown token for Hugging Face; OpenAI's code cannot do without it.
func TestMissingByte(t *testing.T) {
	ids := smallVocabulary()
	ids["spare"] = ids["z"]
	folder := smallFolder(without(ids, "z"), nil)
	tokenizer, err := Open(folder, HuggingFace)
	require.NoError(t, err)
	got, _ := tokenizer.Encode("za", 0)
	require.Equal(t, []int32{ids[startOfText], ids[endOfText], ids["a</w>"], ids[endOfText]}, got)
	_, err = Open(folder, OpenAI)
	require.ErrorContains(t, err, `1 of the 512 symbols of single bytes are missing, the first is "z"`)
}

// What transformers 5 takes for special tokens, by the files of a repository.
func TestSpecialTokens(t *testing.T) {
	ids := smallVocabulary(smallMerges...)
	start, end, next := ids[startOfText], ids[endOfText], int32(len(ids))
	upper := []int32{27, 347, 68, 77, 67, 78, 69, 83, 68, 87, 339, 91, 285} // <|ENDOFTEXT|> as plain text
	const named = `"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>", "pad_token": "<|endoftext|>"`
	const flagged = `{"content": "<|endoftext|>", "normalized": true}`
	const config, specials = "tokenizer_config.json", "special_tokens_map.json"
	for name, c := range map[string]struct {
		files []string
		text  string
		want  []int32
		pad   int32
		size  int32
	}{
		"nothing configured":    {nil, "<|ENDOFTEXT|>", upper, end, next},
		"special in lower case": {nil, "i<|endoftext|>!!", []int32{ids["i</w>"], end, ids["!"], ids["!</w>"]}, end, next},
		"strings":               {[]string{config, "{" + named + "}"}, "<|ENDOFTEXT|>", upper, end, next},
		"listed as normalized": {[]string{config, `{` + named + `, "added_tokens_decoder": {"` + fmt.Sprint(end) + `": ` + flagged + `}}`},
			"<|ENDOFTEXT|>", []int32{end}, end, next},
		"listed, so the map does not count": {[]string{config, `{` + named + `, "added_tokens_decoder": {}}`, specials, `{"pad_token": "!"}`},
			"!", []int32{ids["!</w>"]}, end, next},
		"map with flags": {[]string{config, "{" + named + "}", specials, `{"eos_token": ` + flagged + `, "unk_token": ` + flagged + `, "pad_token": ` + flagged + `}`},
			"<|ENDOFTEXT|>", []int32{end}, end, next},
		"map with flags, pad without": {[]string{config, "{" + named + "}", specials, `{"eos_token": ` + flagged + `, "unk_token": ` + flagged + `}`},
			"<|ENDOFTEXT|>", upper, end, next},
		"map with flags, unk without": {[]string{config, "{" + named + "}", specials, `{"eos_token": ` + flagged + `, "pad_token": ` + flagged + `}`},
			"<|ENDOFTEXT|>", upper, end, next},
		"map with flags, pad after unk": {[]string{config, "{" + named + "}", specials,
			`{"eos_token": ` + flagged + `, "pad_token": {"content": "<|endoftext|>", "normalized": true, "rstrip": true}}`},
			"<|ENDOFTEXT|>", []int32{end}, end, next},
		"pad is a character": {[]string{specials, `{"pad_token": "!"}`}, "i!!", []int32{ids["i</w>"], 0, 0}, 0, next},
		"pad is new":         {[]string{config, `{"pad_token": "[PAD]"}`}, "[PAD]", []int32{next}, next, next + 1},
		"no pad":             {[]string{config, `{"pad_token": null}`}, "i", []int32{ids["i</w>"]}, end, next},
		"extra":              {[]string{config, `{"additional_special_tokens": ["<x>", "in"]}`}, "xin<x>", []int32{ids["x</w>"], ids["in"], next}, end, next + 1},
		"added_tokens.json":  {[]string{"added_tokens.json", fmt.Sprintf(`{"<Cat>": %d}`, next)}, "<CAT>i", []int32{next, ids["i</w>"]}, end, next + 1},
		"tokenizer.json knows best": {[]string{specials, `{"eos_token": "<|endoftext|>"}`, "tokenizer.json",
			smallJSON(ids, smallMerges, fmt.Sprintf(`{"id": %d, "content": "<|endoftext|>", "normalized": true}`, end))},
			"<|ENDOFTEXT|>", []int32{end}, end, next},
		"other ends": {[]string{config, `{"bos_token": "<s>", "eos_token": "</s>", "added_tokens_decoder": {"` + fmt.Sprint(next) +
			`": {"content": "<s>"}, "` + fmt.Sprint(next+1) + `": {"content": "</s>"}}}`}, "i", nil, end, next + 2},
	} {
		tokenizer, err := Open(smallFolder(ids, smallMerges, c.files...), HuggingFace)
		require.NoError(t, err, name)
		require.Equal(t, c.pad, tokenizer.Pad(), name)
		require.Equal(t, int(c.size), tokenizer.Size(), name)
		got, _ := tokenizer.Encode(c.text, 0)
		want := append(append([]int32{start}, c.want...), end)
		if name == "other ends" {
			want = []int32{next, ids["i</w>"], next + 1}
		}
		require.Equal(t, want, got, name)
	}
}

// Windows line ends and a missing version line change nothing.
func TestMergesText(t *testing.T) {
	for _, text := range []string{"#version: 0.2\r\ni n\r\nt h\r\n", "i n\nt h", "i n\n\nt h\n\n"} {
		merges, err := parseMerges(text)
		require.NoError(t, err)
		require.Equal(t, []pair{{"i", "n"}, {"t", "h"}}, merges)
	}
}

func FuzzOpen(f *testing.F) {
	ids := smallVocabulary(smallMerges...)
	folder := smallFolder(ids, smallMerges)
	f.Add(folder["vocab.json"].Data, folder["merges.txt"].Data, []byte(smallJSON(ids, smallMerges, "")), []byte(`{"pad_token": "!"}`))
	f.Add([]byte(`{"a":0}`), []byte("a b"), []byte(nil), []byte(`{"bos_token": {"content": "a"}, "extra_special_tokens": {"x": "y"}}`))
	f.Add([]byte(`{"\u00e9\ud800":0,"b":1}`), []byte("#version\n"), []byte(`{"model":{"end_of_word_suffix":"</w>","vocab":{},"merges":[["a","b"],"a b"]}}`), []byte(`[]`))
	f.Add([]byte(`{`), []byte(" "), []byte(`{"added_tokens":[{"id":0,"content":"a","lstrip":true}]}`), []byte(`{"added_tokens_decoder":{"0":{"content":""}}}`))
	f.Fuzz(func(t *testing.T, vocab, merges, packed, config []byte) {
		folder := fstest.MapFS{
			"vocab.json": {Data: vocab}, "merges.txt": {Data: merges},
			"tokenizer_config.json": {Data: config}, "special_tokens_map.json": {Data: config},
		}
		if len(packed) > 0 {
			folder["tokenizer.json"] = &fstest.MapFile{Data: packed}
		}
		for _, dialect := range []Dialect{HuggingFace, OpenCLIP, OpenAI} {
			tokenizer, err := Open(folder, dialect)
			if err != nil {
				require.Nil(t, tokenizer)
				continue
			}
			checkEncoding(t, tokenizer, "A photo of <|endoftext|> é1!", 8)
			checkEncoding(t, tokenizer, string(config), 0)
		}
	})
}
