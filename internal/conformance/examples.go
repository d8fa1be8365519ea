package conformance

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/core/embedded"
	"github.com/goclip/goclip/kernels"
)

// examples is core/embedded/expected.json: what transformers computes for the example pictures with the default model.
type examples struct {
	Labels   []string           `json:"labels"`
	Scale    float64            `json:"logit_scale"`
	TokenIDs map[string][]int32 `json:"token_ids"`
	Pictures []struct {
		File    string    `json:"file"`
		Cosines []float64 `json:"cosines"`
	} `json:"pictures"`
}

// Examples classifies the example pictures with the default model: from a PNG file to probabilities, within 1e-3.
func Examples(t *testing.T, dev kernels.Device) {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	folder := filepath.Join(filepath.Dir(here), "..", "..", "core", "embedded")
	data, err := os.ReadFile(filepath.Join(folder, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want examples
	if err := json.Unmarshal(data, &want); err != nil || len(want.Pictures) == 0 {
		t.Fatalf("expected.json: %v", err)
	}
	ctx := context.Background()
	m, err := core.OpenFS(ctx, embedded.Model(), core.Options{Device: dev})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for text, ids := range want.TokenIDs {
		tokens, err := m.Tokenize(text)
		if err != nil || tokens.Used != len(ids) {
			t.Fatalf("%q: %v, ids %v, want %v", text, err, tokens.IDs[:tokens.Used], ids)
		}
		for i, id := range ids {
			if tokens.IDs[i] != id {
				t.Errorf("%q: ids %v, want %v", text, tokens.IDs[:tokens.Used], ids)
			}
		}
	}
	classifier, err := m.Classifier(ctx, want.Labels, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, picture := range want.Pictures {
		found, err := filepath.Glob(filepath.Join(folder, "*", filepath.Base(picture.File)))
		if err != nil || len(found) != 1 {
			t.Fatalf("%s: found %v, %v", picture.File, found, err)
		}
		data, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		image, err := core.DecodeImage(data)
		if err != nil {
			t.Fatal(err)
		}
		scores, err := classifier.Classify(ctx, []*core.Image{image})
		if err != nil {
			t.Fatal(err)
		}
		probability := map[string]float64{}
		var total float64
		for i, label := range want.Labels {
			probability[label] = math.Exp(picture.Cosines[i] * want.Scale)
			total += probability[label]
		}
		for _, s := range scores[0] {
			if d := math.Abs(s.Probability - probability[s.Label]/total); d > 1e-3 {
				t.Errorf("%s: %s has probability %.5f, want %.5f", picture.File, s.Label, s.Probability, probability[s.Label]/total)
			}
		}
	}
}
