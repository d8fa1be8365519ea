package core

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/goclip/goclip/core/zoo"
)

// Classifier scores pictures against labels (Radford et al. 2021, zero-shot transfer). It holds one unit vector for
// each label, so pictures that are embedded already can be scored again and again.
type Classifier struct {
	model     *Model
	labels    []string
	vectors   [][]float32
	truncated []bool
}

// Score is one label's place in a classification.
type Score struct {
	Label       string  `json:"label"`
	Probability float64 `json:"probability"` // softmax over the labels; sigmoid for models with a logit bias
	Logit       float64 `json:"logit"`       // cosine times the logit scale, plus the bias
	// Truncated: the label, in one of its templates, is longer than the model reads.
	Truncated bool `json:"truncated,omitempty"`
}

// CheckLabels tells whether a user's labels can be told apart: none empty, none twice.
func CheckLabels(labels []string) error {
	if err := checkEmpty(labels); err != nil {
		return err
	}
	seen := make(map[string]int, len(labels))
	for i, label := range labels {
		if j, ok := seen[label]; ok {
			return fmt.Errorf("core: label %q is there twice, as number %d and %d", label, j+1, i+1)
		}
		seen[label] = i
	}
	return nil
}

func checkEmpty(labels []string) error {
	if len(labels) == 0 {
		return fmt.Errorf("core: there are no labels")
	}
	for i, label := range labels {
		if strings.TrimSpace(label) == "" {
			return fmt.Errorf("core: label %d is empty", i+1)
		}
	}
	return nil
}

// Classifier embeds labels. Each one is put into every template; the unit vectors of the sentences are averaged and
// brought to unit length again. No templates: the bare label.
func (m *Model) Classifier(ctx context.Context, labels, templates []string) (*Classifier, error) {
	if err := checkEmpty(labels); err != nil {
		return nil, err
	}
	if len(templates) == 0 {
		templates = []string{BareLabel}
	}
	if err := checkTemplates(templates); err != nil {
		return nil, err
	}
	c := &Classifier{model: m, labels: slices.Clone(labels), truncated: make([]bool, len(labels))}
	for first := 0; first < len(labels); {
		count := min(len(labels)-first, max(1, sentencesAtOnce/len(templates)))
		if err := c.embed(ctx, first, count, templates); err != nil {
			return nil, err
		}
		first += count
	}
	return c, nil
}

// sentencesAtOnce is how many sentences are embedded together: enough to fill batches, few enough to keep their vectors.
const sentencesAtOnce = 256

// embed makes the vectors of count labels.
func (c *Classifier) embed(ctx context.Context, first, count int, templates []string) error {
	var sentences [][]int32
	for i, label := range c.labels[first : first+count] {
		for _, t := range templates {
			tokens, err := c.model.Tokenize(strings.ReplaceAll(t, BareLabel, label))
			if err != nil {
				return err
			}
			c.truncated[first+i] = c.truncated[first+i] || tokens.Truncated
			sentences = append(sentences, tokens.IDs)
		}
	}
	vectors, err := c.model.idVectors(ctx, sentences, embeds)
	if err != nil {
		return err
	}
	for ; len(vectors) > 0; vectors = vectors[len(templates):] {
		c.vectors = append(c.vectors, meanDirection(vectors[:len(templates)]))
	}
	return nil
}

// Embeddings are the labels' vectors, of unit length, in their order. They belong to the classifier.
func (c *Classifier) Embeddings() [][]float32 { return c.vectors }

// Truncated lists the labels that, in one of their templates, are longer than the model reads.
func (c *Classifier) Truncated() []string {
	var list []string
	for i, label := range c.labels {
		if c.truncated[i] {
			list = append(list, label)
		}
	}
	return list
}

// meanDirection is the mean of unit vectors, brought to unit length.
func meanDirection(vectors [][]float32) []float32 {
	sum := make([]float64, len(vectors[0]))
	for _, v := range vectors {
		for i, x := range v {
			sum[i] += float64(x)
		}
	}
	var squares float64
	for _, x := range sum {
		squares += x * x
	}
	mean := make([]float32, len(sum))
	for i, x := range sum {
		if squares > 0 {
			mean[i] = float32(x / math.Sqrt(squares))
		}
	}
	return mean
}

// Classify embeds pictures and scores each one, the most probable label first.
func (c *Classifier) Classify(ctx context.Context, pictures []*Image) ([][]Score, error) {
	vectors, err := c.model.EmbedImages(ctx, pictures)
	if err != nil {
		return nil, err
	}
	scores := make([][]Score, len(vectors))
	for i, v := range vectors {
		scores[i] = c.Scores(v)
	}
	return scores, nil
}

// Scores ranks the labels for an embedding of unit length. Of equal labels the earlier comes first. It panics if the
// embedding has not as many values as the model's.
func (c *Classifier) Scores(embedding []float32) []Score {
	scores := make([]Score, len(c.labels))
	for i, label := range c.labels {
		scores[i] = Score{Label: label, Logit: c.model.Logit(Cosine(embedding, c.vectors[i])), Truncated: c.truncated[i]}
	}
	probabilities(scores, c.model.zoo.Scores)
	slices.SortStableFunc(scores, func(a, b Score) int {
		switch {
		case a.Logit > b.Logit:
			return -1
		case a.Logit < b.Logit:
			return 1
		}
		return 0
	})
	return scores
}

func probabilities(scores []Score, kind zoo.Scores) {
	if kind == zoo.Sigmoid {
		for i := range scores {
			scores[i].Probability = 1 / (1 + math.Exp(-scores[i].Logit))
		}
		return
	}
	top := math.Inf(-1)
	for _, s := range scores {
		top = max(top, s.Logit)
	}
	var total float64
	for i := range scores {
		scores[i].Probability = math.Exp(scores[i].Logit - top)
		total += scores[i].Probability
	}
	for i := range scores {
		scores[i].Probability /= total
	}
}

// Cosine is the dot product of two vectors of unit length, which must have as many values as each other.
func Cosine(a, b []float32) float64 {
	if len(a) != len(b) {
		panic(fmt.Sprintf("BUG: core: a vector of %d values cannot be compared with one of %d", len(a), len(b)))
	}
	var sum float64
	for i, x := range a {
		sum += float64(x) * float64(b[i])
	}
	return sum
}

// Logit turns a cosine into the model's logit.
func (m *Model) Logit(cosine float64) float64 { return cosine*m.zoo.LogitScale + m.zoo.LogitBias }

// SigmoidScores reports whether probabilities are independent of each other.
func (m *Model) SigmoidScores() bool { return m.zoo.Scores == zoo.Sigmoid }
