package tokenizer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/goclip/goclip/internal/oracle"
	"github.com/stretchr/testify/require"
)

// vector is a line of the golden files: a text and its ids in every dialect.
type vector struct {
	Group, Text string
	OpenAI      []int32 `json:"openai"`
	OpenCLIP    []int32 `json:"open_clip"`
	HF          []int32 `json:"hf"`
	Tokens      int     `json:"openai_tokens"` // before they are cut, 0 if not said
}

func (v *vector) ids(d Dialect) []int32 {
	return [][]int32{HuggingFace: v.HF, OpenCLIP: v.OpenCLIP, OpenAI: v.OpenAI}[d]
}

func readVectors(t testing.TB, data []byte) []vector {
	t.Helper()
	var all []vector
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var v vector
		require.NoError(t, json.Unmarshal(lines.Bytes(), &v))
		all = append(all, v)
	}
	require.NoError(t, lines.Err())
	return all
}

func goldenVectors(t testing.TB) []vector {
	all := readVectors(t, oracle.Unpacked(t, "tokenizers", "clip", "vectors.jsonl"))
	require.Len(t, all, 440)
	data, err := os.ReadFile(filepath.Join("testdata", "nasty.jsonl"))
	require.NoError(t, err)
	nasty := readVectors(t, data)
	require.Len(t, nasty, 350)
	return append(all, nasty...)
}

// goldenFolder has the files with these names of a golden tokenizer and its configuration; every name that begins with
// "tokenizer" and holds "json" counts as tokenizer.json.
func goldenFolder(t testing.TB, tokenizer string, names ...string) fstest.MapFS {
	t.Helper()
	folder := fstest.MapFS{}
	for _, name := range []string{"tokenizer_config.json", "special_tokens_map.json"} {
		data, err := os.ReadFile(oracle.Path(t, "tokenizers", tokenizer, name))
		require.NoError(t, err)
		folder[name] = &fstest.MapFile{Data: data}
	}
	for _, name := range names {
		var data []byte
		if strings.HasSuffix(name, ".model") || name == "vocab.txt" {
			var err error
			data, err = os.ReadFile(oracle.Path(t, "tokenizers", tokenizer, name))
			require.NoError(t, err)
		} else {
			data = oracle.Unpacked(t, "tokenizers", tokenizer, name)
		}
		if strings.HasPrefix(name, "tokenizer") && strings.Contains(name, "json") {
			name = "tokenizer.json"
		}
		folder[name] = &fstest.MapFile{Data: data}
	}
	return folder
}

// withJoinedMerges gives tokenizer.json its older form: merges are texts with a space, not pairs.
func withJoinedMerges(t testing.TB, folder fstest.MapFS) {
	t.Helper()
	var file, model map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(folder["tokenizer.json"].Data, &file))
	require.NoError(t, json.Unmarshal(file["model"], &model))
	var pairs [][]string
	require.NoError(t, json.Unmarshal(model["merges"], &pairs))
	joined := make([]string, len(pairs))
	for i, pair := range pairs {
		joined[i] = strings.Join(pair, " ")
	}
	var err error
	model["merges"], err = json.Marshal(joined)
	require.NoError(t, err)
	file["model"], err = json.Marshal(model)
	require.NoError(t, err)
	data, err := json.Marshal(file)
	require.NoError(t, err)
	folder["tokenizer.json"] = &fstest.MapFile{Data: data}
}

// Every source of the vocabulary gives the same ids as the original implementations, in every dialect.
func TestGolden(t *testing.T) {
	vectors := goldenVectors(t)
	sources := map[string]func(Dialect) (Tokenizer, error){"carried": CLIP}
	for name, files := range map[string][]string{
		"merges": {"vocab.json", "merges.txt"}, "json": {"tokenizer.json"}, "json with strings": {"tokenizer.json"},
	} {
		folder := goldenFolder(t, "clip", files...)
		if name == "json with strings" {
			withJoinedMerges(t, folder)
		}
		sources[name] = func(d Dialect) (Tokenizer, error) { return Open(folder, d) }
	}
	for name, open := range sources {
		for _, dialect := range []Dialect{HuggingFace, OpenCLIP, OpenAI} {
			t.Run(name+"/"+dialect.String(), func(t *testing.T) {
				tokenizer, err := open(dialect)
				require.NoError(t, err)
				require.Equal(t, 49408, tokenizer.Size())
				require.Equal(t, map[Dialect]int32{HuggingFace: 49407}[dialect], tokenizer.Pad())
				for _, v := range vectors {
					ids, truncated := tokenizer.Encode(v.Text, 77)
					require.Equal(t, v.ids(dialect), ids, "%s %q", v.Group, v.Text)
					if dialect == OpenAI && v.Tokens > 0 {
						require.Equal(t, v.Tokens > 77, truncated, "%q", v.Text)
						all, _ := tokenizer.Encode(v.Text, 0)
						require.Len(t, all, v.Tokens, "%q", v.Text)
					}
				}
			})
		}
	}
}

func TestPadded(t *testing.T) {
	text := readGolden(t, "padded.json")
	var golden struct {
		Texts []string
		HF    struct{ IDs [][]int32 } `json:"clip_hf"`
		Open  struct{ IDs [][]int32 } `json:"open_clip"`
	}
	require.NoError(t, json.Unmarshal(text, &golden))
	require.NotEmpty(t, golden.Texts)
	for dialect, rows := range map[Dialect][][]int32{HuggingFace: golden.HF.IDs, OpenCLIP: golden.Open.IDs} {
		tokenizer, err := Open(goldenFolder(t, "clip", "vocab.json", "merges.txt"), dialect)
		require.NoError(t, err)
		for i, text := range golden.Texts {
			require.Equal(t, rows[i], padded(tokenizer, text, 77), "%v %q", dialect, text)
		}
	}
}

func padded(t Tokenizer, text string, context int) []int32 {
	ids, _ := t.Encode(text, context)
	for len(ids) < context {
		ids = append(ids, t.Pad())
	}
	return ids
}

// The models' captions, with small vocabularies and the layouts of several kinds of repository.
func TestModels(t *testing.T) {
	root := oracle.Path(t, "models")
	cases, err := filepath.Glob(filepath.Join(root, "*", "expect.json"))
	require.NoError(t, err)
	checked := 0
	for _, path := range cases {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		var expect struct {
			Family string
			Texts  []string
			Tokens [][]int32
		}
		require.NoError(t, json.Unmarshal(text, &expect))
		dialect, ok := map[string]Dialect{"clip": HuggingFace, "open_clip": OpenCLIP, "openai-clip": OpenAI}[expect.Family]
		if !ok || len(expect.Texts) == 0 {
			continue
		}
		folder := filepath.Dir(path)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			tokenizer, err := openModel(folder, dialect)
			if tokenizer == nil && err == nil {
				t.Skip("another kind of tokenizer")
			}
			require.NoError(t, err)
			for i, text := range expect.Texts {
				require.Equal(t, expect.Tokens[i], padded(tokenizer, text, len(expect.Tokens[i])), text)
			}
		})
		checked++
	}
	require.Greater(t, checked, 8)
}

// openModel returns nil for folders with a tokenizer that is not CLIP's.
func openModel(folder string, dialect Dialect) (Tokenizer, error) {
	if dialect == OpenAI {
		return CLIP(dialect)
	}
	for _, sub := range []string{".", "tokenizer", "tokenizer_2"} {
		if _, err := os.Stat(filepath.Join(folder, sub, "merges.txt")); err == nil {
			return Open(os.DirFS(filepath.Join(folder, sub)), dialect)
		}
	}
	return nil, nil
}

func readGolden(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(oracle.Path(t, "tokenizers", name))
	require.NoError(t, err)
	return data
}
