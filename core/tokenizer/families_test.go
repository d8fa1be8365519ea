package tokenizer

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/goclip/goclip/internal/oracle"
	"github.com/stretchr/testify/require"
)

// family is a kind of tokenizer with a golden folder, and the key of the ids that its vectors hold for it.
type family struct {
	folder, file string
	dialect      Dialect
	class        string // tokenizer_class; empty: as the folder has it
	other, says  string // a configuration beside it
	context      int
	key          string
}

func openCLIPConfig(name string, context int, options string) string {
	return fmt.Sprintf(`{"model_cfg": {"text_cfg": {"context_length": %d, "hf_tokenizer_name": %q, "tokenizer_kwargs": {%s}}}}`, context, name, options)
}

const siglipConfig = `{"model_type": "siglip"}`

var (
	canonical = openCLIPConfig("timm/ViT-B-16-SigLIP", 64, `"clean": "canonicalize"`)
	families  = []family{
		{"clip", "tokenizer.json", HuggingFace, "", "", "", 77, "hf"},
		{"siglip", "spiece.model", HuggingFace, "SiglipTokenizer", "config.json", siglipConfig, 64, "hf5"},
		{"siglip", "spiece.model", OpenCLIP, "SiglipTokenizer", "open_clip_config.json", canonical, 64, "open_clip"},
		{"siglip", "tokenizer.json", OpenCLIP, "", "open_clip_config.json", canonical, 64, "open_clip"},
		{"siglip_bytes", "spiece.model", HuggingFace, "SiglipTokenizer", "config.json", siglipConfig, 64, "hf4_slow"},
		{"siglip2", "tokenizer.json", HuggingFace, "Siglip2Tokenizer", "config.json", `{"model_type": "siglip2"}`, 64, "hf5_siglip2"},
		{"siglip2", "tokenizer.json", HuggingFace, "", "", "", 64, "hf5_gemma"},
		{"siglip2", "tokenizer.json", OpenCLIP, "", "open_clip_config.json", canonical, 64, "open_clip"},
		{"xlmr", "tokenizer.json", HuggingFace, "", "", "", 77, "hf5"},
		{"xlmr", "sentencepiece.bpe.model", HuggingFace, "", "", "", 77, "hf4_slow"},
		{"xlmr", "tokenizer.json", OpenCLIP, "", "open_clip_config.json", openCLIPConfig("xlm-roberta-base", 77, ""), 77, "open_clip"},
		{"bert", "tokenizer.json", HuggingFace, "", "", "", 64, "hf5"},
		{"bert", "vocab.txt", HuggingFace, "", "", "", 64, "hf5"},
		{"bert", "vocab.txt", OpenCLIP, "", "open_clip_config.json", openCLIPConfig("bert-base-uncased", 32, `"strip_sep_token": true`), 32, "clipa"},
		{"siglip2", "tokenizer.model", HuggingFace, "", "", "", 64, "hf4_gemma_fast"},
		{"roberta", "vocab.json", HuggingFace, "", "", "", 77, "hf5"},
	}
)

func (f family) name() string {
	return f.folder + "/" + f.file + "/" + f.dialect.String() + "/" + f.key
}

func (f family) open(t testing.TB) Tokenizer {
	t.Helper()
	names := []string{f.file}
	if f.folder == "roberta" {
		names = append(names, "merges.txt")
	}
	folder := goldenFolder(t, f.folder, names...)
	if f.other != "" {
		folder[f.other] = &fstest.MapFile{Data: []byte(f.says)}
	}
	if f.class != "" {
		var config map[string]any
		require.NoError(t, json.Unmarshal(folder["tokenizer_config.json"].Data, &config))
		config["tokenizer_class"] = f.class
		data, err := json.Marshal(config)
		require.NoError(t, err)
		folder["tokenizer_config.json"] = &fstest.MapFile{Data: data}
	}
	tokenizer, err := Open(folder, f.dialect)
	require.NoError(t, err, f.name())
	return tokenizer
}

func TestFamilies(t *testing.T) {
	for _, f := range families {
		t.Run(f.name(), func(t *testing.T) {
			tokenizer := f.open(t)
			lines := strings.Split(strings.TrimSpace(string(oracle.Unpacked(t, "tokenizers", f.folder, "vectors.jsonl"))), "\n")
			require.Len(t, lines, 440)
			for _, line := range lines {
				var text struct{ Text string }
				var keys map[string]json.RawMessage
				var want []int32
				require.NoError(t, json.Unmarshal([]byte(line), &text))
				require.NoError(t, json.Unmarshal([]byte(line), &keys))
				require.NoError(t, json.Unmarshal(keys[f.key], &want))
				ids, truncated := tokenizer.Encode(text.Text, f.context)
				require.Equal(t, want, ids, "%q", text.Text)
				all, _ := tokenizer.Encode(text.Text, 0)
				require.Equal(t, len(all) > f.context, truncated, "%q", text.Text)
			}
		})
	}
}

// What each family fills a text up with, as transformers does it.
func TestFamiliesPad(t *testing.T) {
	var golden map[string]json.RawMessage
	data := readGolden(t, "padded.json")
	require.NoError(t, json.Unmarshal(data, &golden))
	var texts []string
	require.NoError(t, json.Unmarshal(golden["texts"], &texts))
	for name, f := range map[string]family{"siglip_hf": families[1], "siglip2_hf5": families[5], "xlmr_hf": families[8], "bert_hf": families[12]} {
		var rows struct{ IDs [][]int32 }
		require.NoError(t, json.Unmarshal(golden[name], &rows))
		tokenizer := f.open(t)
		for i, text := range texts {
			ids, _ := tokenizer.Encode(text, f.context)
			for len(ids) < f.context {
				ids = append(ids, tokenizer.Pad())
			}
			require.Equal(t, rows.IDs[i], ids, "%s %q", name, text)
		}
	}
}

func TestFamiliesRefuse(t *testing.T) {
	packed := func(json string) fstest.MapFS { return fstest.MapFS{"tokenizer.json": {Data: []byte(json)}} }
	for want, folder := range map[string]fstest.MapFS{
		"there are no pieces":                {"spiece.model": {Data: []byte{}}},
		"ends within a field":                {"spiece.model": {Data: []byte{0x0A, 0x7F, 1}}},
		"unknown wire type":                  {"tokenizer.model": {Data: []byte{0x0B}}},
		"without BERT's normalizer":          packed(`{"model": {"type": "WordPiece", "vocab": {"a": 0}}}`),
		"a model of type \"WordLevel\"":      packed(`{"model": {"type": "WordLevel"}}`),
		"claims a trie of":                   packed(`{"normalizer": {"type": "Precompiled", "precompiled_charsmap": "/////w=="}, "model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0]]}}`),
		"an entry of the vocabulary must be": packed(`{"model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>"]]}}`),
		"nor a token for each byte": {"tokenizer_config.json": {Data: []byte(`{"unk_token": null}`)}, "tokenizer.json": {Data: []byte(
			`{"added_tokens": [{"id": 1, "content": "<x>"}], "model": {"type": "BPE", "byte_fallback": true, "vocab": {"a": 0}, "merges": []}}`)}},
		"the step Lowercase":                        packed(`{"normalizer": {"type": "Sequence", "normalizers": [{"type": "Lowercase"}]}, "model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0]]}}`),
		"the step WhitespaceSplit":                  packed(`{"pre_tokenizer": {"type": "WhitespaceSplit"}, "model": {"type": "WordPiece", "vocab": {"a": 0}}}`),
		"max_input_chars_per_word is -1":            packed(`{"normalizer": {"type": "BertNormalizer"}, "model": {"type": "WordPiece", "max_input_chars_per_word": -1, "vocab": {"a": 0}}}`),
		"vocab.txt is no vocabulary of BERT's":      {"vocab.txt": {Data: []byte("a\nb\n")}},
		"the folder has none of tokenizer.json, sp": {"tokenizer_config.json": {Data: []byte("{}")}},
	} {
		_, err := Open(folder, HuggingFace)
		require.ErrorContains(t, err, want)
	}
}

func FuzzOpenJSON(f *testing.F) {
	for _, folder := range []string{"bert", "siglip2"} {
		f.Add(oracle.Unpacked(f, "tokenizers", folder, "tokenizer.json"))
	}
	f.Add([]byte(`{"normalizer": {"type": "Sequence", "normalizers": [{"type": "Precompiled", "precompiled_charsmap": "BAAAAAAAAAAA"}]}, "post_processor": {"type": "BertProcessing", "sep": ["b", 1], "cls": ["a", 0]}, "model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["</s>", -1], ["▁a", -2]]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		tokenizer, err := Open(fstest.MapFS{"tokenizer.json": {Data: data}}, HuggingFace)
		if err == nil {
			tokenizer.Encode("a <b> ▁ cat\x00\xff", 9)
		}
	})
}
