package simd

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// step is one op of a program, cut into units that may run at the same time on different workers.
type step struct {
	units int
	run   func(worker, unit int)
}

// cores bounds the workers of all programs of all devices together: two models at once share the machine instead of
// fighting for it. A Run waits for one core and takes more only if they are idle.
var cores = make(chan struct{}, runtime.GOMAXPROCS(0))

// helpers are goroutines that join Runs. They park between Runs and serve all devices.
var helpers = struct {
	wake  chan *crew
	mu    sync.Mutex
	count int
}{wake: make(chan *crew, cap(cores))}

// crew is the workers of one program during a Run. The goroutine that calls run is worker 0.
//
// All that the workers agree on is a ticket: the number of the step in its upper half, of the next unit in its lower one.
// Adding 1 draws a unit. Who finishes the last unit of a step moves the ticket to the next one, so that nobody waits for
// a worker that the operating system keeps from running, unless it holds a unit.
type crew struct {
	steps []step
	ctx   context.Context

	ticket atomic.Uint64
	_      [56]byte     // the ticket and the count change at different times: not in one cache line
	done   atomic.Int64 // units of the step that are finished
	_      [56]byte
	// entry counts the helpers that are inside, in units of joined those that have come in, in units of places how many
	// may; open tells whether the Run still goes on. A helper that wakes too late reads nothing else.
	entry atomic.Int64
	ended atomic.Bool // ctx ended before the last unit
}

const (
	joined = 1 << 16
	places = 1 << 32
	open   = 1 << 48
)

// run computes all steps with up to threads workers. It reports whether it came to the end.
func (c *crew) run(ctx context.Context, threads int) error {
	select {
	case cores <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	held := 1
	for more := true; more && held < threads; {
		select {
		case cores <- struct{}{}:
			held++
		default:
			more = false
		}
	}
	c.ctx = ctx
	c.ended.Store(false)
	c.done.Store(0)
	c.ticket.Store(0)
	c.entry.Store(open + int64(held-1)*places)
	if held > 1 {
		call(c, held-1)
	}
	c.work(0)
	c.close()
	c.ctx = nil
	for range held {
		<-cores
	}
	if c.ended.Load() {
		return ctx.Err()
	}
	return nil
}

// call wakes helpers, and starts those that no Run has needed before.
func call(c *crew, count int) {
	helpers.mu.Lock()
	for ; helpers.count < count; helpers.count++ {
		go func() {
			for c := range helpers.wake {
				c.join()
			}
		}()
	}
	helpers.mu.Unlock()
	for range count {
		select {
		case helpers.wake <- c:
		default: // all helpers are at work: this Run does with fewer
		}
	}
}

// join lets a helper work, unless it comes too late.
func (c *crew) join() {
	for {
		e := c.entry.Load()
		number := e % places / joined
		if e < open || number >= e%open/places {
			return
		}
		if c.entry.CompareAndSwap(e, e+joined+1) {
			c.work(int(number) + 1)
			c.entry.Add(-1)
			return
		}
	}
}

// close lets nobody in any more and waits for those inside.
func (c *crew) close() {
	c.entry.Add(-open)
	for spins := 0; c.entry.Load()%joined != 0; spins++ {
		wait(spins)
	}
}

// work takes units until the last step is done.
func (c *crew) work(worker int) {
	for spins := 0; ; {
		t := c.ticket.Load()
		if t>>32 >= uint64(len(c.steps)) {
			return
		}
		if uint32(t) >= uint32(c.steps[t>>32].units) {
			wait(spins)
			spins++
			continue
		}
		// The step may have changed since: what counts is the ticket drawn.
		t = c.ticket.Add(1) - 1
		if t>>32 >= uint64(len(c.steps)) {
			return
		}
		s := &c.steps[t>>32]
		if uint32(t) >= uint32(s.units) {
			continue
		}
		if c.ctx.Err() != nil {
			c.ended.Store(true)
			c.ticket.Store(uint64(len(c.steps)) << 32)
			return
		}
		s.run(worker, int(uint32(t)))
		if c.done.Add(1) == int64(s.units) {
			c.done.Store(0)
			c.ticket.Store((t>>32 + 1) << 32)
		}
		spins = 0
	}
}

// spinning is how often a worker asks again before it lets other goroutines run: a few microseconds, as a step takes.
const spinning = 200

func wait(spins int) {
	if spins < spinning {
		pause()
	} else {
		runtime.Gosched()
	}
}
