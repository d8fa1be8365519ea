//go:build js && wasm

package main

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"syscall/js"
	"time"
)

const (
	// chunkBytes is how much of a file is kept under one key, and how much of it is in the program's memory at a time.
	chunkBytes = 4 << 20
	// longestRun is how many chunks are asked for at once, after twice as many in each request that was read to its end:
	// reading on costs few requests, turning elsewhere wastes little. From a server that is faster than goclip takes the bytes
	// it is shortRun: Chromium goes on receiving, and the rest of the run would wait in the tab's memory.
	longestRun = 16
	shortRun   = 4
	// nearChunks is how many chunks are read through, and kept, instead of asking for a later part of the file.
	nearChunks = 2
	// reportStep is how many bytes pass between two calls of onProgress.
	reportStep = 1 << 20
)

// download is a file behind an address, whose parts are fetched when they are read, and kept: in the store if there is
// one, or else as Blobs.
type download struct {
	options *options
	name    string // for onProgress
	url     js.Value
	size    int64  // -1: not known before everything was read
	version string // empty: the server does not tell
	store   *store // nil: no chunk of this file is there or shall be
	full    bool   // the store takes no more
	whole   bool   // the server sends no parts, or is not asked for any
	run     int64  // how many chunks the next request asks for

	mu       sync.Mutex
	closed   bool
	stream   *stream          // what is arriving
	blobs    map[int]js.Value // chunks that the store does not have
	seen     map[int]bool     // chunks that were there once
	chunk    []byte           // the one that was read last
	at       int              // its number; -1: none
	outgoing js.Value         // a Uint8Array for what is kept
	loaded   int64            // bytes of the chunks that were seen
	partial  int64            // bytes of the one that is arriving
	reported int64            // what onProgress was told; -1: nothing
}

// ReadAt is that of io.ReaderAt. It must not be called in a JavaScript callback.
func (d *download) ReadAt(p []byte, offset int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if offset < 0 {
		return 0, fmt.Errorf("wasm: negative offset")
	}
	n := 0
	for n < len(p) {
		pos := offset + int64(n)
		if d.size >= 0 && pos >= d.size {
			return n, io.EOF
		}
		i := int(pos / chunkBytes)
		if err := d.load(i); err != nil {
			return n, err
		}
		within := int(pos - int64(i)*chunkBytes)
		if within >= len(d.chunk) {
			return n, io.EOF
		}
		n += copy(p[n:], d.chunk[within:])
	}
	return n, nil
}

// readAll fetches the file as a whole, which must not have more bytes than limit.
func (d *download) readAll(limit int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	noted := d.size >= 0
	for i := 0; d.size < 0 || int64(i)*chunkBytes < d.size; i++ {
		if max(d.size, int64(i)*chunkBytes) > limit {
			return failuref(codeTooLarge, "%s is larger than the %d bytes that such a file may have", d.name, limit)
		}
		if err := d.load(i); err != nil {
			return err
		}
	}
	if d.size <= chunkBytes && d.at == 0 { // most files are far smaller, and stay
		small := bytes.Clone(d.chunk)
		d.release()
		d.chunk, d.at = small, 0
	}
	if d.store != nil && !d.full && !noted {
		return d.note()
	}
	return nil
}

// load brings a chunk into the program's memory.
func (d *download) load(i int) error {
	if d.closed {
		return fs.ErrClosed
	}
	if d.reported < 0 {
		d.report()
	}
	if d.at == i || d.recall(i) {
		return nil
	}
	next := -1
	if d.stream != nil {
		next = int(d.stream.pos / chunkBytes)
	}
	if d.run = min(longestRun, 2*max(1, d.run)); next != i {
		d.run = 1
	} else if !d.stream.slow() {
		d.run = min(shortRun, d.run)
	}
	near := next >= i-nearChunks && !d.stream.done() || d.whole
	if next < 0 || next > i || next < i && !near {
		d.hangUp()
		if err := d.again(func() error { return d.open(int64(i) * chunkBytes) }); err != nil {
			return err
		}
		next = int(d.stream.pos / chunkBytes)
	}
	for ; next <= i; next++ {
		if err := d.receive(next); err != nil {
			return err
		}
		if d.size >= 0 && int64(next+1)*chunkBytes >= d.size {
			break
		}
	}
	return nil
}

// recall reads a chunk that is kept.
func (d *download) recall(i int) bool {
	blob, kept := d.blobs[i]
	switch {
	case kept:
		d.buffer(blob.Get("size").Int())
		kept = readBody(blob.Call("stream"), d.chunk)
	case d.store != nil && d.size >= 0:
		d.buffer(int(d.chunkLength(i)))
		kept = d.store.chunk(chunkKey(address(d.url), d.version, i), d.chunk)
	}
	if !kept {
		return false
	}
	d.at = i
	d.saw(i)
	return true
}

// chunkLength is how many bytes a chunk has, or may have while the size is not known.
func (d *download) chunkLength(i int) int64 {
	if d.size < 0 {
		return chunkBytes
	}
	return min(chunkBytes, d.size-int64(i)*chunkBytes)
}

func (d *download) buffer(length int) {
	d.at = -1
	if cap(d.chunk) < length {
		d.release()
		d.chunk = *chunks.Get().(*[]byte)
	}
	d.chunk = d.chunk[:length]
}

// chunks are buffers that no download uses: the program's memory never shrinks.
var chunks = sync.Pool{New: func() any {
	chunk := make([]byte, chunkBytes)
	return &chunk
}}

func (d *download) release() {
	if cap(d.chunk) == chunkBytes {
		chunk := d.chunk
		chunks.Put(&chunk)
	}
	d.chunk, d.at = nil, -1
}

// receive reads a chunk off the network.
func (d *download) receive(i int) error {
	start := int64(i) * chunkBytes
	d.partial = 0
	d.buffer(int(d.chunkLength(i)))
	got := 0
	err := d.again(func() error {
		if err := d.seek(start + int64(got)); err != nil {
			return err
		}
		before := got
		n, err := d.stream.read(d.chunk[got:], d.options.silence, func(n int) { d.came(i, n) })
		got += n
		switch {
		case err == io.EOF && d.size < 0:
			d.size, d.chunk = start+int64(got), d.chunk[:got]
			return nil
		case err == io.EOF:
			err = fmt.Errorf("%w after %d of %d bytes", errLost, start+int64(got), d.size)
		}
		if err == nil {
			return nil
		}
		if got-before >= enough {
			err = &advanced{err}
		}
		return err
	})
	if err != nil {
		return err
	}
	d.at = i
	again := d.seen[i]
	d.saw(i)
	if again && d.store == nil || len(d.chunk) == 0 {
		return nil
	}
	return d.keep(i)
}

// seek makes the stream arrive at a place in the file.
func (d *download) seek(pos int64) error {
	if d.stream.done() || d.stream.pos > pos {
		d.hangUp()
		if err := d.open(pos); err != nil {
			return err
		}
	}
	waste := make([]byte, 64<<10)
	for d.stream.pos < pos {
		if _, err := d.stream.read(waste[:min(int64(len(waste)), pos-d.stream.pos)], d.options.silence, func(int) {}); err != nil {
			return fmt.Errorf("%w: %w", errLost, err)
		}
	}
	return nil
}

// open asks for the file from a place on. A server that sends no parts begins at the beginning.
func (d *download) open(pos int64) error {
	r := request{url: d.url, signal: d.options.signal, silence: d.options.silence}
	end := int64(-1)
	if d.size >= 0 && !d.whole {
		end = min(d.size, (pos/chunkBytes+d.run)*chunkBytes)
		r.part = fmt.Sprintf("bytes=%d-%d", pos, end-1)
	}
	began := time.Now()
	response, err := r.send()
	if err != nil {
		return err
	}
	if response.Get("status").Int() != 206 {
		pos, end, d.whole = 0, -1, true
	}
	size := sizeOf(response)
	changed := size >= 0 && d.size >= 0 && size != d.size
	if version := versionOf(response, size); version != "" && d.version != "" && version != d.version {
		changed = true
	}
	if from := header(response, "content-range"); from != "" && !strings.HasPrefix(from, fmt.Sprintf("bytes %d-", pos)) {
		changed = true
	}
	if changed {
		cancel(response)
		return failuref(codeNetwork, "%s changed while it was downloaded; load it again", address(d.url))
	}
	d.stream = newStream(response, pos, end, time.Since(began))
	return nil
}

// hangUp ends the stream.
func (d *download) hangUp() {
	if s := d.stream; s != nil && !s.reader.IsUndefined() {
		// Nobody waits for the answer, which a broken connection may never give.
		s.reader.Call("cancel").Call("catch", js.Global().Get("Function").Get("prototype"))
		s.leave()
	}
	d.stream = nil
}

// keep puts the chunk that was read last where it can be read again.
func (d *download) keep(i int) error {
	if !given(d.outgoing) || d.outgoing.Length() != len(d.chunk) {
		d.outgoing = js.Global().Get("Uint8Array").New(len(d.chunk))
	}
	content := d.outgoing // the browser copies it
	js.CopyBytesToJS(content, d.chunk)
	if d.store != nil && !d.full {
		err := d.store.put(chunkKey(address(d.url), d.version, i), content)
		if err == nil {
			return nil
		}
		if d.options.cache == cacheAlways {
			return failuref(codeQuota, "the browser does not store all of %s: %w", d.name, err)
		}
		d.full = true
	}
	d.blobs[i] = js.Global().Get("Blob").New([]any{content})
	return nil
}

// came counts bytes of a chunk as they arrive.
func (d *download) came(i, n int) {
	if d.seen[i] {
		return
	}
	if d.partial += int64(n); d.loaded+d.partial-d.reported >= reportStep {
		d.report()
	}
}

// saw notes that the chunk in memory is there.
func (d *download) saw(i int) {
	if d.seen[i] {
		return
	}
	d.seen[i] = true
	d.loaded, d.partial = d.loaded+int64(len(d.chunk)), 0
	if d.loaded-d.reported >= reportStep || d.loaded == d.size {
		d.report()
	}
}

func (d *download) report() {
	d.reported = d.loaded + d.partial
	d.options.report("download", d.name, float64(d.reported), float64(max(0, d.size)))
}

// close lets go of everything but what the store has.
func (d *download) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hangUp()
	d.release()
	d.closed, d.blobs = true, nil
}

// length is how many bytes the file has, as far as that is known.
func (d *download) length() int64 { return max(0, d.size) }
