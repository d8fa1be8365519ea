package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/core/checkpoint"
	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/internal/oracle"
	"github.com/goclip/goclip/kernels"
	"github.com/stretchr/testify/require"
)

func TestTokenize(t *testing.T) {
	t.Parallel()
	want := []int32{4998, 1929, 4999}
	padded := object[tokenized](t, good(t, "tokenize", "--json", "dog"))
	require.Equal(t, "dog", padded.Text)
	require.Len(t, padded.IDs, 32)
	require.Equal(t, want, padded.IDs[:3])
	require.Equal(t, "4998 1929 4999\n4998 2368 4999\n", good(t, "tokenize", "--no-pad", "dog", "cat"))
	require.Equal(t, "4998 1929 4999 4999\n", good(t, "tokenize", "--context", "4", "dog"))

	r := runWith(t, strings.NewReader("dog\n\ncat"), "tokenize", "--stdin", "--no-pad", "--json")
	lines := objects[tokenized](t, r.stdout)
	require.Len(t, lines, 3, "an empty line is an empty text")
	require.Equal(t, "", lines[1].Text)

	file := write(t, t.TempDir(), "texts.jsonl", `{"text":"a\nb\u0085\u2028"}`+"\n"+`{"text":"cat","more":1}`+"\n")
	out := good(t, "tokenize", "--in", file, "--json")
	require.NotContains(t, out, "\u0085")
	require.NotContains(t, out, "\u2028")
	lines = objects[tokenized](t, out)
	require.Equal(t, "a\nb\u0085\u2028", lines[0].Text)
	require.Equal(t, "cat", lines[1].Text)
}

// A folder with tokenizer files alone is enough; dialects clean and pad in their own ways.
func TestTokenizeWithoutWeights(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"vocab.json", "merges.txt"} {
		write(t, folder, name, string(oracle.Unpacked(t, "tokenizers", "clip", name)))
	}
	var text struct {
		Text            string
		OpenAI          []int32 `json:"openai"`
		OpenCLIP        []int32 `json:"open_clip"`
		HuggingFace     []int32 `json:"hf"`
		OpenAITruncated bool
	}
	golden, _, _ := bytes.Cut(oracle.Unpacked(t, "tokenizers", "clip", "vectors.jsonl"), []byte("\n"))
	require.NoError(t, json.Unmarshal(golden, &text))
	for dialect, want := range map[string][]int32{"openai": text.OpenAI, "open_clip": text.OpenCLIP, "hf": text.HuggingFace, "auto": text.HuggingFace} {
		got := object[tokenized](t, good(t, "tokenize", "-m", folder, "--dialect", dialect, "--no-pad", "--json", "--", text.Text))
		require.Equal(t, want, got.IDs, dialect)
		require.NotEmpty(t, got.IDs)
	}
	require.Len(t, object[tokenized](t, good(t, "tokenize", "-m", folder, "--json", "dog")).IDs, 77)
}

func TestTokenizeRefuses(t *testing.T) {
	t.Parallel()
	refused(t, "needs texts", "tokenize")
	refused(t, "needs texts", "tokenize", "--stdin", "dog")
	refused(t, "--dialect", "tokenize", "--dialect", "latin", "dog")
	refused(t, "--context", "tokenize", "--context", "1", "dog")
	refused(t, "nofile", "tokenize", "--in", "nofile.jsonl")
	refused(t, "--context", "tokenize", "--context", "1000000000", "dog")
	r := run(t, "tokenize", "--json", "--in", write(t, t.TempDir(), "t.jsonl", "{\"text\":\"dog\"}\n{}\nnothing\n{\"text\":\"cat\"}\n"))
	require.Equal(t, 1, r.status)
	require.Contains(t, r.stderr, "line 2: there is no \"text\"")
	require.Contains(t, r.stderr, "line 3")
	require.Equal(t, 4, strings.Count(r.stdout, "\n"), "the good lines and the two errors")
}

func TestPreprocess(t *testing.T) {
	t.Parallel()
	got := object[prepared](t, good(t, "preprocess", "--json", dog))
	require.Equal(t, dog, got.Image)
	require.Equal(t, []int{64, 64}, []int{got.Width, got.Height})

	folder := t.TempDir()
	seen := filepath.Join(folder, "seen.png")
	good(t, "preprocess", "-o", seen, dog)
	m, err := png.Decode(bytes.NewReader(read(t, seen)))
	require.NoError(t, err)
	var pixels []byte
	for y := range 64 {
		for x := range 64 {
			r, g, b, _ := m.At(x, y).RGBA()
			pixels = append(pixels, byte(r>>8), byte(g>>8), byte(b>>8))
		}
	}
	require.Equal(t, got.SHA256U8, sum(pixels))

	tensor := filepath.Join(folder, "seen.npy")
	good(t, "preprocess", "-o", tensor, dog)
	data := read(t, tensor)
	require.Contains(t, string(data[:128]), "(3, 64, 64)")
	require.Equal(t, got.SHA256F32, sum(data[len(data)-4*3*64*64:]))

	r := run(t, "preprocess", "--json", dog, write(t, folder, "broken.png", "no picture"))
	require.Equal(t, 1, r.status)
	refused(t, "one picture", "preprocess", "-o", seen, examples)
	refused(t, ".png or .npy", "preprocess", "-o", "seen.jpg", dog)
	refused(t, "--exif", "preprocess", "--exif", "maybe", dog)
}

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

// A folder with the preprocessing configuration alone is enough, and gives what Pillow and PyTorch give.
func TestPreprocessAgreesWithPillow(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, "open_clip_config.json", `{"model_cfg": {"embed_dim": 64, "vision_cfg": {"image_size": 224}, "text_cfg": {}}, "preprocess_cfg": {
		"size": 224, "mean": [0.48145466, 0.4578275, 0.40821073], "std": [0.26862954, 0.26130258, 0.27577711],
		"interpolation": "bicubic", "resize_mode": "shortest", "fill_color": 0}}`)
	type golden struct {
		File, Variant, Pipeline string
		N                       int
		U8                      string `json:"u8"`
		F32                     string `json:"f32"`
	}
	found := 0
	for line := range strings.Lines(string(oracle.Unpacked(t, "preprocess", "cases.jsonl"))) {
		var want golden
		require.NoError(t, json.Unmarshal([]byte(line), &want))
		if want.Pipeline != "openai" || want.N != 224 || want.File != "jpeg_exif6.jpg" {
			continue
		}
		found++
		exif := map[string]string{"upright": "apply", "as_stored": "ignore"}[want.Variant]
		got := object[prepared](t, good(t, "preprocess", "-m", folder, "--json", "--exif", exif, oracle.Path(t, "preprocess", "images", want.File)))
		require.Equal(t, want.U8, got.SHA256U8, want.Variant)
		require.Equal(t, want.F32, got.SHA256F32, want.Variant)
	}
	require.Equal(t, 2, found)
}

func TestRun(t *testing.T) {
	t.Parallel()
	model := oracle.Path(t, "models", "hf-clip-vit")
	golden := filepath.Join(model, "expect.safetensors")
	folder := t.TempDir()
	out := filepath.Join(folder, "out.safetensors")
	require.Empty(t, good(t, "run", "-m", model, "--in", golden, "--out", out))
	want, got := tensors(t, golden), tensors(t, out)
	for _, name := range []string{"image_features", "text_features", "image_embeds", "text_embeds", "logits_per_image"} {
		require.Equal(t, want[name].Shape, got[name].Shape, name)
		for i, v := range want[name].Floats {
			require.InDelta(t, v, got[name].Floats[i], 1e-3, name)
		}
	}
	require.Len(t, got, 5)
	summary := object[written](t, good(t, "run", "-m", model, "--in", golden, "--out", out, "--hidden", "--json"))
	require.Equal(t, out, summary.Output)
	require.Len(t, tensors(t, out), len(summary.Tensors))
	require.True(t, slices.ContainsFunc(summary.Tensors, func(l tensorLine) bool { return l.Name == "image_tokens" }))
	require.Equal(t, []string{"out.safetensors"}, filesIn(t, folder))
}

// With one input, only that tower's results are written.
func TestRunOneTower(t *testing.T) {
	t.Parallel()
	model := oracle.Path(t, "models", "hf-clip-vit")
	ids := tensors(t, filepath.Join(model, "expect.safetensors"))["input_ids"]
	folder := t.TempDir()
	var in bytes.Buffer
	require.NoError(t, checkpoint.WriteSafetensors(&in, []checkpoint.Tensor{ids}))
	out := filepath.Join(folder, "out.safetensors")
	good(t, "run", "-m", model, "--in", write(t, folder, "in.safetensors", in.String()), "--out", out)
	got := tensors(t, out)
	require.Len(t, got, 2)
	require.Contains(t, got, "text_embeds")
	require.Contains(t, got, "text_features")
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	model := oracle.Path(t, "models", "hf-clip-vit")
	folder := t.TempDir()
	out := filepath.Join(folder, "out.safetensors")
	refused(t, "--in", "run", "-m", model)
	refused(t, "nofile", "run", "-m", model, "--in", "nofile.safetensors", "--out", out)
	refused(t, "pixel_values", "run", "-m", model, "--in", filepath.Join(model, "model.safetensors"), "--out", out)
	var in bytes.Buffer
	require.NoError(t, checkpoint.WriteSafetensors(&in, []checkpoint.Tensor{{Name: "input_ids", Shape: []int{1, 2}, Ints: []int64{1, 1 << 40}}}))
	refused(t, "vocabulary", "run", "-m", model, "--in", write(t, folder, "in.safetensors", in.String()), "--out", out)
	require.NoFileExists(t, out)
	require.Len(t, filesIn(t, folder), 1)
}

// tensors reads a whole file.
func tensors(t *testing.T, path string) map[string]checkpoint.Tensor {
	t.Helper()
	c, err := checkpoint.Open(os.DirFS(filepath.Dir(path)), filepath.Base(path))
	require.NoError(t, err)
	defer c.Close()
	all := map[string]checkpoint.Tensor{}
	for _, info := range c.Tensors() {
		tensor := checkpoint.Tensor{Name: info.Name, Shape: info.Shape}
		if info.DType.Integer() {
			tensor.Ints, err = c.Ints(info.Name)
		} else {
			tensor.Floats, err = c.Floats(info.Name, nil)
		}
		require.NoError(t, err)
		all[info.Name] = tensor
	}
	return all
}

// addTensor adds a scalar to a safetensors file.
func addTensor(t *testing.T, data []byte, name string, value float32) []byte {
	t.Helper()
	list := []checkpoint.Tensor{{Name: name, Shape: []int{}, Floats: []float32{value}}}
	for _, tensor := range tensors(t, write(t, t.TempDir(), "model.safetensors", string(data))) {
		list = append(list, tensor)
	}
	var out bytes.Buffer
	require.NoError(t, checkpoint.WriteSafetensors(&out, list))
	return out.Bytes()
}

func TestInspect(t *testing.T) {
	t.Parallel()
	got := object[inspection](t, good(t, "inspect", "--json"))
	require.Equal(t, "tiny", got.Model)
	require.Equal(t, "clip", got.Family)
	require.Equal(t, 192, got.Embedding)
	require.Equal(t, 64, got.Image.ImageSize)
	require.Equal(t, 5000, got.Tokenizer.Vocabulary)
	require.Equal(t, 64, got.Preprocessing.Width)
	require.Equal(t, "f16", got.Precision)
	require.Equal(t, "f32", got.Computes)
	require.Contains(t, got.Because, "only float32 is within 0.0001")
	require.Greater(t, got.MemoryBytes, int64(14e6))
	require.Empty(t, got.Tensors)
	whole := object[inspection](t, good(t, "inspect", "--json", "--precision", "int8"))
	require.Equal(t, "int8", whole.Computes)
	require.Equal(t, "--precision asks for it", whole.Because)
	require.Less(t, whole.WeightBytes, got.WeightBytes/2)

	measured := object[inspection](t, good(t, "inspect", "--json", "--precisions", "--device", "cpu")).Precisions
	require.Len(t, measured, 4)
	for i, precision := range kernels.Precisions() {
		m := measured[i]
		require.Equal(t, precision.String(), m.Precision)
		require.Equal(t, *m.Difference <= 1e-4, m.Within)
		require.Greater(t, m.Cosine, 0.99)
		require.Positive(t, m.ImageMillis)
		require.Positive(t, m.TextMillis)
	}
	require.Zero(t, *measured[0].Difference)
	require.False(t, measured[3].Within, "int8 rounds more than float32 may")
	broken := measuredPrecision{}
	broken.compare([2][][]float32{{{1, 0}}}, [2][][]float32{{{float32(math.NaN()), 0}}})
	require.Equal(t, "gives vectors that are no numbers", broken.String())

	got = object[inspection](t, good(t, "inspect", "--json", "--tensors", "-m", oracle.Path(t, "models", "openai-rn50", "RN50.pt")))
	require.Equal(t, "torchscript", got.Format)
	require.Equal(t, "openai", got.Source)
	require.True(t, slices.ContainsFunc(got.Tensors, func(l tensorLine) bool { return l.Name == "visual.conv1.weight" && len(l.Shape) == 4 }))

	text := good(t, "inspect", "--tensors")
	require.Contains(t, text, "image tower")
	require.Contains(t, text, "logit_scale")
	refused(t, "unknown command", "inspect", "something")
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	r := run(t, "doctor", "--json") // GPU drivers may say something on standard error
	require.Equal(t, 0, r.status)
	got := object[diagnosis](t, r.stdout)
	require.True(t, got.OK)
	require.Positive(t, got.Cores)
	names := []string{}
	for _, d := range got.Devices {
		names = append(names, d.Device)
		if !d.Available {
			require.Equal(t, "gpu", d.Device)
			require.NotEmpty(t, d.Reason)
			continue
		}
		require.True(t, d.OK, d.Reason)
		require.LessOrEqual(t, *d.ImageDifference, 1e-4)
		require.LessOrEqual(t, *d.TextDifference, 1e-4)
		if d.Device == "cpu" {
			require.Len(t, d.Precisions, 3)
			for _, p := range d.Precisions {
				require.LessOrEqual(t, max(p.ImageDifference, p.TextDifference), 1e-2, p.Precision)
			}
			require.Greater(t, d.Precisions[2].ImageDifference, 1e-4, "int8 rounds more than float32 may")
		}
	}
	require.ElementsMatch(t, []string{"reference", "cpu", "gpu"}, names)
}

func TestDifferenceFindsNaN(t *testing.T) {
	a, b := [][]float32{{1, 2}}, [][]float32{{1, 2.5}}
	require.Equal(t, 0.5, difference(a, b))
	require.True(t, math.IsInf(difference(a, [][]float32{{1, float32(math.NaN())}}), 1))
}

func TestBench(t *testing.T) {
	t.Parallel()
	rows := objects[benchRow](t, good(t, "bench", "--json", "--batch", "1", "-m", oracle.Path(t, "models", "hf-clip-vit")))
	require.Len(t, rows, 2)
	for i, tower := range []string{"image", "text"} {
		require.Equal(t, tower, rows[i].Tower)
		require.Equal(t, 1, rows[i].Batch)
		require.Positive(t, rows[i].GFLOPPS)
		require.InDelta(t, rows[i].GFLOPPS/rows[i].Ceiling, rows[i].Share, 1e-9)
		require.Positive(t, rows[i].Threads)
		require.InDelta(t, 1e3/rows[i].Millis, rows[i].PerSec, 0.01*rows[i].PerSec)
	}
	refused(t, "--batch", "bench", "--batch", "0")
	refused(t, "--arch", "bench", "--arch", "ViT-X/1")
	refused(t, "exclude each other", "bench", "--arch", "ViT-B/32", "-m", "tiny")
	refused(t, "--tower", "bench", "--tower", "water")
}

// A model that is larger than what is left of the memory is refused before anything is loaded, with a way on.
func TestRoom(t *testing.T) {
	p := &program{device: "cpu"}
	require.NoError(t, p.room(core.Need{WeightBytes: 1 << 20}, ""))
	err := p.room(core.Need{WeightBytes: 1 << 60}, "take less")
	require.ErrorContains(t, err, "it needs 1099511627840.0 MiB")
	require.ErrorContains(t, err, "take less, or set GOCLIP_MEMORY=any")
	half := &program{device: "cpu", precision: "f16"}
	err = half.room(core.Need{WeightBytes: 1 << 60, MatrixBytes: 1 << 60}, "take less")
	require.ErrorContains(t, err, "it needs 549755813952.0 MiB")
	whole := &program{device: "cpu", precision: "int8"}
	err = whole.room(core.Need{WeightBytes: 1 << 60, MatrixBytes: 1 << 60}, "take less")
	require.ErrorContains(t, err, "it needs 274877907008.0 MiB")
	plain := &program{device: "reference", precision: "int8"}
	require.ErrorContains(t, plain.room(core.Need{WeightBytes: 1 << 60, MatrixBytes: 1 << 60}, "take less"), "it needs 1099511627840.0 MiB")
	auto := &program{device: "cpu", precision: "auto"}
	require.ErrorContains(t, auto.room(core.Need{WeightBytes: 1 << 60, MatrixBytes: 1}, "take less"), "take less, or --precision f16, or set")
	t.Setenv(anyMemory, "any")
	require.NoError(t, p.room(core.Need{WeightBytes: 1 << 60}, ""))
}

// open_clip's profile of ViT-B/32 says 4.4 billion multiplications with an addition for a picture and 3.0 for a text.
func TestFlopsOfViT(t *testing.T) {
	s, err := architecture("ViT-B/32")
	require.NoError(t, err)
	for _, c := range []struct {
		bench   benched
		giga    float64
		weights int
	}{{imageBench(s), 4.4, 87_849_216}, {textBench(s), 3.0, 63_428_096}} {
		weights, parameters := tower.Weights{}, 0
		for _, p := range c.bench.params {
			weights[p.Name] = kernels.Weight{ID: 1, Role: p.Role, Shape: p.Shape, Bias: p.Bias}
			parameters += p.Elements()
		}
		require.Equal(t, c.weights, parameters)
		for _, items := range []int{1, 8} {
			var count flops
			_, _, err := c.bench.compile(&count, weights, items)
			require.NoError(t, err)
			require.InDelta(t, 2*c.giga, count.count/1e9/float64(items), 0.1)
		}
	}
}
