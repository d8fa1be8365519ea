package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What PyTorch computes for the example pictures.
type expected struct {
	Labels     []string `json:"labels"`
	LogitScale float64  `json:"logit_scale"`
	Pictures   []struct {
		File    string    `json:"file"`
		Cosines []float64 `json:"cosines"`
		Top     []struct {
			Label       string  `json:"label"`
			Probability float64 `json:"probability"`
		} `json:"top3"`
	} `json:"pictures"`
}

func TestClassifyAgreesWithPyTorch(t *testing.T) {
	t.Parallel()
	var want expected
	require.NoError(t, json.Unmarshal(read(t, filepath.Join(examples, "..", "expected.json")), &want))
	require.NotEmpty(t, want.Pictures)
	var files []string
	for _, picture := range want.Pictures {
		found, err := filepath.Glob(filepath.Join(examples, "..", "*", filepath.Base(picture.File)))
		require.NoError(t, err)
		require.Len(t, found, 1, picture.File)
		files = append(files, found...)
	}
	out := good(t, append([]string{"classify", "--json", "--labels", strings.Join(want.Labels, ",")}, files...)...)
	got := map[string]classification{}
	for _, c := range objects[classification](t, out) {
		require.Empty(t, c.Scores)
		require.Len(t, c.Labels, len(want.Labels))
		got[filepath.Base(c.Image)] = c
	}
	for _, picture := range want.Pictures {
		c, ok := got[filepath.Base(picture.File)]
		require.True(t, ok, picture.File)
		logits := map[string]float64{}
		total := 0.0
		for i, s := range c.Labels {
			logits[s.Label] = s.Logit
			total += s.Probability
			require.True(t, i == 0 || c.Labels[i-1].Probability >= s.Probability, "not sorted")
		}
		require.InDelta(t, 1, total, 1e-9)
		for i, top := range picture.Top {
			require.Equal(t, top.Label, c.Labels[i].Label)
			require.InDelta(t, top.Probability, c.Labels[i].Probability, 1e-3)
		}
		for i, cosine := range picture.Cosines {
			require.InDelta(t, cosine, logits[want.Labels[i]]/want.LogitScale, 1e-3, want.Labels[i])
		}
	}
}

func TestClassifyInPlainLines(t *testing.T) {
	t.Parallel()
	out := good(t, "classify", "--labels", " dog , car", "--top", "1", dog, car)
	require.Equal(t, dog+"\tdog\t0.999998\n"+car+"\tcar\t1.000000\n", out)
	top := object[classification](t, good(t, "classify", "--json", "--labels", "dog,car,pizza", "--top", "2", dog))
	require.Len(t, top.Labels, 2)
	require.InDelta(t, 0.9726, top.Labels[0].Probability, 1e-3, "the others count, though they are not shown")
}

func TestClassifyFromFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	labels := write(t, folder, "labels.txt", "\ufeffdog\r\na, b\r\ncar\n\n")
	templates := write(t, folder, "templates.txt", "{}\na photo of a {}.\n")
	direct := object[classification](t, good(t, "classify", "--json", "--labels-file", labels, "--template", "{}", "--template", "a photo of a {}.", dog))
	require.Len(t, direct.Labels, 3)
	listed := object[classification](t, good(t, "classify", "--json", "--labels-file", labels, "--templates", templates, dog))
	require.Equal(t, direct, listed)
	bare := object[classification](t, good(t, "classify", "--json", "--labels-file", labels, "--templates", "none", dog))
	require.NotEqual(t, direct.Labels[0].Logit, bare.Labels[0].Logit)
	many := object[classification](t, good(t, "classify", "--json", "--labels-file", labels, "--templates", "openai80", dog))
	require.NotEqual(t, direct.Labels[0].Logit, many.Labels[0].Logit)
	require.Equal(t, "dog", many.Labels[0].Label)
	all := object[classification](t, good(t, "classify", "--json", "--labels-file", "imagenet1k", dog))
	require.Len(t, all.Labels, 1000)
}

func TestClassifyRefuses(t *testing.T) {
	t.Parallel()
	empty := write(t, t.TempDir(), "empty.txt", "\n\n")
	gap := write(t, t.TempDir(), "gap.txt", "dog\n\ncar\n")
	for name, c := range map[string]struct {
		message   string
		arguments []string
	}{
		"no labels":         {"needs labels", []string{dog}},
		"no picture":        {"needs a picture", []string{"--labels", "dog,car"}},
		"empty label":       {"label 2 is empty", []string{"--labels", "dog,,car", dog}},
		"doubled label":     {`label "dog" is there twice`, []string{"--labels", "dog,car,dog", dog}},
		"both kinds":        {"labels", []string{"--labels", "dog", "--labels-file", empty, dog}},
		"empty labels file": {"has no labels", []string{"--labels-file", empty, dog}},
		"gap in the file":   {"line 2 is empty", []string{"--labels-file", gap, dog}},
		"no labels file":    {"nofile.txt", []string{"--labels-file", "nofile.txt", dog}},
		"bad template":      {"has no {}", []string{"--labels", "dog,car", "--template", "a photo", dog}},
		"unknown templates": {"openai81", []string{"--labels", "dog,car", "--templates", "openai81", dog}},
		"top 0":             {"--top", []string{"--labels", "dog,car", "--top", "0", dog}},
		"unknown flag":      {"--nonsense", []string{"--labels", "dog,car", "--nonsense", dog}},
		"stdin twice":       {"standard input", []string{"--labels", "dog,car", "-", "-"}},
		"stdin for both":    {"standard input", []string{"--labels-file", "-", "-"}},
		"empty name":        {"empty", []string{"--labels", "dog,car", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Empty(t, refused(t, c.message, append([]string{"classify"}, c.arguments...)...).stdout)
		})
	}
}

func TestClassifyWarnsOfLongLabels(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("dog ", 100)
	r := run(t, "classify", "--labels", long+",car", dog)
	require.Equal(t, 0, r.status)
	require.Contains(t, r.stderr, "goclip: warning: the label")
	r = run(t, "classify", "-q", "--labels", long+",car", dog)
	require.Empty(t, r.stderr)
}

func TestClassifySigmoid(t *testing.T) {
	t.Parallel()
	// The built-in model with a logit bias, which makes a sigmoid model of it.
	folder := withLogitBias(t, -3)
	c := object[classification](t, good(t, "classify", "-m", folder, "--json", "--labels", "dog,car", dog))
	require.Equal(t, "sigmoid", c.Scores)
	for _, s := range c.Labels {
		require.InDelta(t, 1/(1+math.Exp(-s.Logit)), s.Probability, 1e-9)
	}
}

func TestClassifyIsTheSameOnEveryDevice(t *testing.T) {
	t.Parallel()
	want := object[classification](t, good(t, "classify", "--device", "reference", "--json", "--labels", "dog,car", dog))
	for _, arguments := range [][]string{{"--device", "cpu"}, {"--device", "auto", "--threads", "1"}, {"--precision", "f32"}} {
		got := object[classification](t, good(t, append(arguments, "classify", "--json", "--labels", "dog,car", dog)...))
		for i := range want.Labels {
			require.Equal(t, want.Labels[i].Label, got.Labels[i].Label)
			require.InDelta(t, want.Labels[i].Logit, got.Labels[i].Logit, 1e-3)
		}
	}
}

// withLogitBias copies the built-in model and adds the tensor that SigLIP-like models have.
func withLogitBias(t *testing.T, bias float32) string {
	t.Helper()
	source, folder := filepath.Join(examples, "..", "model"), t.TempDir()
	entries, err := os.ReadDir(source)
	require.NoError(t, err)
	for _, e := range entries {
		data := read(t, filepath.Join(source, e.Name()))
		if e.Name() == "model.safetensors" {
			data = addTensor(t, data, "logit_bias", bias)
		}
		write(t, folder, e.Name(), string(data))
	}
	return folder
}
