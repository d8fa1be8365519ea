package webgpu

import (
	"context"
	"fmt"
	"time"

	"github.com/goclip/goclip/kernels"
)

// work is what a dispatch has to do.
type work struct {
	operations float64 // floating-point operations of products
	least      float64 // bytes of what is read and written, each once
	moved      float64 // bytes that workgroups ask memory for, caches aside
}

// Profile is what a program costs.
type Profile struct {
	Dispatches  int   // of a Run, in one submission
	WeightBytes int64 // that the program reads, each weight once
	BufferBytes int64 // of values between steps and of inputs
	ResultBytes int64
	Kinds       []StepKind // in the order in which they first occur
}

// StepKind is all dispatches of a program that do the same.
type StepKind struct {
	Shader     string // its name and what was put into it
	Workgroups int    // of one dispatch
	Count      int
	Millis     float64 // of one dispatch
	Operations float64 // floating-point operations of products
	Least      float64 // bytes that one reads and writes, each once
	Moved      float64 // bytes that its workgroups ask memory for, caches aside
}

// Profile compiles a graph and times each kind of its steps alone, by dispatching it again and again in one submission: the library
// has no timestamps. Inputs are zeros.
func (d *Device) Profile(ctx context.Context, g *kernels.Graph, outputs ...kernels.Tensor) (Profile, error) {
	witness := &witness{Device: d}
	whole, err := kernels.Compile(witness, g, outputs...)
	if err != nil {
		return Profile{}, err
	}
	defer whole.Close()
	p := witness.program
	profile := Profile{Dispatches: len(p.steps), ResultBytes: int64(p.results.bytes)}
	for _, m := range p.buffers {
		profile.BufferBytes += int64(m.bytes)
	}
	seen := map[*memory]bool{}
	kinds := map[string]int{}
	for _, s := range p.steps {
		for _, m := range s.memories {
			if d.isWeight(m) && !seen[m] {
				seen[m] = true
				profile.WeightBytes += int64(m.bytes)
			}
		}
		key := fmt.Sprint(s.label(), s.grid, s.work)
		if i, ok := kinds[key]; ok {
			profile.Kinds[i].Count++
			continue
		}
		kinds[key] = len(profile.Kinds)
		took, err := p.timeStep(ctx, s)
		if err != nil {
			return Profile{}, err
		}
		profile.Kinds = append(profile.Kinds, StepKind{Shader: s.label(), Workgroups: int(s.grid[0] * s.grid[1]), Count: 1,
			Millis: 1e3 * took.Seconds(), Operations: s.work.operations, Least: s.work.least, Moved: s.work.moved})
	}
	return profile, nil
}

// witness is a device that shows the program that is compiled on it.
type witness struct {
	*Device
	program *program
}

func (w *witness) Begin(plan kernels.Plan) (kernels.Encoder, error) {
	e, err := w.Device.Begin(plan)
	if err == nil {
		w.program = e.(*program)
	}
	return e, err
}

func (d *Device) isWeight(m *memory) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, w := range d.weights {
		for _, of := range w.memories() {
			if of == m {
				return true
			}
		}
	}
	return false
}

// timeStep dispatches a step until that takes measuredTime.
func (p *program) timeStep(ctx context.Context, s *step) (time.Duration, error) {
	d := p.device
	d.mu.Lock()
	defer d.mu.Unlock()
	for times := 1; ; times *= 2 {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		again := &program{device: d, results: p.results}
		for range times {
			again.steps = append(again.steps, s)
		}
		start := time.Now()
		err := unharmed(func() error {
			if err := again.submit(); err != nil {
				return err
			}
			return again.download(nil)
		})
		if err != nil {
			return 0, d.explain("timing "+s.shader, err)
		}
		if took := time.Since(start); took >= measuredTime/4 {
			return took / time.Duration(times), nil
		}
	}
}
