package core

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/core/preprocess"
	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/core/zoo"
)

// Without a file that says how, pictures are prepared as the original program does; where that is not known, not at all.
func TestPreprocessingWithoutAFile(t *testing.T) {
	l := Location{Dir: fstest.MapFS{}, Name: "the model"}
	image := tower.ResNet{Image: 256}
	for source, want := range map[zoo.Source]preprocess.Config{
		zoo.OpenAI: preprocess.OpenAI(256), zoo.HuggingFace: preprocess.OpenAI(256), zoo.Apple: preprocess.MobileCLIP(256),
	} {
		got, err := openPreprocess(l, &zoo.Config{Source: source, Family: "clip", Image: image})
		require.NoError(t, err)
		require.Equal(t, want, got, source)
	}
	_, err := openPreprocess(l, &zoo.Config{Source: zoo.HuggingFace, Family: "align", Image: image})
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "no preprocessor_config.json")
}
