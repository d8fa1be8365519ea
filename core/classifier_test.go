package core

import (
	"crypto/sha256"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/core/zoo"
)

func TestLabelsMustDiffer(t *testing.T) {
	require.NoError(t, CheckLabels([]string{"a dog", "a cat"}))
	require.ErrorContains(t, CheckLabels(nil), "no labels")
	require.ErrorContains(t, CheckLabels([]string{"a dog", " "}), "label 2 is empty")
	require.ErrorContains(t, CheckLabels([]string{"a dog", "a cat", "a dog"}), `"a dog" is there twice, as number 1 and 3`)
}

// The lists of OpenAI's notebook, by the sums of their lines.
func TestListsAreOpenAIs(t *testing.T) {
	templates, err := Templates("openai80")
	require.NoError(t, err)
	labels, err := Labels("imagenet1k")
	require.NoError(t, err)
	for sum, list := range map[string][]string{
		"4f976686fb651bb5803d4689dcd849f75efe0ef19a3c801355bc9a6f03c8a5af": templates,
		"571ae1c583b4be7da87519494c52bf405a46af05d5815627c7a0dee997068b60": labels,
	} {
		require.Equal(t, sum, fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(list, "\n")))))
	}
	_, err = Labels("imagenet21k")
	require.ErrorContains(t, err, "want imagenet1k or a file")
}

func TestTemplates(t *testing.T) {
	list, err := Templates("openai80")
	require.NoError(t, err)
	require.Len(t, list, 80)
	require.Equal(t, "a bad photo of a {}.", list[0])
	require.NoError(t, checkTemplates(list))

	list, err = Templates("openai7")
	require.NoError(t, err)
	require.Len(t, list, 7)
	require.NoError(t, checkTemplates(list))

	list, err = Templates("none")
	require.NoError(t, err)
	require.Equal(t, []string{"{}"}, list)
	_, err = Templates("openai81")
	require.ErrorContains(t, err, "openai81")

	for _, file := range []string{"a {}\n\n  two {}  \r\n", `["a {}", "two {}"]`} {
		list, err = ParseTemplates([]byte(file))
		require.NoError(t, err)
		require.Equal(t, []string{"a {}", "two {}"}, list)
	}
	for file, want := range map[string]string{"": "empty", "[]": "empty", "[1]": "JSON", "a photo": "no {}"} {
		_, err = ParseTemplates([]byte(file))
		require.ErrorContains(t, err, want)
	}
}

func classifier(scores zoo.Scores) *Classifier {
	m := &Model{zoo: &zoo.Model{Scores: scores, LogitScale: 10, LogitBias: -2}}
	return &Classifier{model: m, labels: []string{"x", "y", "minus x", "also y"}, truncated: make([]bool, 4),
		vectors: [][]float32{{1, 0}, {0, 1}, {-1, 0}, {0, 1}}}
}

func TestScoresAreRanked(t *testing.T) {
	got := classifier(zoo.Softmax).Scores([]float32{0.6, 0.8})
	var labels []string
	var total float64
	for _, s := range got {
		labels = append(labels, s.Label)
		total += s.Probability
	}
	require.Equal(t, []string{"y", "also y", "x", "minus x"}, labels, "equal scores keep the order of the labels")
	require.InDelta(t, 1, total, 1e-12)
	require.InDelta(t, 10*0.8-2, got[0].Logit, 1e-6)
	require.InDelta(t, math.Exp(-2), got[2].Probability/got[0].Probability, 1e-6)
}

func TestSigmoidScoresAreIndependent(t *testing.T) {
	got := classifier(zoo.Sigmoid).Scores([]float32{0.6, 0.8})
	for _, s := range got {
		require.InDelta(t, 1/(1+math.Exp(-s.Logit)), s.Probability, 1e-12)
	}
	require.Equal(t, got[0].Probability, got[1].Probability)
}

func TestMeanDirection(t *testing.T) {
	require.InDeltaSlice(t, []float32{0.70710677, 0.70710677}, meanDirection([][]float32{{1, 0}, {0, 1}}), 1e-7)
	require.Equal(t, []float32{0, 0}, meanDirection([][]float32{{1, 0}, {-1, 0}}))
}
