package core

import (
	"errors"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/core/tokenizer"
)

// A program that does not carry CLIP's vocabulary reads it when a model has no tokenizer of its own, and not before.
func TestMerges(t *testing.T) {
	asked := 0
	merges := func() (string, error) {
		asked++
		return "", errors.New("the network is down")
	}
	nothing := Location{Dir: fstest.MapFS{}, Name: "bare"}
	_, err := openTokenizer(nothing, tokenizer.OpenAI, 49409, nil, merges)
	require.ErrorContains(t, err, "not the one that goclip carries")
	require.Zero(t, asked)
	_, err = openTokenizer(nothing, tokenizer.OpenAI, 49408, nil, merges)
	require.ErrorContains(t, err, "core: bare: CLIP's vocabulary: the network is down")
	require.Equal(t, 1, asked)
	cut := func() (string, error) { return "#version: 0.2\ni n\nt h\n", nil }
	_, err = openTokenizer(nothing, tokenizer.OpenAI, 49408, nil, cut)
	require.ErrorContains(t, err, "2 merges; CLIP has 48894")
}
