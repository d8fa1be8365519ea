//go:build js && wasm

package main

import (
	"strings"
	"syscall/js"
)

// isPath tells a path on disk from an address. There are paths only where there is no page and no worker: in Node.
func isPath(s string) bool {
	return js.Global().Get("location").IsUndefined() && !strings.Contains(s, "://") && !strings.HasPrefix(s, "data:") && !strings.HasPrefix(s, "blob:")
}

// address is the text of an address that is a string or a URL.
func address(v js.Value) string {
	if isA(v, "URL") {
		return v.Get("href").String()
	}
	return v.String()
}

// parseURL resolves an address against the page or worker.
func parseURL(at string) (js.Value, error) {
	location := js.Global().Get("location")
	// Nothing can be relative to a worker that was made from a string.
	if location.IsUndefined() || strings.HasPrefix(location.Get("href").String(), "blob:") {
		return newURL(at)
	}
	return newURL(at, location.Get("href"))
}

// relative resolves an address against a URL.
func relative(base js.Value, at string) (js.Value, error) { return newURL(at, base) }

func newURL(args ...any) (url js.Value, err error) {
	defer func() {
		if recover() != nil {
			err = failuref(codeArgument, "%q is no address", args[0])
		}
	}()
	return js.Global().Get("URL").New(args...), nil
}

// escape makes a path part of an address. A name may hold any character.
func escape(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = js.Global().Call("encodeURIComponent", part).String()
	}
	return "./" + strings.Join(parts, "/")
}
