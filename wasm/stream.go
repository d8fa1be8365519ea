//go:build js && wasm

package main

import (
	"io"
	"syscall/js"
	"time"
)

// pieceBytes is how much comes of a body at a time, at most.
const pieceBytes = 256 << 10

// stream is the body of a response.
type stream struct {
	reader js.Value
	filled bool     // the reader fills memory that it is given: what it makes itself piles up until the browser collects it
	memory js.Value // an ArrayBuffer for that, or undefined
	rest   js.Value // Uint8Array of bytes that came and were not taken, or undefined
	pos    int64    // of the next byte in the file
	end    int64    // where the response ends; -1: with the file

	began  time.Time
	waited time.Duration // for the response and its pieces
}

func newStream(response js.Value, pos, end int64, waited time.Duration) *stream {
	s := &stream{pos: pos, end: end, began: time.Now().Add(-waited), waited: waited}
	if body := response.Get("body"); given(body) {
		s.take(body)
	}
	return s
}

// take gets a reader that fills memory, which older browsers do not have for all bodies, or one of the other kind.
func (s *stream) take(body js.Value) {
	defer func() {
		if recover() != nil {
			s.reader, s.filled = body.Call("getReader"), false
		}
	}()
	s.reader, s.filled = body.Call("getReader", map[string]any{"mode": "byob"}), true
}

// pieces is memory that no stream fills: what each made for itself would pile up like what a reader makes.
var pieces []js.Value

// next is the promise of the next piece.
func (s *stream) next() js.Value {
	if !s.filled {
		return s.reader.Call("read")
	}
	if last := len(pieces) - 1; s.memory.IsUndefined() && last >= 0 {
		s.memory, pieces = pieces[last], pieces[:last]
	}
	array := js.Global().Get("Uint8Array")
	if s.memory.IsUndefined() {
		return s.reader.Call("read", array.New(pieceBytes))
	}
	memory := s.memory
	s.memory = js.Undefined() // it is the reader's until it comes back
	return s.reader.Call("read", array.New(memory))
}

// leave gives the stream's memory to the next one.
func (s *stream) leave() {
	if !s.memory.IsUndefined() {
		pieces, s.memory = append(pieces, s.memory), js.Undefined()
	}
}

// done tells whether the response has no more bytes; of one that goes to the end of the file only reading tells.
func (s *stream) done() bool { return s == nil || s.end >= 0 && s.pos >= s.end }

// slow tells whether most of the time since the request went into waiting for the server.
func (s *stream) slow() bool { return s != nil && 2*s.waited > time.Since(s.began) }

// read fills p from the stream, as io.ReadFull does; it says io.EOF where the body ends, however much there was.
func (s *stream) read(p []byte, limit time.Duration, came func(n int)) (int, error) {
	n := 0
	for n < len(p) {
		piece := s.rest
		if s.rest = js.Undefined(); piece.IsUndefined() {
			if s.reader.IsUndefined() {
				return n, io.EOF
			}
			asked := time.Now()
			result, err := awaitWithin(s.next(), limit)
			s.waited += time.Since(asked)
			if err != nil {
				return n, err
			}
			piece = result.Get("value")
			if result.Get("done").Bool() {
				if s.filled && given(piece) {
					s.memory = piece.Get("buffer")
				}
				return n, io.EOF
			}
		}
		got := js.CopyBytesToGo(p[n:], piece)
		if got < piece.Get("length").Int() {
			s.rest = piece.Call("subarray", got)
		} else if s.filled {
			s.memory = piece.Get("buffer")
		}
		n += got
		s.pos += int64(got)
		came(got)
	}
	return n, nil
}

// readBody fills p from a body that has as many bytes and no more.
func readBody(body js.Value, p []byte) bool {
	s := &stream{end: -1}
	defer s.leave()
	s.take(body)
	if n, err := s.read(p, 0, func(int) {}); err != nil || n < len(p) {
		return false
	}
	n, err := s.read(make([]byte, 1), 0, func(int) {})
	return n == 0 && err == io.EOF
}
