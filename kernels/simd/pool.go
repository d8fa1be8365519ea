package simd

import (
	"context"
	"sync"
	"sync/atomic"
)

// step is one op of a program, cut into units that may run at the same time on different workers.
type step struct {
	units int
	run   func(worker, unit int)
	// light steps cost less than waking a worker.
	light bool
}

// pool is a fixed set of workers that share the units of a step. The goroutine that calls run is worker 0.
type pool struct {
	threads int
	wake    chan struct{}
	once    sync.Once

	// The step in progress.
	ctx  context.Context
	step *step
	next atomic.Int64
	busy sync.WaitGroup
}

func newPool(threads int) *pool {
	p := &pool{threads: threads, wake: make(chan struct{})}
	for worker := 1; worker < threads; worker++ {
		go func() {
			for range p.wake {
				p.take(worker)
				p.busy.Done()
			}
		}()
	}
	return p
}

// do runs all units of a step, or stops early when ctx ends.
func (p *pool) do(ctx context.Context, s *step) {
	p.ctx, p.step = ctx, s
	p.next.Store(0)
	if !s.light {
		for range min(p.threads, s.units) - 1 {
			p.busy.Add(1)
			p.wake <- struct{}{}
		}
	}
	p.take(0)
	p.busy.Wait()
}

// take runs units until none is left.
func (p *pool) take(worker int) {
	for {
		unit := int(p.next.Add(1)) - 1
		if unit >= p.step.units || p.ctx.Err() != nil {
			return
		}
		p.step.run(worker, unit)
	}
}

func (p *pool) close() { p.once.Do(func() { close(p.wake) }) }
