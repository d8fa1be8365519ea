//go:build js && wasm

package main

import (
	"syscall/js"
	"time"

	"github.com/goclip/goclip/core"
)

// classifier is a list of labels that a model embedded.
type classifier struct {
	clip   *clip
	scorer *core.Classifier
}

var classifiers = newObjects("classifier", map[string]method[*classifier]{
	"classify": (*classifier).classify,
}, func(*classifier) error { return nil })

// classifier embeds labels; templates are a list, one sentence, or a name that core.Templates knows.
func (c *clip) classifier(args []js.Value) (any, error) {
	labels, err := stringsOf("classifier", argument(args, 0))
	if err != nil {
		return nil, err
	}
	templates, err := readTemplates(argument(args, 1))
	if err != nil {
		return nil, err
	}
	if err := core.CheckLabels(labels); err != nil {
		return nil, &failure{codeArgument, err}
	}
	ctx, stop, err := signalOf(argument(args, 1), "classifier")
	if err != nil {
		return nil, err
	}
	defer stop()
	start := time.Now()
	scorer, err := c.model.Classifier(ctx, labels, templates)
	if err != nil {
		return nil, err
	}
	c.spent.text += time.Since(start)
	c.spent.texts += len(labels) * max(1, len(templates))
	object := classifiers.wrap(&classifier{c, scorer})
	object.Set("embeddings", arrays(scorer.Embeddings()))
	truncated := []any{}
	for _, label := range scorer.Truncated() {
		truncated = append(truncated, label)
	}
	object.Set("truncated", truncated)
	return object, nil
}

func readTemplates(options js.Value) ([]string, error) {
	v, err := option(options, "classifier", "templates")
	if err != nil || !given(v) {
		return nil, err
	}
	if v.Type() != js.TypeString {
		return stringsOf("classifier: templates", v)
	}
	if templates, err := core.ParseTemplates([]byte(v.String())); err == nil {
		return templates, nil
	}
	templates, err := core.Templates(v.String())
	if err != nil {
		return nil, &failure{codeArgument, err}
	}
	return templates, nil
}

// classify ranks the labels for one picture, the most probable first; top keeps so many.
func (c *classifier) classify(args []js.Value) (any, error) {
	limit, err := option(argument(args, 1), "classify", "top")
	if err != nil {
		return nil, err
	}
	ctx, stop, err := signalOf(argument(args, 1), "classify")
	if err != nil {
		return nil, err
	}
	defer stop()
	vectors, err := c.clip.images(ctx, []js.Value{argument(args, 0)})
	if err != nil {
		return nil, err
	}
	scores := c.scorer.Scores(vectors[0])
	if given(limit) {
		n, ok := whole(limit)
		if !ok || n < 1 {
			return nil, failuref(codeArgument, "classify: top must be a whole number from 1")
		}
		scores = scores[:min(n, len(scores))]
	}
	list := make([]any, len(scores))
	for i, s := range scores {
		list[i] = map[string]any{"label": s.Label, "probability": s.Probability, "logit": s.Logit}
	}
	return list, nil
}
