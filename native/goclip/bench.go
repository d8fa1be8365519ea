package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goclip/goclip/core/preprocess"
	"github.com/goclip/goclip/core/tower"
	"github.com/spf13/cobra"
)

// benching are the flags of bench.
type benching struct {
	*program
	arch   string
	batch  []int
	tower  string
	stages bool
	ops    bool

	gpuCeiling float64 // GFLOP/s of a GPU's arithmetic; 0 if another device is measured
}

// benchRow is one measurement in JSON.
type benchRow struct {
	Model   string  `json:"model"`
	Device  string  `json:"device,omitempty"`
	Tower   string  `json:"tower,omitempty"`
	Stage   string  `json:"stage,omitempty"`
	Batch   int     `json:"batch"`
	Millis  float64 `json:"ms"` // of one batch, the median
	Best    float64 `json:"best_ms"`
	PerSec  float64 `json:"items_per_s"`
	GFLOPPS float64 `json:"gflop_per_s,omitempty"`
	Ceiling float64 `json:"ceiling_gflop_per_s,omitempty"` // what the device's arithmetic does at most on its threads
	Share   float64 `json:"ceiling_share,omitempty"`       // that GFLOPPS is of it
	Threads int     `json:"threads,omitempty"`
	Memory  int64   `json:"memory_bytes,omitempty"` // that the tower needs at most
}

// towerNames are what --tower takes.
var towerNames = []string{"image", "text", "both"}

// largestBench bounds --batch.
const largestBench = 1024

func benchCommand(p *program) *cobra.Command {
	o := &benching{program: p}
	c := &cobra.Command{
		Use:   "bench",
		Short: "Measure how fast towers compute",
		Long: `bench runs the towers of a model, or of an architecture with --arch, with random weights and
inputs, and prints a row for each tower and batch: milliseconds (the median of several
runs), items a second, GFLOP/s of the products, and the share of the ceiling: of what the CPU's
arithmetic does in that precision at best when it waits for nothing, measured before and after
each run. Before that it prints the machine's ceilings, and how fast weights come from memory.
Speed does not depend on the weights' values, so that -m needs a configuration only.
Texts are as long as the context. --arch takes any architecture and any model that goclip models
lists.

--stages measures decoding and resizing a picture of 12 megapixels beside the image tower.

On a GPU (--device gpu) the ceiling is that of a shader which only multiplies and adds, and --ops
shows the steps of a tower: how often each kind occurs, how long one takes when it runs alone, the
bytes that it must read and write, and those that its workgroups ask memory for, caches aside.`,
		Example: `  goclip bench
  goclip bench --arch ViT-B/32 --batch 1,8,32 --tower image
  goclip bench --arch ViT-L/14 --stages --json`,
		GroupID: modelGroup,
		Args:    cobra.NoArgs,
		RunE:    o.run,
	}
	f := c.Flags()
	f.StringVar(&o.arch, "arch", "", "`NAME` of an architecture, or of a released model with it, instead of a model")
	f.IntSliceVar(&o.batch, "batch", []int{1, 8, 32}, "sizes `N,M,…` of batches")
	f.StringVar(&o.tower, "tower", "both", "`TOWER` to measure: "+strings.Join(towerNames, ", "))
	f.BoolVar(&o.ops, "ops", false, "show the steps of the towers on a GPU")
	f.BoolVar(&o.stages, "stages", false, "measure decoding, resizing and the tower apart")
	complete(c, "arch", architectureNames())
	complete(c, "tower", towerNames)
	return c
}

// shape are the towers to be measured.
type shape struct {
	name    string
	image   tower.Image
	text    tower.Language
	prepare preprocess.Config
}

func (o *benching) run(c *cobra.Command, _ []string) error {
	if err := oneOf(c, "tower", o.tower, towerNames); err != nil {
		return err
	}
	for _, n := range o.batch {
		if n < 1 || n > largestBench {
			return usage(c, "--batch has %d, want 1 to %d", n, largestBench)
		}
	}
	s, err := o.shape(c)
	if err != nil {
		return err
	}
	switch {
	case o.tower == "text" && s.text == nil:
		return fmt.Errorf("%s has no text tower", s.name)
	case o.tower == "image" && s.image == nil, o.stages && s.image == nil:
		return fmt.Errorf("%s has no image tower", s.name)
	case o.stages && o.tower == "text":
		return usage(c, "--stages are those of pictures: --tower text has none")
	}
	list, err := o.benches(s)
	if err != nil {
		return err
	}
	device, err := o.openDevice(c.Context())
	if err != nil {
		return err
	}
	defer device.Close()
	if !o.json {
		fmt.Fprintf(o.out, "%s on %s\n%s", s.name, device.Name(), ceilings(device))
	}
	if err := o.measureGPU(c.Context(), device); err != nil {
		return err
	}
	if o.ops {
		return o.eachOps(c.Context(), device, list)
	}
	if !o.json {
		fmt.Fprintf(o.out, "%-8s %6s %10s %10s %9s %8s\n", "tower", "batch", "ms", "items/s", "GFLOP/s", "ceiling")
	}
	ctx := c.Context()
	if o.stages {
		if err := o.benchStages(ctx, s); err != nil {
			return err
		}
	}
	for _, b := range list {
		if err := o.benchTower(ctx, device, b); err != nil {
			return err
		}
	}
	return nil
}

// benches are the towers to be measured, one after the other. Each must fit into memory alone, with the largest batch.
func (o *benching) benches(s shape) ([]benched, error) {
	var list []benched
	if o.tower != "text" && s.image != nil {
		list = append(list, imageBench(s))
	}
	if o.tower != "image" && s.text != nil && !o.stages {
		list = append(list, textBench(s))
	}
	for _, b := range list {
		n, err := b.need(slices.Max(o.batch))
		if err == nil {
			err = o.room(n, "take smaller batches, or a single --tower")
		}
		if err != nil {
			return nil, fmt.Errorf("%s, %s tower: %w", s.name, b.name, err)
		}
	}
	return list, nil
}

// shape finds what is measured: an architecture by name, or what a model's configuration says.
func (o *benching) shape(c *cobra.Command) (shape, error) {
	if o.arch != "" {
		if c.Flags().Changed("model") {
			return shape{}, usage(c, "--arch and --model exclude each other")
		}
		return architecture(o.arch)
	}
	l, err := o.locate()
	if err != nil {
		return shape{}, err
	}
	config, err := readConfig(l)
	if err != nil {
		return shape{}, fmt.Errorf("%s: %w", o.model, err)
	}
	s := shape{name: o.model, image: config.Image, text: config.Text}
	if s.image != nil {
		s.prepare = preprocess.OpenAI(s.image.Picture()[0])
	}
	return s, nil
}

func (o *benching) show(r benchRow) error {
	var err error
	switch {
	case o.json:
		err = o.emit(r)
	case r.GFLOPPS == 0:
		_, err = fmt.Fprintf(o.out, "%-8s %6d %10.3f %10.1f\n", r.Tower+r.Stage, r.Batch, r.Millis, r.PerSec)
	case r.Ceiling == 0:
		_, err = fmt.Fprintf(o.out, "%-8s %6d %10.3f %10.1f %9.1f\n", r.Tower+r.Stage, r.Batch, r.Millis, r.PerSec, r.GFLOPPS)
	default:
		_, err = fmt.Fprintf(o.out, "%-8s %6d %10.3f %10.1f %9.1f %6.1f %%\n", r.Tower+r.Stage, r.Batch, r.Millis, r.PerSec, r.GFLOPPS, 100*r.Share)
	}
	if err != nil {
		return err
	}
	return o.out.Flush()
}

// Each figure is the median of at least leastRuns runs, and of as many as fit into benchTime.
const (
	leastRuns = 3
	benchTime = time.Second
)

// timing is how long a function takes: in the middle, and at best.
type timing struct{ median, best time.Duration }

// repeat measures a function that has run once before. between is called before the first measured run and after each.
func repeat(ctx context.Context, run func() error, between func()) (timing, error) {
	if err := run(); err != nil {
		return timing{}, err
	}
	between()
	var times []time.Duration
	for start := time.Now(); len(times) < leastRuns || time.Since(start) < benchTime; {
		if err := ctx.Err(); err != nil {
			return timing{}, err
		}
		began := time.Now()
		if err := run(); err != nil {
			return timing{}, err
		}
		times = append(times, time.Since(began))
		between()
	}
	slices.Sort(times)
	return timing{times[len(times)/2], times[0]}, nil
}
