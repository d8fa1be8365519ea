package webgpu

import (
	"context"
	"errors"
	"fmt"
	"math"
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

	checkedWidth = 68 // of products that only show whether a tile computes right: more than one tile of 64, and enough for int8
)

// Tune measures every tile and takes the fastest for products of few and of many rows. It takes as long as compiling ten shaders
// and a few hundred products; what it finds may be kept for the next Open, with SetTiles. A tile whose shader fails, or computes
// something else, is left out. Programs that exist keep their tiles.
func (d *Device) Tune(ctx context.Context) (Tiles, error) {
	return d.tune(ctx, tunedWidth, fewRows, eightfold)
}

func (d *Device) tune(ctx context.Context, width, few, many int) (Tiles, error) {
	before := d.present()
	best := before
	for _, class := range []struct {
		rows  int
		found *tile
	}{{few, &best.few}, {many, &best.many}} {
		t, err := fastest(d.fitting(), func(t tile) (time.Duration, error) {
			d.setTiles(chosenTiles{t, t})
			took, err := d.timeProducts(ctx, class.rows, width)
			if ctx.Err() != nil || errors.Is(err, kernels.ErrDeviceLost) {
				return 0, err
			}
			if err != nil {
				return math.MaxInt64, nil
			}
			return took, nil
		})
		if err != nil {
			d.setTiles(before)
			return before.names(), fmt.Errorf("webgpu: tuning: %w", err)
		}
		*class.found = t
	}
	d.setTiles(best)
	return best.names(), nil
}

// fastest is the tile that takes least, of the first ones if several do.
func fastest(list []tile, measure func(tile) (time.Duration, error)) (tile, error) {
	var best tile
	least := time.Duration(math.MaxInt64)
	for _, t := range list {
		took, err := measure(t)
		if err != nil {
			return best, err
		}
		if took < least {
			least, best = took, t
		}
	}
	if least == math.MaxInt64 {
		return best, fmt.Errorf("%w: no tile computes right", ErrSelfTest)
	}
	return best, nil
}

// timeProducts is the time of a program of products only, at best. The matrix moves every value one place on, so that what comes
// out is known exactly in every precision; the error says if it is something else.
func (d *Device) timeProducts(ctx context.Context, rows, width int) (time.Duration, error) {
	values := make([]float32, width*width)
	for o := range width {
		values[o*width+(o+1)%width] = 1
	}
	w, err := d.Load(kernels.WeightSpec{Name: "tuning", Role: kernels.Matrix, Shape: kernels.Shape{width, width}, Values: values})
	if err != nil {
		return 0, err
	}
	defer d.Unload(w)
	g := kernels.NewGraph()
	y := g.Floats(1, rows, width)
	for range tunedSteps {
		y = g.Linear(y, w)
	}
	p, err := kernels.Compile(d, g, y)
	if err != nil {
		return 0, err
	}
	defer p.Close()
	in, out := kernels.Inputs{Floats: [][]float32{make([]float32, rows*width)}}, [][]float32{make([]float32, rows*width)}
	x := in.Floats[0]
	for i := range x {
		x[i] = float32(i*7%251 - 125)
		if i%width == 0 {
			x[i] = 127 // the largest of its row, so that int8 holds them all
		}
	}
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
	for i, v := range out[0] {
		row, at := i/width, i%width
		if want := x[row*width+(at+tunedSteps)%width]; !(math.Abs(float64(v-want)) < 1e-3) { // also for NaN
			return 0, fmt.Errorf("%w: value %d of row %d is %v, want %v", ErrSelfTest, at, row, v, want)
		}
	}
	return best, nil
}

// Tiles are those that products take that are compiled from now on.
func (d *Device) Tiles() Tiles { return d.present().names() }

// SetTiles takes tiles that Tune found for this adapter before, and reports whether it knows them and they compute right.
func (d *Device) SetTiles(ctx context.Context, names Tiles) bool {
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
	if known != 2 {
		return false
	}
	before := d.present()
	d.setTiles(chosen)
	for _, rows := range []int{fewRows, manyRows + 1} {
		if _, err := d.timeProducts(ctx, rows, checkedWidth); err != nil {
			d.setTiles(before)
			return false
		}
	}
	return true
}

func (d *Device) present() chosenTiles {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tiles
}

func (d *Device) setTiles(c chosenTiles) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tiles = c
}
