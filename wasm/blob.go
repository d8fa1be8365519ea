//go:build js && wasm

package main

import (
	"fmt"
	"io"
	"io/fs"
	"sync"
	"syscall/js"
	"time"
)

// window is how much of a Blob is read at a time when less is asked for: every read is a round trip to the browser.
const window = 1 << 20

// blobReader reads a Blob anywhere.
type blobReader struct {
	size int64

	mu      sync.Mutex
	blob    js.Value // undefined after close
	ahead   []byte   // what was read last and more than was asked for
	aheadAt int64
}

func newBlobReader(blob js.Value) *blobReader {
	return &blobReader{blob: blob, size: int64(blob.Get("size").Float())}
}

// ReadAt is that of io.ReaderAt. It must not be called in a JavaScript callback.
func (b *blobReader) ReadAt(p []byte, offset int64) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if offset < 0 {
		return 0, fmt.Errorf("wasm: negative offset")
	}
	wanted := p[:max(0, min(int64(len(p)), b.size-offset))]
	if err := b.fill(wanted, offset); err != nil {
		return 0, err
	}
	if len(wanted) < len(p) {
		return len(wanted), io.EOF
	}
	return len(p), nil
}

// fill reads p from the window where it can and moves the window where it must.
func (b *blobReader) fill(p []byte, offset int64) error {
	if offset >= b.aheadAt && offset < b.aheadAt+int64(len(b.ahead)) {
		n := copy(p, b.ahead[offset-b.aheadAt:])
		p, offset = p[n:], offset+int64(n)
	}
	if len(p) == 0 {
		return nil
	}
	if len(p) >= window {
		return b.read(p, offset)
	}
	ahead := make([]byte, min(window, b.size-offset))
	if err := b.read(ahead, offset); err != nil {
		return err
	}
	b.ahead, b.aheadAt = ahead, offset
	copy(p, ahead)
	return nil
}

func (b *blobReader) read(p []byte, offset int64) error {
	if b.blob.IsUndefined() {
		return fs.ErrClosed
	}
	part, err := await(b.blob.Call("slice", offset, offset+int64(len(p))).Call("arrayBuffer"))
	if err != nil {
		return &failure{codeNotFound, fmt.Errorf("wasm: the browser cannot read the file any more: %w", err)}
	}
	if n := copyBytes(p, part); n != len(p) {
		return fmt.Errorf("wasm: %d of %d bytes: %w", n, len(p), io.ErrUnexpectedEOF)
	}
	return nil
}

// close lets the browser free the Blob.
func (b *blobReader) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.blob, b.ahead = js.Undefined(), nil
}

// content is what a file holds.
type content interface {
	io.ReaderAt
	length() int64
	close()
}

func (b *blobReader) length() int64 { return b.size }

// openedFile is an opened file.
type openedFile struct {
	content
	name string
	at   int64
}

// Read is that of io.Reader.
func (f *openedFile) Read(p []byte) (int, error) {
	n, err := f.ReadAt(p, f.at)
	f.at += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

// Stat is that of fs.File.
func (f *openedFile) Stat() (fs.FileInfo, error) { return fileInfo{f.name, f.length()}, nil }

// Close is that of fs.File. The content belongs to the folder.
func (f *openedFile) Close() error { return nil }

// fileInfo describes a regular file.
type fileInfo struct {
	name string
	size int64
}

func (i fileInfo) Name() string       { return i.name }
func (i fileInfo) Size() int64        { return i.size }
func (i fileInfo) Mode() fs.FileMode  { return 0o444 }
func (i fileInfo) ModTime() time.Time { return time.Time{} }
func (i fileInfo) IsDir() bool        { return false }
func (i fileInfo) Sys() any           { return nil }
