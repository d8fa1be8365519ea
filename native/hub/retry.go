package hub

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// patience is how long a client tries.
type patience struct {
	attempts int           // in a row without progress
	first    time.Duration // the pause after the first failure, doubled after each further one
	longest  time.Duration // what a server may ask to wait
	stall    time.Duration // without a byte: the connection is dead
}

var defaultPatience = patience{attempts: 5, first: time.Second, longest: 2 * time.Minute, stall: time.Minute}

// passing is a failure that may be gone at the next attempt.
type passing struct {
	error
	after time.Duration // the server's wish; 0: none
}

func (p *passing) Unwrap() error { return p.error }

// moved marks a failure after some progress: the attempts are counted anew.
type moved struct{ error }

func (m *moved) Unwrap() error { return m.error }

// retry tries until it works, fails for good, or the patience is at its end.
func (c *Client) retry(ctx context.Context, attempt func() error) error {
	for failures := 0; ; {
		err := attempt()
		var pass *passing
		if err == nil || !errors.As(err, &pass) {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var progress *moved
		if errors.As(err, &progress) {
			failures = 0
		}
		if failures++; failures >= c.patience.attempts {
			return fmt.Errorf("%w (after %d attempts)", err, failures)
		}
		pause := max(c.patience.first<<(failures-1), pass.after)
		if pass.after > c.patience.longest {
			return fmt.Errorf("%w, and asks to wait for %v", err, pass.after.Round(time.Second))
		}
		if c.Waiting != nil {
			c.Waiting(err, pause)
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
	}
}
