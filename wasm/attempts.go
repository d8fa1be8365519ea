//go:build js && wasm

package main

import (
	"context"
	"errors"
	"io/fs"
	"time"
)

const (
	// attempts is how often a part of a file is asked for that does not come, with pauses of 0.25 s, 0.5 s, ... between.
	attempts   = 6
	firstPause = 250 * time.Millisecond
	// enough is how many bytes make an attempt a success.
	enough = 1 << 20
)

// advanced is an error before which some of the file came.
type advanced struct{ error }

func (a *advanced) Unwrap() error { return a.error }

// again tries something until it works, or the connection stays lost.
func (d *download) again(attempt func() error) error {
	failures := 0
	for {
		err := attempt()
		if err == nil {
			return nil
		}
		d.hangUp()
		err = d.because(err)
		if !errors.Is(err, errLost) {
			return err
		}
		if failures++; errors.As(err, new(*advanced)) {
			failures = 1
		}
		if failures == attempts {
			return err
		}
		if err := d.pause(firstPause << (failures - 1)); err != nil {
			return err
		}
	}
}

// because says which address an error is about, once, and tells an abort from a lost connection.
func (d *download) because(err error) error {
	var f *failure
	if errors.As(err, &f) || errors.Is(err, context.Canceled) || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return broken(d.url, d.options.signal, err)
}

// pause waits, and hears the caller's signal.
func (d *download) pause(length time.Duration) error {
	for end := time.Now().Add(length); time.Now().Before(end); time.Sleep(min(50*time.Millisecond, time.Until(end))) {
		if s := d.options.signal; given(s) && s.Get("aborted").Bool() {
			return context.Canceled
		}
	}
	return nil
}
