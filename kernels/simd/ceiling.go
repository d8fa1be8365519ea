package simd

import (
	"context"
	"time"
)

// ceilingTime is how long one measurement of a ceiling takes: long enough for the clock and for the threads to meet, short
// enough to fall between two interruptions by other programs.
const ceilingTime = 2 * time.Millisecond

// Ceiling measures how many operations a second the device's level does in its precision on so many threads when they wait for
// nothing: multiplications and additions on registers. What a tower reaches is a share of that. The best of tries
// counts, since other programs only ever make it slower.
func (d *Device) Ceiling(threads, tries int) float64 {
	threads = max(1, min(threads, d.threads))
	f := &d.level.forms[d.precision]
	rounds := 1000
	best := 0.0
	for tries > 0 {
		c := crew{steps: []step{{threads, func(_, _ int) { f.ceiling(rounds) }}}}
		d.running.Lock()
		start := time.Now()
		c.run(context.Background(), threads)
		took := time.Since(start)
		d.running.Unlock()
		if took < ceilingTime/2 {
			rounds *= 2
			continue
		}
		best = max(best, float64(threads*rounds*f.operations)/took.Seconds())
		tries--
	}
	return best
}

// Exercise does what Ceiling does, on the calling goroutine and for about so long, and returns the number of operations: for
// those who keep the time in another way.
func (d *Device) Exercise(about time.Duration) float64 {
	const rounds = 1000
	f := &d.level.forms[d.precision]
	done := 0.0
	for start := time.Now(); time.Since(start) < about; {
		f.ceiling(rounds)
		done += float64(rounds * f.operations)
	}
	return done
}
