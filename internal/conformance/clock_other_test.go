//go:build !linux

package conformance_test

import "time"

var begun = time.Now()

// processorTime is the time that passes: an approximation, where nothing else runs.
func processorTime() time.Duration { return time.Since(begun) }
