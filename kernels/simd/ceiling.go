package simd

import (
	"context"
	"time"

	"github.com/goclip/goclip/kernels"
)

// ceilingTime is how long one measurement of a ceiling takes: long enough for the clock and for the threads to meet, short
// enough to fall between two interruptions by other programs.
const ceilingTime = 2 * time.Millisecond

// Ceiling measures how many operations a second the device's level does in a precision on so many threads when they wait for
// nothing: multiplications and additions on registers. What a tower reaches is a share of that. The best of tries
// counts, since other programs only ever make it slower.
func (d *Device) Ceiling(p kernels.Precision, threads, tries int) float64 {
	threads = max(1, min(threads, d.threads))
	f := &d.level.forms[p]
	rounds := 1000
	best := 0.0
	for tries > 0 {
		took := d.time(threads, func(int) { f.ceiling(rounds) })
		if took < ceilingTime/2 {
			rounds *= 2
			continue
		}
		best = max(best, float64(threads*rounds*f.operations)/took.Seconds())
		tries--
	}
	return best
}

// streamed is how many values Bandwidth reads: 256 MB, more than caches hold.
const streamed = 64 << 20

// Bandwidth measures how many bytes of packed weights a second come from memory into products of a single row on so many
// threads: what bounds a tower whose weights are used once. The best of tries counts.
func (d *Device) Bandwidth(threads, tries int) float64 {
	threads = max(1, min(threads, d.threads))
	l := d.level
	part := l.columns * blockDepth
	weights, row := aligned(streamed), aligned(blockDepth)
	for i := range weights {
		weights[i] = 1 // untouched memory would be the same page everywhere
	}
	parts := streamed / part / threads
	sums := make([][]float32, threads)
	for i := range sums {
		sums[i] = aligned(l.columns)
	}
	best := 0.0
	for range tries {
		took := d.time(threads, func(worker int) {
			for i := range parts {
				from := &weights[(worker*parts+i)*part]
				next := &weights[min((worker*parts+i+1)*part, streamed-1)]
				l.gemm[1](&row[0], from, &sums[worker][0], nil, nil, next, blockDepth/depth, 0, l.columns, 0, l.columns, 1, 1, 1)
			}
		})
		best = max(best, float64(4*threads*parts*part)/took.Seconds())
	}
	return best
}

// time runs a function once on each of so many threads.
func (d *Device) time(threads int, run func(unit int)) time.Duration {
	c := crew{steps: []step{{threads, func(_, unit int) { run(unit) }}}}
	d.running.Lock()
	defer d.running.Unlock()
	start := time.Now()
	c.run(context.Background(), threads)
	return time.Since(start)
}

// Exercise does what Ceiling does in the device's precision, on the calling goroutine and for about so long, and returns the number of operations: for
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
