package tokenizer

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// slowBPE is OpenAI's algorithm word for word, over strings: the best pair, everywhere it occurs, again and again.
// One at a time it is Hugging Face's.
func slowBPE(ranks map[pair]int, piece string, oneAtATime bool) []string {
	var word []string
	for i := range len(piece) {
		word = append(word, alphabet[piece[i]])
	}
	word[len(word)-1] += endOfWord
	for {
		best, bestRank := pair{}, len(ranks)
		for i := range len(word) - 1 {
			if rank, ok := ranks[pair{word[i], word[i+1]}]; ok && rank < bestRank {
				best, bestRank = pair{word[i], word[i+1]}, rank
			}
		}
		if bestRank == len(ranks) {
			return word
		}
		for i := 0; i < len(word)-1; i++ {
			if word[i] == best.left && word[i+1] == best.right {
				word = slices.Replace(word, i, i+2, best.left+best.right)
				if oneAtATime {
					break
				}
			}
		}
	}
}

// untrained makes merges in random order, several of which may give the same symbol.
func untrained(r *rand.Rand) []string {
	symbols := []string{"a", "b", "c"}
	merges := []string{}
	for len(merges) < 60 {
		left, right := symbols[r.IntN(len(symbols))], symbols[r.IntN(len(symbols))]
		if len(left+right) > 12 || slices.Contains(merges, left+" "+right) {
			continue
		}
		if r.IntN(3) == 0 {
			right += endOfWord
			if len(right) > len(endOfWord)+1 || slices.Contains(merges, left+" "+right) {
				continue
			}
		} else {
			symbols = append(symbols, left+right)
		}
		merges = append(merges, left+" "+right)
	}
	r.Shuffle(len(merges), func(i, j int) { merges[i], merges[j] = merges[j], merges[i] })
	return merges
}

func TestMergeOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	differ := 0
	for range 30 {
		merges := untrained(r)
		ids, ranks := smallVocabulary(merges...), make(map[pair]int)
		for i, m := range merges {
			p, err := splitMerge(m)
			require.NoError(t, err)
			ranks[p] = i
		}
		openAI, err := Open(smallFolder(ids, merges), OpenAI)
		require.NoError(t, err)
		hf, err := Open(smallFolder(ids, merges), HuggingFace)
		require.NoError(t, err)
		for range 60 {
			word := make([]byte, 1+r.IntN(40))
			for i := range word {
				word[i] = "abc"[r.IntN(3)]
			}
			rounds, single := slowBPE(ranks, string(word), false), slowBPE(ranks, string(word), true)
			requireSymbols(t, ids, rounds, openAI, string(word))
			requireSymbols(t, ids, single, hf, string(word))
			if !slices.Equal(rounds, single) {
				differ++
			}
		}
	}
	require.Positive(t, differ, "the two orders were not told apart")
}

func requireSymbols(t *testing.T, ids map[string]int32, symbols []string, tokenizer Tokenizer, word string) {
	t.Helper()
	want := []int32{ids[startOfText]}
	for _, s := range symbols {
		want = append(want, ids[s])
	}
	got, _ := tokenizer.Encode(word, 0)
	require.Equal(t, append(want, ids[endOfText]), got, word)
}

// Of a merge that is listed twice the later place counts, as in the dictionaries of both originals.
func TestMergeTwice(t *testing.T) {
	merges := []string{"a b", "b c</w>", "a b"}
	ids := smallVocabulary(merges...)
	for _, dialect := range []Dialect{HuggingFace, OpenAI} {
		tokenizer, err := Open(smallFolder(ids, merges), dialect)
		require.NoError(t, err)
		got, _ := tokenizer.Encode("abc", 0)
		require.Equal(t, []int32{ids[startOfText], ids["a"], ids["bc</w>"], ids[endOfText]}, got, dialect)
	}
}

// A word of a megabyte takes a fraction of a second; with a quadratic algorithm it takes hours.
func TestLongWords(t *testing.T) {
	for _, dialect := range []Dialect{HuggingFace, OpenAI} {
		tokenizer, err := CLIP(dialect)
		require.NoError(t, err)
		ids, truncated := tokenizer.Encode(strings.Repeat("antidisestablishmentarianism", 37_500), 77)
		require.Len(t, ids, 77)
		require.True(t, truncated)
		all, _ := tokenizer.Encode(strings.Repeat("a", 1<<18), 0)
		require.Greater(t, len(all), 1<<14)
	}
}
