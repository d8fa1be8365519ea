package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/native/pictures"
	"github.com/spf13/cobra"
)

const (
	// batchSize is how many pictures or texts are computed together; larger batches are not faster.
	batchSize = 32
	// readAhead is how many decoded pictures may wait.
	readAhead = batchSize
	// batchPatience is how long a batch that is not full waits for the next picture.
	batchPatience = 30 * time.Millisecond
	// maxDecoders bounds the memory that large pictures take while they are decoded.
	maxDecoders = 8
)

// decoders is how many pictures are decoded at a time.
func decoders() int { return min(runtime.GOMAXPROCS(0), maxDecoders) }

// errNothing ends a command that named everything it could not find.
var errNothing = errors.New("no picture could be found")

// sources finds the pictures that the arguments name. With alone, nothing starts when none of them can be tried.
func (p *program) sources(c *cobra.Command, arguments []string, alone bool) ([]pictures.Source, error) {
	sources, err := pictures.Expand(arguments)
	if err != nil {
		return nil, usage(c, "%w", err)
	}
	if !alone || slices.ContainsFunc(sources, pictures.Source.Usable) {
		return sources, nil
	}
	for _, s := range sources {
		_, err := s.Read(c.Context())
		if err := p.fail(s.Name, err); err != nil {
			return nil, err
		}
	}
	return nil, errNothing
}

// vector is what a picture gave: an embedding, or the reason why there is none.
type vector struct {
	image  string
	values []float32
	err    error
}

// compute brings prepared pictures through the image tower.
type compute func(ctx context.Context, pictures []core.Pixels) ([][]float32, error)

// eachVector reads, prepares and computes pictures, in batches formed across all inputs, and hands each result to use,
// in order; flush comes after each batch. Decoding runs beside computing.
func (p *program) eachVector(ctx context.Context, m *core.Model, sources []pictures.Source, run compute, use func(vector) error, flush func() error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := pictures.Stream(ctx, sources, decoders(), readAhead, m.PrepareFile)
	err := pictures.Batches(results, batchSize, batchPatience, func(batch []pictures.Result[core.Pixels]) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		var pixels []core.Pixels
		for _, r := range batch {
			if r.Err == nil {
				pixels = append(pixels, r.Value)
			}
		}
		var vectors [][]float32
		if len(pixels) > 0 {
			var err error
			if vectors, err = run(ctx, pixels); err != nil {
				return err
			}
		}
		for _, r := range batch {
			v := vector{image: r.Source.Name, err: r.Err}
			if r.Err == nil {
				v.values, vectors = vectors[0], vectors[1:]
				v.err = finite(v.values)
			}
			if err := use(v); err != nil {
				return err
			}
			p.bar.add()
		}
		return flush()
	})
	if err == nil {
		err = ctx.Err()
	}
	return err
}

var errNotFinite = errors.New("the model gives values that are no numbers (NaN or infinite)")

func finite(values []float32) error {
	for _, v := range values {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return errNotFinite
		}
	}
	return nil
}

// truncation says that the model sees only the beginning of a text.
func truncation(text string, context int) string {
	return fmt.Sprintf("the text %q is longer than the model reads (%d ids): the rest is left out", beginning(text), context)
}

// beginning is as much of a text as a message has room for.
func beginning(text string) string {
	const shown = 40
	if runes := []rune(text); len(runes) > shown {
		return string(runes[:shown]) + "…"
	}
	return text
}
