package conformance_test

import (
	"time"

	"golang.org/x/sys/unix"
)

// processorTime is how long the calling thread has had a processor.
func processorTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic(err)
	}
	return time.Duration(t.Nano())
}
