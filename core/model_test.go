package core_test

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"io/fs"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/core/checkpoint"
	"github.com/goclip/goclip/core/embedded"
	"github.com/goclip/goclip/core/preprocess"
	"github.com/goclip/goclip/kernels/simd"
)

func open(t *testing.T, o core.Options) *core.Model {
	t.Helper()
	device := simd.New(simd.Options{Threads: 2})
	o.Device = device
	m, err := core.OpenFS(context.Background(), embedded.Model(), o)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, m.Close())
		require.NoError(t, device.Close())
	})
	return m
}

// noise is a picture that no other seed gives.
func noise(t *testing.T, seed uint64) *core.Image {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	m := image.NewRGBA(image.Rect(0, 0, 70, 90))
	for y := range 90 {
		for x := range 70 {
			m.Set(x, y, color.RGBA{uint8(rng.IntN(256)), uint8(rng.IntN(256)), uint8(x * 3), 255})
		}
	}
	p, err := preprocess.FromImage(m)
	require.NoError(t, err)
	return p
}

// A picture's embedding does not depend on the pictures beside it, whatever the sizes of the batches.
func TestBatchesChangeNothing(t *testing.T) {
	m := open(t, core.Options{})
	var pictures []*core.Image
	var texts []string
	for i := range 39 {
		pictures = append(pictures, noise(t, uint64(i)))
		texts = append(texts, "one two three four five six seven eight nine"[:3+i])
	}
	ctx := context.Background()
	together, err := m.EmbedImages(ctx, pictures)
	require.NoError(t, err)
	textsTogether, err := m.EmbedTexts(ctx, texts)
	require.NoError(t, err)
	require.Len(t, together, 39)
	for i := range pictures {
		alone, err := m.EmbedImages(ctx, pictures[i:i+1])
		require.NoError(t, err)
		require.InDeltaSlice(t, alone[0], together[i], 1e-6)
		textAlone, err := m.EmbedTexts(ctx, texts[i:i+1])
		require.NoError(t, err)
		require.InDeltaSlice(t, textAlone[0], textsTogether[i], 1e-6)
	}
	require.InDelta(t, 1, core.Cosine(together[5], together[5]), 1e-6, "unit length")
}

func TestFeaturesPointTheSameWay(t *testing.T) {
	m := open(t, core.Options{})
	ctx := context.Background()
	units, err := m.EmbedTexts(ctx, []string{"a dog"})
	require.NoError(t, err)
	raw, err := m.TextFeatures(ctx, []string{"a dog"})
	require.NoError(t, err)
	length := math.Sqrt(core.Cosine(raw[0], raw[0]))
	require.Greater(t, math.Abs(length-1), 0.01)
	require.InDelta(t, length, core.Cosine(raw[0], units[0]), 1e-4)
}

func TestGoroutinesShareAModel(t *testing.T) {
	m := open(t, core.Options{})
	want, err := m.EmbedTexts(context.Background(), []string{"a dog"})
	require.NoError(t, err)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			texts := []string{"a dog", "a cat", "a horse"}[:1+i%3]
			got, err := m.EmbedTexts(context.Background(), texts)
			if err != nil || math.Abs(core.Cosine(got[0], want[0])-1) > 1e-6 {
				t.Errorf("goroutine %d: %v", i, err)
			}
			if _, err := m.EmbedImages(context.Background(), []*core.Image{noise(t, 3)}); err != nil {
				t.Errorf("goroutine %d: %v", i, err)
			}
		})
	}
	group.Wait()
}

func TestOneTowerOnly(t *testing.T) {
	loaded, total := 0, 0
	m := open(t, core.Options{Towers: core.TextTower, Progress: func(l, n int) { loaded, total = l, n }})
	require.Positive(t, total)
	require.Equal(t, total, loaded)
	_, err := m.EmbedTexts(context.Background(), []string{"a dog"})
	require.NoError(t, err)
	_, err = m.EmbedImages(context.Background(), []*core.Image{noise(t, 1)})
	require.ErrorIs(t, err, core.ErrNoTower)
}

func TestLongTextsAreCutLikeTheReference(t *testing.T) {
	m := open(t, core.Options{})
	long := ""
	for range 100 {
		long += "dog "
	}
	tokens, err := m.Tokenize(long)
	require.NoError(t, err)
	require.True(t, tokens.Truncated)
	require.Len(t, tokens.IDs, 32)
	require.EqualValues(t, 4999, tokens.IDs[31], "the end token stays")
	tokens, err = m.Tokenize("dog")
	require.NoError(t, err)
	require.False(t, tokens.Truncated)
	require.Equal(t, 3, tokens.Used)
}

// A label's vector is the mean of its templates' unit vectors, whichever labels are embedded beside it.
func TestClassifierAveragesTemplates(t *testing.T) {
	m := open(t, core.Options{})
	ctx := context.Background()
	labels := make([]string, 150)
	for i := range labels {
		labels[i] = fmt.Sprintf("thing %d", i)
	}
	long := strings.Repeat("very ", 40) + "long"
	labels = append(labels, long)
	templates := []string{"{}", "a photo of a {}.", "the {}"}
	c, err := m.Classifier(ctx, labels, templates)
	require.NoError(t, err)
	require.Equal(t, []string{long}, c.Truncated())

	picture, err := m.EmbedImages(ctx, []*core.Image{noise(t, 1)})
	require.NoError(t, err)
	logits := map[string]float64{}
	for _, s := range c.Scores(picture[0]) {
		logits[s.Label] = s.Logit
		require.Equal(t, s.Label == long, s.Truncated)
	}
	for _, i := range []int{0, 84, 85, 149} {
		vectors, err := m.EmbedTexts(ctx, []string{labels[i], "a photo of a " + labels[i] + ".", "the " + labels[i]})
		require.NoError(t, err)
		var dot, squares float64
		for j := range vectors[0] {
			sum := float64(vectors[0][j]) + float64(vectors[1][j]) + float64(vectors[2][j])
			dot += sum * float64(picture[0][j])
			squares += sum * sum
		}
		require.InDelta(t, m.Logit(dot/math.Sqrt(squares)), logits[labels[i]], 1e-4)
	}
}

func TestClosedModels(t *testing.T) {
	device := simd.New(simd.Options{Threads: 1})
	defer device.Close()
	m, err := core.OpenFS(context.Background(), embedded.Model(), core.Options{Device: device})
	require.NoError(t, err)
	require.NoError(t, m.Close())
	require.NoError(t, m.Close())
	_, err = m.EmbedTexts(context.Background(), []string{"a dog"})
	require.ErrorContains(t, err, "closed")
}

func TestCancelledWork(t *testing.T) {
	m := open(t, core.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := m.EmbedTexts(ctx, []string{"a dog"})
	require.ErrorIs(t, err, context.Canceled)
	_, err = core.OpenFS(ctx, embedded.Model(), core.Options{Device: simd.New(simd.Options{Threads: 1})})
	require.ErrorIs(t, err, context.Canceled)
}

func TestRunTensorsRefusesWrongTensors(t *testing.T) {
	m := open(t, core.Options{})
	for want, tensor := range map[string]checkpoint.Tensor{
		"want pixel_values or input_ids": {Name: "pixels", Shape: []int{1}, Floats: []float32{1}},
		"want f32 [N, 3, 64, 64]":        {Name: "pixel_values", Shape: []int{1, 3, 2, 2}, Floats: make([]float32, 12)},
		"up to the context length 32":    {Name: "input_ids", Shape: []int{1, 33}, Ints: make([]int64, 33)},
		"holds 5000 at [0, 1]":           {Name: "input_ids", Shape: []int{1, 2}, Ints: []int64{4998, 5000}},
		"want i64":                       {Name: "input_ids", Shape: []int{1, 2}, Floats: make([]float32, 2)},
	} {
		_, err := m.RunTensors(context.Background(), []checkpoint.Tensor{tensor}, false)
		require.ErrorContains(t, err, want)
	}
}

func TestAttentionMasks(t *testing.T) {
	m := open(t, core.Options{Towers: core.TextTower})
	run := func(hidden bool, shape []int, mask ...int64) error {
		_, err := m.RunTensors(context.Background(), []checkpoint.Tensor{
			{Name: "input_ids", Shape: []int{1, 5}, Ints: []int64{4998, 1929, 4999, 4999, 4999}},
			{Name: "attention_mask", Shape: shape, Ints: mask},
		}, hidden)
		return err
	}
	require.NoError(t, run(true, []int{1, 5}, 1, 1, 1, 1, 1))
	require.NoError(t, run(false, []int{1, 5}, 1, 1, 1, 0, 0), "padding behind the end token changes nothing")
	require.ErrorContains(t, run(true, []int{1, 5}, 1, 1, 1, 0, 0), "hides position 3 of text 0")
	require.ErrorContains(t, run(false, []int{1, 5}, 1, 0, 1, 1, 1), "hides position 1 of text 0")
	require.ErrorContains(t, run(false, []int{1, 3}, 1, 1, 1), "attention_mask is [1 3]")
}

func TestTokenizerAndTowerMustAgree(t *testing.T) {
	files := fstest.MapFS{}
	for _, name := range []string{"config.json", "model.safetensors"} {
		data, err := fs.ReadFile(embedded.Model(), name)
		require.NoError(t, err)
		files[name] = &fstest.MapFile{Data: data}
	}
	device := simd.New(simd.Options{Threads: 1})
	defer device.Close()
	m, err := core.OpenFS(context.Background(), files, core.Options{Device: device})
	require.NoError(t, err, "tensors can be run without a tokenizer")
	defer m.Close()
	_, err = m.EmbedTexts(context.Background(), []string{"a dog"})
	require.ErrorContains(t, err, "a vocabulary of 5000 ids is not the one that goclip carries")
}

func TestLocate(t *testing.T) {
	_, err := core.Locate("no/such/model")
	require.ErrorIs(t, err, core.ErrNotFound)
	dir := t.TempDir()
	l, err := core.Locate(dir)
	require.NoError(t, err)
	require.Empty(t, l.File)
	_, _, err = core.Inspect(l)
	require.ErrorContains(t, err, "no weights")
}

func TestInspect(t *testing.T) {
	info, tensors, err := core.Inspect(core.Location{Dir: embedded.Model(), Name: "tiny"})
	require.NoError(t, err)
	require.Equal(t, 192, info.Embedding)
	require.Equal(t, "safetensors", info.Format)
	require.Equal(t, 64, info.Image.ImageSize)
	require.Equal(t, 32, info.Text.Context)
	require.NotEmpty(t, tensors)
	total := 0
	for _, tensor := range tensors {
		total += tensor.Elements()
	}
	require.Equal(t, total, info.Parameters+1, "all tensors but the logit scale are parameters of the towers")
}

// Whoever opens a model is told what it needs before a weight is read, and may refuse.
func TestAdmit(t *testing.T) {
	info, _, err := core.Inspect(core.Location{Dir: embedded.Model(), Name: "tiny"})
	require.NoError(t, err)
	device := simd.New(simd.Options{Threads: 1})
	defer device.Close()
	needs := map[core.Towers]core.Need{}
	for _, towers := range []core.Towers{0, core.ImageTower, core.TextTower} {
		_, err = core.OpenFS(context.Background(), embedded.Model(), core.Options{Device: device, Towers: towers,
			Progress: func(int, int) { t.Error("loads") },
			Admit: func(n core.Need) error {
				needs[towers] = n
				return fs.ErrInvalid
			}})
		require.ErrorIs(t, err, fs.ErrInvalid)
	}
	require.Equal(t, info.Need, needs[0])
	require.Equal(t, info.Need, needs[core.ImageTower].Plus(needs[core.TextTower]))
	require.Equal(t, 4*int64(info.Image.Parameters), needs[core.ImageTower].WeightBytes)
}
