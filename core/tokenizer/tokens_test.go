package tokenizer

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/internal/oracle"
)

// byID lists a vocabulary's tokens.
func byID(ids map[string]int32) []string {
	tokens := make([]string, len(ids))
	for token, id := range ids {
		tokens[id] = token
	}
	return tokens
}

// TestMergesOfTokens finds the merges of CLIP's whole vocabulary again, and those of a golden model's.
func TestMergesOfTokens(t *testing.T) {
	v, err := carriedVocabulary()
	require.NoError(t, err)
	same, err := OfTokens(byID(v.ids), OpenAI)
	require.NoError(t, err)
	carried, err := CLIP(OpenAI)
	require.NoError(t, err)
	require.Same(t, carried, same)
	ranks, merges := map[pair]int{}, 0
	for _, token := range byID(v.ids)[:49406] {
		if pieces := split(token, ranks); len(pieces) == 2 {
			require.Equal(t, v.merges[merges], pair{pieces[0], pieces[1]})
			ranks[v.merges[merges]] = merges
			merges++
		}
	}
	require.Equal(t, mergesOfCLIP, merges)

	folder := oracle.Path(t, "models", "hf-clip-vit")
	data, err := os.ReadFile(folder + "/vocab.json")
	require.NoError(t, err)
	var ids map[string]int32
	require.NoError(t, json.Unmarshal(data, &ids))
	want, err := Open(os.DirFS(folder), HuggingFace)
	require.NoError(t, err)
	got, err := OfTokens(byID(ids), HuggingFace)
	require.NoError(t, err)
	for _, text := range []string{"", "a photo of a cat", "the red car's door, 1967", "naïve 日本語 🙂"} {
		expected, _ := want.Encode(text, 77)
		ids, _ := got.Encode(text, 77)
		require.Equal(t, expected, ids, text)
	}
	require.Equal(t, want.Pad(), got.Pad())
}

func TestOtherVocabularies(t *testing.T) {
	tokens := byID(smallVocabulary("a b", "ab c</w>"))
	_, err := OfTokens(tokens, HuggingFace)
	require.NoError(t, err)
	_, err = OfTokens(append(slices.Clone(tokens), "a"), HuggingFace)
	require.ErrorContains(t, err, `"a" is there twice`)
	_, err = OfTokens(append(slices.Clone(tokens), "xyz"), HuggingFace)
	require.ErrorContains(t, err, `"xyz", is no merge of two before it`)
	_, err = OfTokens([]string{"[PAD]", "the", "##s"}, HuggingFace)
	require.ErrorContains(t, err, "not CLIP's")
	_, err = OfTokens(tokens[:512], HuggingFace)
	require.ErrorContains(t, err, "there is no <|endoftext|>")
}
