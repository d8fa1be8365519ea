//go:build js && wasm

package main

import (
	"bytes"
	"io"
	"math/rand/v2"
	"syscall/js"
	"testing"
	"testing/iotest"
)

func TestBlobReader(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	content := make([]byte, 3*window+17)
	for i := range content {
		content[i] = byte(random.Uint32())
	}
	array := js.Global().Get("Uint8Array").New(len(content))
	js.CopyBytesToJS(array, content)
	b := newBlobReader(js.Global().Get("Blob").New([]any{array}))
	want := bytes.NewReader(content)
	for range 200 {
		length := random.IntN(100)
		if random.IntN(10) == 0 {
			length = random.IntN(2 * window)
		}
		offset := random.Int64N(int64(len(content)) + 10)
		got, expected := make([]byte, length), make([]byte, length)
		n, err := b.ReadAt(got, offset)
		m, wantErr := want.ReadAt(expected, offset)
		if length == 0 {
			wantErr = err // an io.ReaderAt may say either at the end
		}
		if n != m || err != wantErr || !bytes.Equal(got, expected) {
			t.Fatalf("%d bytes at %d: %d, %v; want %d, %v", length, offset, n, err, m, wantErr)
		}
	}
	f := &openedFile{content: b, name: "content"}
	if err := iotest.TestReader(struct{ io.Reader }{f}, content); err != nil {
		t.Fatal(err)
	}
	b.close()
	if _, err := b.ReadAt(make([]byte, 1), 0); err == nil {
		t.Fatal("a closed file can be read")
	}
}
