//go:build js && wasm

package main

import (
	"io"
	"syscall/js"
	"time"
)

// stream is the body of a response.
type stream struct {
	reader js.Value
	rest   js.Value // Uint8Array of bytes that came and were not taken, or undefined
	pos    int64    // of the next byte in the file
	end    int64    // where the response ends; -1: with the file
}

func newStream(response js.Value, pos, end int64) *stream {
	s := &stream{pos: pos, end: end}
	if body := response.Get("body"); given(body) {
		s.reader = body.Call("getReader")
	}
	return s
}

// done tells whether the response has no more bytes; of one that goes to the end of the file only reading tells.
func (s *stream) done() bool { return s == nil || s.end >= 0 && s.pos >= s.end }

// read fills p from the stream, as io.ReadFull does; it says io.EOF where the body ends, however much there was.
func (s *stream) read(p []byte, limit time.Duration, came func(n int)) (int, error) {
	n := 0
	for n < len(p) {
		piece := s.rest
		if s.rest = js.Undefined(); piece.IsUndefined() {
			if s.reader.IsUndefined() {
				return n, io.EOF
			}
			result, err := awaitWithin(s.reader.Call("read"), limit)
			if err != nil {
				return n, err
			}
			if result.Get("done").Bool() {
				return n, io.EOF
			}
			piece = result.Get("value")
		}
		got := js.CopyBytesToGo(p[n:], piece)
		if got < piece.Get("length").Int() {
			s.rest = piece.Call("subarray", got)
		}
		n += got
		s.pos += int64(got)
		came(got)
	}
	return n, nil
}
