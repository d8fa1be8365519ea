package webgpu

import (
	"context"
	"math"
	"time"

	"github.com/goclip/goclip/kernels"
)

// A round of the shader ceiling is 16 times four multiplications and additions.
const operationsPerRound = 2 * 4 * 16

// measuredTime is how long a measurement goes on: long enough to hide what a submission costs, and for the GPU to leave the clock
// at which it idles.
const measuredTime = 100 * time.Millisecond

// Ceiling measures what the GPU reaches at most: floating-point operations a second of multiplications with additions in registers,
// and bytes a second of copying memory.
func (d *Device) Ceiling(ctx context.Context) (operations, bandwidth float64, err error) {
	invocations, values := 1<<18, int(min(d.bindable()/4, 16<<20)) // more than any GPU's cache holds
	if d.info.Software {
		invocations, values = 1<<12, 1<<20
	}
	operations, err = d.rate(ctx, []int{invocations}, func(p *program, rounds int) float64 {
		grid, across := p.perValue(invocations)
		fields := params{}.counts(invocations, int(across), rounds, int(math.Float32bits(0.5)))
		p.stepInto("ceiling", grid, fields, p.buffers[0])
		return operationsPerRound * float64(invocations) * float64(rounds)
	})
	if err != nil {
		return 0, 0, err
	}
	dense := kernels.Ref{Item: values, Row: values, Shape: kernels.Shape{1, values}}
	bandwidth, err = d.rate(ctx, []int{values, values}, func(p *program, copies int) float64 {
		for i := range copies {
			from, to := dense, dense
			from.Index, to.Index = i%2, 1-i%2
			p.Map(to, from, kernels.Identity)
		}
		return 2 * 4 * float64(values) * float64(copies)
	})
	return operations, bandwidth, err
}

// rate doubles the amount of something until it takes measuredTime, and gives how much of it is done in a second.
func (d *Device) rate(ctx context.Context, buffers []int, record func(p *program, amount int) float64) (float64, error) {
	for amount := 1; ; amount *= 2 {
		e, err := d.Begin(kernels.Plan{Buffers: buffers})
		if err != nil {
			return 0, err
		}
		p := e.(*program)
		work := record(p, amount)
		took, err := p.timed(ctx, 2)
		if err != nil || took >= measuredTime {
			return work / took.Seconds(), err
		}
	}
}

// timed finishes a recording, runs it some times after a first one, and gives the best time.
func (p *program) timed(ctx context.Context, runs int) (time.Duration, error) {
	finished, err := p.Finish(nil, []kernels.Ref{{Shape: kernels.Shape{1, 1}, Row: 1, Item: 1}})
	if err != nil {
		return 0, err
	}
	defer finished.Close()
	var best time.Duration
	out := [][]float32{{0}}
	for run := range 1 + runs {
		start := time.Now()
		if err := finished.Run(ctx, kernels.Inputs{}, out); err != nil {
			return 0, err
		}
		if took := time.Since(start); run == 1 || run > 1 && took < best { // the first run compiles
			best = took
		}
	}
	return best, nil
}
