//go:build js && wasm

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall/js"
	"time"
)

// What load's option cache says: keep files from the network where the browser has room, keep them or fail, or neither
// keep nor use any.
const (
	cacheAuto   = "auto"
	cacheAlways = "true"
	cacheNever  = "false"
)

// silence is how long a server may send nothing before the connection counts as lost, unless load is told otherwise.
const silence = 60 * time.Second

// spare is how much room is left to the page, in bytes, when files are kept.
const spare = 16 << 20

// readNetwork checks the options that say how files come.
func (o *options) readNetwork(v js.Value) error {
	cache := v.Get("cache")
	switch {
	case !given(cache):
	case cache.Type() == js.TypeBoolean && cache.Bool():
		o.cache = cacheAlways
	case cache.Type() == js.TypeBoolean:
		o.cache = cacheNever
	case text(cache, "") != cacheAuto:
		return failuref(codeArgument, `load: cache must be "auto", true or false`)
	}
	if timeout := v.Get("timeout"); given(timeout) {
		ms, ok := whole(timeout)
		if !ok || ms < 1 {
			return failuref(codeArgument, "load: timeout must be a whole number of milliseconds")
		}
		o.silence = time.Duration(ms) * time.Millisecond
	}
	return nil
}

// openStore is nil where nothing shall be kept, or nothing can be and need not.
func (o *options) openStore() (*store, error) {
	if o.cache == cacheNever {
		return nil, nil
	}
	s, err := openStore()
	if o.cache != cacheAlways {
		return s, nil
	}
	if s == nil && err == nil {
		err = errors.New("only secure pages (https or localhost) of a browser have a cache")
	}
	if err != nil {
		return nil, failuref(codeUnsupported, "load: cache: %w", err)
	}
	return s, nil
}

// ask requests a file: of a checkpoint its first chunk, or a byte if there is something to compare the answer with.
func (d *download) ask(known *record, small bool) (js.Value, error) {
	r := request{url: d.url, signal: d.options.signal, silence: d.options.silence}
	if small || d.whole {
		return r.send()
	}
	if known != nil && known.size > 0 {
		part := r
		part.part = "bytes=0-0"
		response, err := part.send()
		if err != nil || response.Get("status").Int() != 206 || known.version == versionOf(response, sizeOf(response)) {
			return response, err
		}
		cancel(response)
	}
	part := r
	part.part = fmt.Sprintf("bytes=0-%d", chunkBytes-1)
	response, err := part.send()
	if err == nil && (response.Get("status").Int() != 206 || sizeOf(response) >= 0) ||
		errors.Is(err, fs.ErrNotExist) || errors.Is(err, context.Canceled) {
		return response, err
	}
	// An empty file has no first chunk, another origin may allow no Range or hide the size.
	if err == nil {
		cancel(response)
	}
	return r.send()
}

// accept begins a download with the server's answer.
func (d *download) accept(response js.Value, known *record, small bool) error {
	size := sizeOf(response)
	d.version = versionOf(response, size)
	if d.version == "" {
		d.store = nil // nobody could tell whether what was kept is still the same
	}
	at := address(d.url)
	if d.store != nil && known != nil && known.version == d.version && !known.missing {
		d.size = known.size
		cancel(response)
		return nil
	}
	if response.Get("status").Int() == 206 {
		d.stream = newStream(response, 0, min(size, chunkBytes), 0)
	} else {
		d.stream, d.whole = newStream(response, 0, -1, 0), true
	}
	if !small {
		d.size = size // that of a small file may be its size with compression, and is found by reading it
	}
	if d.store == nil {
		return nil
	}
	if known != nil {
		if err := d.store.forget(func(kept string) bool { return kept == at }); err != nil {
			return err
		}
	}
	if free := room(); free >= 0 && size > free-spare {
		if d.options.cache == cacheAlways {
			d.hangUp()
			return failuref(codeQuota, "%s has %d bytes, but the browser stores only %d more for this page: free some (cache.clear), "+
				"or load without keeping it (cache: \"auto\")", d.name, size, max(0, free-spare))
		}
		d.store = nil
		return nil
	}
	if d.size < 0 {
		return nil // readAll will know it
	}
	return d.note()
}

// note writes the record of a file whose size is known.
func (d *download) note() error {
	err := d.store.note(address(d.url), record{version: d.version, size: d.size})
	if err != nil && d.options.cache == cacheAlways {
		return failuref(codeQuota, "the browser does not store %s: %w", d.name, err)
	}
	if err != nil {
		d.store = nil
	}
	return nil
}
