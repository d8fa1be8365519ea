//go:build js && wasm

package main

import (
	"maps"
	"slices"
	"strings"
	"syscall/js"
)

// cacheObject is goclip.cache.
func cacheObject() map[string]any {
	call := func(f func(args []js.Value) (any, error)) js.Func {
		return js.FuncOf(func(_ js.Value, args []js.Value) any {
			return promise(func() (any, error) { return f(args) })
		})
	}
	return map[string]any{"list": call(listCache), "clear": call(clearCache)}
}

// listCache resolves to the files that are kept: their address, how many of their bytes there are, and their size.
func listCache([]js.Value) (any, error) {
	s, err := openStore()
	if s == nil || err != nil {
		return []any{}, err
	}
	entries, err := s.entries()
	if err != nil {
		return nil, err
	}
	bytes := map[string]int64{}
	records := map[string]*record{}
	for _, e := range entries {
		r, known := records[e.at]
		if !known {
			r = s.record(e.at)
			records[e.at] = r
		}
		if r != nil && !r.missing && e.chunk >= 0 && e.version == r.version {
			bytes[e.at] += max(0, min(chunkBytes, r.size-int64(e.chunk)*chunkBytes))
		}
	}
	list := []any{}
	for _, at := range slices.Sorted(maps.Keys(bytes)) {
		list = append(list, map[string]any{"address": at, "bytes": float64(bytes[at]), "size": float64(records[at].size)})
	}
	return list, nil
}

// clearCache forgets a file, a folder, or, without an address, everything.
func clearCache(args []js.Value) (any, error) {
	named := func(string) bool { return true }
	if v := argument(args, 0); given(v) {
		if v.Type() != js.TypeString && !isA(v, "URL") {
			return nil, failuref(codeArgument, "clear: want an address, or nothing, not %s", v.Type())
		}
		url, err := parseURL(address(v))
		if err != nil {
			return nil, err
		}
		at := address(url)
		named = func(kept string) bool { return kept == at || strings.HasPrefix(kept, strings.TrimSuffix(at, "/")+"/") }
	}
	s, err := openStore()
	if s == nil || err != nil {
		return nil, err
	}
	return nil, s.forget(named)
}
