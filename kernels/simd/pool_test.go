package simd

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Every unit of every step runs once, and no step begins before the one in front of it has ended.
func TestCrew(t *testing.T) {
	const rounds = 200
	for _, threads := range []int{1, 2, 5} {
		var c crew
		var finished [6]atomic.Int64
		for s, units := range []int{1, 7, 100, 1, 3, 50} {
			c.steps = append(c.steps, step{units, func(worker, unit int) {
				if worker < 0 || worker >= threads || unit < 0 || unit >= units {
					t.Errorf("step %d: worker %d of %d has unit %d of %d", s, worker, threads, unit, units)
				}
				if s > 0 && finished[s-1].Load() != int64(c.steps[s-1].units) {
					t.Errorf("step %d begins after %d units of the one in front of it", s, finished[s-1].Load())
				}
				finished[s].Add(1)
			}})
		}
		for range rounds {
			for s := range finished {
				finished[s].Store(0)
			}
			if err := c.run(context.Background(), threads); err != nil {
				t.Fatal(err)
			}
			for s := range finished {
				if n := finished[s].Load(); n != int64(c.steps[s].units) {
					t.Fatalf("%d threads: step %d ran %d of %d units", threads, s, n, c.steps[s].units)
				}
			}
		}
	}
}

// Several programs at once never have more workers together than there are cores, and all come to their end.
func TestCrewsShareTheCores(t *testing.T) {
	var working, most atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			c := crew{steps: []step{{40, func(_, _ int) {
				n := working.Add(1)
				for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
				}
				time.Sleep(50 * time.Microsecond)
				working.Add(-1)
			}}}}
			for range 5 {
				if err := c.run(context.Background(), cap(cores)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if n := most.Load(); n > int64(cap(cores)) {
		t.Errorf("%d workers at once on %d cores", n, cap(cores))
	}
	if n := len(cores); n != 0 {
		t.Errorf("%d cores are still taken", n)
	}
}

// A Run ends soon after its context, in the middle of a step, and the same program runs again.
func TestCrewStops(t *testing.T) {
	for _, threads := range []int{1, 5} {
		var ran atomic.Int64
		ctx, cancel := context.WithCancel(context.Background())
		c := crew{steps: []step{{1000, func(_, unit int) {
			ran.Add(1)
			if unit == 10 {
				cancel()
			}
		}}, {1, func(_, _ int) { ran.Add(1000) }}}}
		if err := c.run(ctx, threads); !errors.Is(err, context.Canceled) {
			t.Errorf("%d threads: %v, want %v", threads, err, context.Canceled)
		}
		if n := ran.Load(); n < 11 || n > int64(11+threads) {
			t.Errorf("%d threads: %d units ran, want 11 and what was under way", threads, n)
		}
		ran.Store(0)
		if err := c.run(context.Background(), threads); err != nil || ran.Load() != 2000 {
			t.Errorf("%d threads: the next Run gives %v after %d units", threads, err, ran.Load())
		}
	}
}

// A Run whose context ends while others have all the cores does not wait for them.
func TestCrewStopsWaiting(t *testing.T) {
	for range cap(cores) {
		cores <- struct{}{}
	}
	defer func() {
		for range cap(cores) {
			<-cores
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	c := crew{steps: []step{{1, func(_, _ int) { t.Error("a step runs without a core") }}}}
	if err := c.run(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want %v", err, context.DeadlineExceeded)
	}
}
