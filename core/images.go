package core

import (
	"context"
	"errors"
	"fmt"

	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/kernels"
)

// imageRunner runs an image tower.
type imageRunner struct {
	runner
	tower tower.Image
	table []float32 // positions of a tower.Flexible, which are resized for every picture
}

// keeps takes a weight that stays with the host.
func (r *imageRunner) keeps(p tower.Param, values []float32) bool {
	flexible, ok := r.tower.(tower.Flexible)
	if !ok || p.Name != flexible.Table().Name {
		return false
	}
	r.table = append([]float32(nil), values...)
	return true
}

// run computes pictures in batches.
func (r *imageRunner) run(ctx context.Context, pictures []Pixels, hidden bool, done emit) error {
	t, err := r.fit(pictures)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return errClosed
	}
	if err := r.ready(ctx); err != nil {
		return err
	}
	record := func(g *kernels.Graph, items int) []tower.Output { return t.Record(g, r.weights, items, hidden) }
	length := 0
	if _, ok := t.(tower.Flexible); ok {
		length = t.Picture()[0]
	}
	limit, err := r.limit(length, hidden, record)
	if err != nil {
		return err
	}
	for len(pictures) > 0 {
		take, items := batch(len(pictures), limit)
		p, err := r.runner.run(ctx, key{items, length, hidden}, record, func(p *program) { r.fill(p, t, pictures[:take]) })
		if errors.Is(err, errSmaller) {
			limit = r.halve(length, hidden, items)
			continue
		}
		if err != nil {
			return err
		}
		done(p, take)
		pictures = pictures[take:]
	}
	return nil
}

// fit is the tower for these pictures, which all have the same number of values.
func (r *imageRunner) fit(pictures []Pixels) (tower.Image, error) {
	t := r.tower
	flexible, ok := t.(tower.Flexible)
	if ok && len(pictures) > 0 {
		t = flexible.Within(len(pictures[0].Values) / t.Picture().Width())
		if err := t.Check(); err != nil {
			return nil, fmt.Errorf("core: %w", err)
		}
	}
	shape := t.Picture()
	for i, p := range pictures {
		if len(p.Values) != shape.Elements() {
			return nil, fmt.Errorf("core: picture %d has %d values, want %v", i, len(p.Values), shape)
		}
		if ok && (p.Rows < 1 || p.Columns < 1 || p.Rows > shape[0]/p.Columns) {
			return nil, fmt.Errorf("core: picture %d has %d x %d patches, the input has %d", i, p.Rows, p.Columns, shape[0])
		}
	}
	return t, nil
}

// fill writes the pictures of a batch. Places without a picture keep what they held.
func (r *imageRunner) fill(p *program, t tower.Image, pictures []Pixels) {
	flexible, ok := t.(tower.Flexible)
	size, positions := t.Picture().Elements(), 0
	if ok {
		positions = t.Picture()[0] * flexible.Table().Shape.Width()
	}
	if p.in.Floats == nil {
		p.in.Floats = [][]float32{make([]float32, p.items*size)}
		if ok {
			p.in.Floats = append(p.in.Floats, make([]float32, p.items*positions))
			p.in.Ints = [][]int32{make([]int32, p.items)}
		}
	}
	for i, picture := range pictures {
		copy(p.in.Floats[0][i*size:], picture.Values)
		if ok {
			flexible.Positions(r.table, picture.Rows, picture.Columns, p.in.Floats[1][i*positions:(i+1)*positions])
			p.in.Ints[0][i] = int32(picture.Rows * picture.Columns)
		}
	}
}
