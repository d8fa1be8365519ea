package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goclip/goclip/native/vectors"
	"github.com/stretchr/testify/require"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	c := object[comparison](t, good(t, "compare", "--json", dog, "text:dog"))
	require.Equal(t, comparison{A: dog, B: "text:dog", Cosine: c.Cosine, Logit: c.Logit}, c)
	require.InDelta(t, 0.38265, c.Cosine, 1e-3)
	require.InDelta(t, 35.45837*c.Cosine, c.Logit, 1e-3)
	require.InDelta(t, 1, object[comparison](t, good(t, "compare", "--json", dog, dog)).Cosine, 1e-5)
	require.InDelta(t, 1, object[comparison](t, good(t, "compare", "--json", "text:a car", "text:a car")).Cosine, 1e-5)
	long := "text:" + strings.Repeat("dog ", 40)
	require.True(t, object[comparison](t, good(t, "compare", "--json", "-q", dog, long)).Truncated)
	fields := strings.Split(strings.TrimSpace(good(t, "compare", "text:dog", dog)), "\t")
	require.Len(t, fields, 4)
	require.Equal(t, []string{"text:dog", dog}, fields[:2])
}

func TestCompareRefuses(t *testing.T) {
	t.Parallel()
	refused(t, "two pictures", "compare", dog)
	refused(t, "pictures, compare takes one", "compare", examples, "text:dog")
	refused(t, "text:…", "compare", "a dog", "text:dog")
	refused(t, "standard input", "compare", "-", "-")
	broken := write(t, t.TempDir(), "broken.png", "no picture")
	r := run(t, "compare", "--json", broken, "text:dog")
	require.Equal(t, 1, r.status)
	require.Equal(t, broken, object[failure](t, r.stdout).Image)
}

// A model whose name is not on disk is not fetched, but the message says how.
func TestUnknownModels(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"ViT-B/32", "ViT-B-32/openai", "ViT-B-32__openai", "openai/clip-vit-base-patch32", "hf-hub:laion/CLIP-ViT-H-14-laion2B-s32B-b79K", "ViT-B-32:laion2b_s34b_b79k", "someone/else",
	} {
		r := refused(t, "goclip pull "+name, "classify", "-m", name, "--labels", "dog,car", dog)
		require.Empty(t, r.stdout)
	}
	refused(t, "goclip models", "inspect", "-m", "nosuchmodel")
	refused(t, "ViT-H-14/laion2b_s32b_b79k", "inspect", "-m", "ViT-H-14")
	for _, path := range []string{"./nomodel", "nomodel.safetensors", filepath.Join(t.TempDir(), "x")} {
		r := refused(t, "no such file or folder", "inspect", "-m", path)
		require.NotContains(t, r.stderr, "pull")
	}
	refused(t, "no weights", "embed", "-m", t.TempDir(), dog)
}

func TestGlobalFlags(t *testing.T) {
	t.Parallel()
	refused(t, "auto, cpu, gpu, reference", "version", "--device", "quantum")
	refused(t, "f32", "version", "--precision", "f64")
	refused(t, "--threads", "version", "--threads", "-1")
	refused(t, "unknown command", "frobnicate")
	for _, precision := range []string{"f16", "bf16", "int8"} {
		good(t, "embed", "--precision", precision, dog)
	}
	good(t, "embed", "--precision", "int8", "--device", "reference", dog)
}

func TestVersion(t *testing.T) {
	t.Parallel()
	require.Regexp(t, `^goclip \S+ \(go\S+, \w+/\w+\)\n$`, good(t, "version"))
	require.NotEmpty(t, object[versionInfo](t, good(t, "version", "--json")).Version)
	require.True(t, strings.HasPrefix(good(t, "--version"), "goclip "))
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		require.Contains(t, good(t, "completion", shell), "goclip")
	}
}

// Every command explains itself with an example that is a command line of its own.
func TestHelp(t *testing.T) {
	t.Parallel()
	for _, c := range rootCommand(&program{}).Commands() {
		require.NotEmpty(t, c.Short, c.Name())
		require.NotEmpty(t, c.Long, c.Name())
		require.Contains(t, c.Example, "goclip "+c.Name(), c.Name())
		out := good(t, c.Name(), "--help")
		require.Contains(t, out, "Examples:")
		for line := range strings.Lines(out) {
			require.LessOrEqual(t, len([]rune(line)), 121, "%s: %s", c.Name(), line)
		}
	}
	require.Contains(t, good(t), "classify")
}

// Every example in the help is understood as far as its flags go.
func TestExamplesParse(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"classify", "embed", "compare", "tokenize", "preprocess", "run", "inspect", "doctor", "bench", "version"} {
		root := rootCommand(&program{})
		c, _, err := root.Find([]string{name})
		require.NoError(t, err)
		for line := range strings.Lines(c.Example) {
			_, line, ok := strings.Cut(strings.TrimSpace(line), "goclip "+name)
			require.True(t, ok)
			words := strings.Fields(line)
			found, _, err := rootCommand(&program{}).Find([]string{name})
			require.NoError(t, err)
			require.NoError(t, found.ParseFlags(words), line)
		}
	}
}

func TestTruncatedTextSaysSo(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("dog ", 100)
	out := good(t, "embed", "--json", "--text", "dog", "--text", long)
	require.Equal(t, 1, strings.Count(out, `"truncated"`))
	rows := objects[vectors.Row](t, out)
	require.False(t, rows[0].Truncated)
	require.True(t, rows[1].Truncated)
	tokens := objects[tokenized](t, good(t, "tokenize", "--json", "dog", long))
	require.False(t, tokens[0].Truncated)
	require.True(t, tokens[1].Truncated)
}

// Nothing is written into a folder but what was asked for.
func TestNoTraces(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	inner, err := filepath.Abs(dog)
	require.NoError(t, err)
	require.NoError(t, os.Chmod(folder, 0o777))
	good(t, "embed", "-o", filepath.Join(folder, "a.safetensors"), inner)
	good(t, "preprocess", "-o", filepath.Join(folder, "a.png"), inner)
	require.ElementsMatch(t, []string{"a.png", "a.safetensors"}, filesIn(t, folder))
}
