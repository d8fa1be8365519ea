//go:build js && wasm

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"syscall/js"
	"time"
)

// errLost: the connection broke or went silent; asking again may help.
var errLost = errors.New("the connection was lost")

// fetch requests an address and checks the answer's status.
func fetch(url, signal js.Value) (js.Value, error) {
	return request{url: url, signal: signal}.send()
}

// request is what a server is asked for.
type request struct {
	url, signal js.Value      // signal: if given
	part        string        // value of the header Range; empty: all of it
	silence     time.Duration // after so long without an answer the connection counts as lost; 0: never
}

func (r request) send() (js.Value, error) {
	settings := map[string]any{}
	if given(r.signal) {
		settings["signal"] = r.signal
	}
	if r.part != "" {
		settings["headers"] = map[string]any{"Range": r.part}
		settings["cache"] = "no-store" // what is kept is kept by goclip
	}
	response, err := awaitWithin(js.Global().Call("fetch", r.url, settings), r.silence)
	if err != nil {
		return js.Undefined(), broken(r.url, r.signal, err)
	}
	if response.Get("ok").Bool() {
		return response, nil
	}
	cancel(response)
	switch status := response.Get("status").Int(); {
	case status == 403 || status == 404 || status == 410: // 403: stores that hide which files they have
		return js.Undefined(), fmt.Errorf("wasm: %s answers %d: %w", address(r.url), status, fs.ErrNotExist)
	case status >= 500 || status == 429:
		return js.Undefined(), failuref(codeNetwork, "%s answers %d %s: %w", address(r.url), status, response.Get("statusText").String(), errLost)
	default:
		return js.Undefined(), failuref(codeNetwork, "%s answers %d %s", address(r.url), status, response.Get("statusText").String())
	}
}

// broken is the error of a request that the network or the caller ended.
func broken(url, signal js.Value, err error) error {
	if given(signal) && signal.Get("aborted").Bool() {
		return context.Canceled
	}
	if errors.Is(err, errLost) {
		return failuref(codeNetwork, "%s: %w", address(url), err)
	}
	return failuref(codeNetwork, "%s: %w: %w", address(url), errLost, err)
}

// cancel ends a response that nobody will read.
func cancel(response js.Value) {
	body := response.Get("body")
	if body.IsNull() || body.Get("locked").Bool() {
		return
	}
	// A body that failed meanwhile rejects: nobody is interested.
	_, _ = await(body.Call("cancel"))
}

// header is a header of a response; empty: it has none, or another origin hides it.
func header(response js.Value, name string) string {
	return text(response.Get("headers").Call("get", name), "")
}

// sizeOf is how many bytes the whole file has; -1: the server does not say.
func sizeOf(response js.Value) int64 {
	length := header(response, "content-length")
	if response.Get("status").Int() == 206 {
		_, length, _ = strings.Cut(header(response, "content-range"), "/")
	} else if header(response, "content-encoding") != "" {
		return -1 // the length is that of the compressed bytes
	}
	if size, err := strconv.ParseInt(length, 10, 53); err == nil && size >= 0 {
		return size
	}
	return -1
}

// versionOf tells contents of one address apart: by the ETag, or the time of the last change, together with the size. It is
// empty where the server gives neither, or another origin hides them.
func versionOf(response js.Value, size int64) string {
	version := header(response, "etag")
	if version == "" {
		version = header(response, "last-modified")
	}
	if version == "" {
		return ""
	}
	return fmt.Sprintf("%s %d", version, size)
}
