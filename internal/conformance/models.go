// Package conformance holds devices against the golden models: tiny random checkpoints, one for each architecture and file
// layout, with what the original implementations compute for them. A device joins with one line in devices_test.go.
package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/core/checkpoint"
	"github.com/goclip/goclip/internal/oracle"
	"github.com/goclip/goclip/kernels"
)

// expectation is a case's expect.json.
type expectation struct {
	Load       string               `json:"load"`
	Scores     string               `json:"scores"`
	Inputs     []string             `json:"inputs"`
	Outputs    []string             `json:"outputs"`
	Tolerances map[string]tolerance `json:"tolerances"`
	Texts      []string             `json:"texts"`
	Tokens     [][]int32            `json:"tokens"`
}

// tolerance is how far float32 results may be off: absolutely, or as a share of the tensor's largest value; and the
// smallest cosine of a row.
type tolerance struct {
	MaxAbs *float64 `json:"max_abs"`
	MaxRel float64  `json:"max_rel"`
	Cosine float64  `json:"cosine"`
}

// direction is the smallest cosine between an embedding in a precision that rounds matrices and the original's.
var direction = map[kernels.Precision]float64{kernels.F16: 0.9999, kernels.BF16: 0.999, kernels.Int8: 0.995}

// embeddings are the outputs that directions are compared of. In hidden states single values lie far off the others, and what
// rounding does to them says little about a model.
var embeddings = []string{"image_features", "image_embeds", "text_features", "text_embeds"}

// Models runs every golden model on a device: in float32 against all that the originals compute, in other precisions against
// the directions of their embeddings.
func Models(t *testing.T, dev kernels.Device) {
	t.Helper()
	t.Logf("device: %s", dev.Name())
	cases, err := filepath.Glob(filepath.Join(oracle.Path(t, "models"), "*", "expect.json"))
	if err != nil || len(cases) == 0 {
		t.Fatalf("no golden models: %v", err)
	}
	for _, path := range cases {
		dir := filepath.Dir(path)
		t.Run(filepath.Base(dir), func(t *testing.T) { runCase(t, dev, dir) })
	}
}

func runCase(t *testing.T, dev kernels.Device, dir string) {
	var want expectation
	data, err := os.ReadFile(filepath.Join(dir, "expect.json"))
	if err == nil {
		err = json.Unmarshal(data, &want)
	}
	if err != nil {
		t.Fatal(err)
	}
	golden, err := checkpoint.Open(os.DirFS(dir), "expect.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer golden.Close()
	m, err := core.Open(context.Background(), filepath.Join(dir, want.Load), core.Options{Device: dev})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()

	out, err := m.RunTensors(context.Background(), inputs(t, golden, want.Inputs), true)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range want.Outputs {
		allowed := want.tolerance(name)
		if p := dev.Precision(); p != kernels.F32 {
			if !slices.Contains(embeddings, name) {
				continue
			}
			unlimited := math.Inf(1)
			allowed = tolerance{MaxAbs: &unlimited, Cosine: direction[p]}
		}
		if err := compare(golden, out, name, allowed); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if m.SigmoidScores() != (want.Scores == "sigmoid") {
		t.Errorf("scores are not %s", want.Scores)
	}
	for i, text := range want.Texts {
		tokens, err := m.Tokenize(text)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(tokens.IDs, want.Tokens[i]) {
			t.Errorf("%q gives ids %v, want %v", text, tokens.IDs, want.Tokens[i])
		}
	}
}

func (e expectation) tolerance(name string) tolerance {
	if t, ok := e.Tolerances[name]; ok {
		return t
	}
	return e.Tolerances["default"]
}

func inputs(t *testing.T, golden *checkpoint.Checkpoint, names []string) []checkpoint.Tensor {
	t.Helper()
	var list []checkpoint.Tensor
	for _, name := range names {
		info, ok := golden.Lookup(name)
		if !ok {
			t.Fatalf("the golden file has no %s", name)
		}
		tensor := checkpoint.Tensor{Name: name, Shape: info.Shape}
		var err error
		if info.DType == checkpoint.F32 {
			tensor.Floats, err = golden.Floats(name, nil)
		} else {
			tensor.Ints, err = golden.Ints(name)
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, tensor)
	}
	return list
}

// compare holds one output against the golden file.
func compare(golden *checkpoint.Checkpoint, out []checkpoint.Tensor, name string, allowed tolerance) error {
	i := slices.IndexFunc(out, func(t checkpoint.Tensor) bool { return t.Name == name })
	if i < 0 {
		return fmt.Errorf("missing")
	}
	got := out[i]
	info, _ := golden.Lookup(name)
	if !slices.Equal(got.Shape, info.Shape) {
		return fmt.Errorf("shape %v, want %v", got.Shape, info.Shape)
	}
	want, err := golden.Floats(name, nil)
	if err != nil {
		return err
	}
	var largest, worst float64
	for j, w := range want {
		largest = max(largest, math.Abs(float64(w)))
		d := math.Abs(float64(w) - float64(got.Floats[j]))
		if math.IsNaN(d) {
			return fmt.Errorf("value %d is %v, want %v", j, got.Floats[j], w)
		}
		worst = max(worst, d)
	}
	limit := allowed.MaxRel * largest
	if allowed.MaxAbs != nil {
		limit = *allowed.MaxAbs
	}
	if cosine := smallestCosine(want, got.Floats, got.Shape[len(got.Shape)-1]); worst > limit || cosine < allowed.Cosine {
		return fmt.Errorf("off by %.2e of %.2e (allowed %.2e), smallest cosine %.8f", worst, largest, limit, cosine)
	}
	return nil
}

func smallestCosine(a, b []float32, width int) float64 {
	smallest := 1.0
	for i := 0; i < len(a); i += width {
		var ab, aa, bb float64
		for j := i; j < i+width; j++ {
			ab += float64(a[j]) * float64(b[j])
			aa += float64(a[j]) * float64(a[j])
			bb += float64(b[j]) * float64(b[j])
		}
		if aa > 0 {
			smallest = min(smallest, ab/math.Sqrt(aa*bb+1e-300))
		}
	}
	return smallest
}
