package webgpu

import (
	"context"
	"fmt"
	"time"

	"github.com/goclip/goclip/kernels"
)

// Shapes of the products by which tiles are chosen: those of ViT-B/32 for one picture and for eight.
const (
	tunedWidth = 768
	fewRows    = 50
	eightfold  = 8 * fewRows
	tunedSteps = 8 // products of a program, so that the cost of a submission counts little
	tunedRuns  = 3 // of which the best one counts
)

// Tune measures every tile and takes the fastest for products of few and of many rows. It takes as long as compiling ten shaders
// and a few hundred products; what it finds may be kept for the next Open, with SetTiles. Programs that exist keep their tiles.
func (d *Device) Tune(ctx context.Context) (Tiles, error) {
	return d.tune(ctx, tunedWidth, fewRows, eightfold)
}

func (d *Device) tune(ctx context.Context, width, few, many int) (Tiles, error) {
	before := d.tiles
	best := before
	for _, class := range []struct {
		rows  int
		found *tile
	}{{few, &best.few}, {many, &best.many}} {
		fastest := time.Duration(0)
		for _, t := range d.fitting() {
			d.setTiles(chosenTiles{t, t})
			took, err := d.timeProducts(ctx, class.rows, width)
			if err != nil {
				d.setTiles(before)
				return before.names(), fmt.Errorf("tile %s: %w", t, err)
			}
			if fastest == 0 || took < fastest {
				fastest, *class.found = took, t
			}
		}
	}
	d.setTiles(best)
	return best.names(), nil
}

// timeProducts is the time of a program of products only, at best.
func (d *Device) timeProducts(ctx context.Context, rows, width int) (time.Duration, error) {
	w, err := d.Load(kernels.WeightSpec{Name: "tuning", Role: kernels.Matrix, Shape: kernels.Shape{width, width}, Values: make([]float32, width*width)})
	if err != nil {
		return 0, err
	}
	defer d.Unload(w)
	g := kernels.NewGraph()
	y := g.Floats(1, rows, width)
	for range tunedSteps {
		y = g.Linear(y, w)
	}
	p, err := kernels.Compile(d, g, g.Token(y, 0))
	if err != nil {
		return 0, err
	}
	defer p.Close()
	in, out := kernels.Inputs{Floats: [][]float32{make([]float32, rows*width)}}, [][]float32{make([]float32, width)}
	var best time.Duration
	for run := range 1 + tunedRuns {
		start := time.Now()
		if err := p.Run(ctx, in, out); err != nil {
			return 0, err
		}
		if took := time.Since(start); run == 1 || run > 1 && took < best { // the first run compiles
			best = took
		}
	}
	return best, nil
}

// Tiles are those that products take that are compiled from now on.
func (d *Device) Tiles() Tiles {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tiles.names()
}

// SetTiles takes tiles that Tune found for this adapter before, and reports whether it knows them.
func (d *Device) SetTiles(names Tiles) bool {
	var chosen chosenTiles
	known := 0
	for _, t := range d.fitting() {
		if t.String() == names.Few {
			chosen.few = t
			known++
		}
		if t.String() == names.Many {
			chosen.many = t
			known++
		}
	}
	if known == 2 {
		d.setTiles(chosen)
	}
	return known == 2
}

func (d *Device) setTiles(c chosenTiles) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tiles = c
}
