//go:build js && wasm

package main

import (
	"fmt"
	"strconv"
	"strings"
	"syscall/js"
)

// storeName is the name of goclip's cache in the Cache Storage of a page's origin.
const storeName = "goclip models"

// storeBase begins the keys: addresses that nobody can fetch.
const storeBase = "https://goclip.invalid/"

// store keeps files of other addresses in the browser's Cache Storage, in chunks: one entry each, written whole or not at
// all. Two tabs that load the same model write the same bytes under the same keys, so that neither needs a lock.
//
// A file's key is its address; a record below it has its version (versionOf) and size, and the chunks' keys hold the version
// too. A checksum would be surer, but could only be known after downloading what the cache is to save.
type store struct{ cache js.Value }

// record is what is known of a file without asking its server.
type record struct {
	version string
	size    int64
	missing bool // the server said that there is no such file
}

// openStore is nil where there is no Cache Storage: in Node, in pages that are not secure, in sandboxed frames.
func openStore() (*store, error) {
	caches := js.Global().Get("caches")
	if !given(caches) {
		return nil, nil
	}
	cache, err := await(caches.Call("open", storeName))
	if err != nil {
		return nil, fmt.Errorf("wasm: the browser's cache cannot be used: %w", err)
	}
	return &store{cache}, nil
}

func fileKey(at string) string { return storeBase + encode(at) }

func chunkKey(at, version string, i int) string {
	return fileKey(at) + "/" + encode(version) + "/" + strconv.Itoa(i)
}

func encode(s string) string { return js.Global().Call("encodeURIComponent", s).String() }

// record finds what is known of a file; nil: nothing.
func (s *store) record(at string) *record {
	response, err := await(s.cache.Call("match", fileKey(at)))
	if err != nil || !given(response) {
		return nil
	}
	v, err := await(response.Call("json"))
	if err != nil || v.Type() != js.TypeObject || v.Get("size").Type() != js.TypeNumber {
		return nil
	}
	return &record{text(v.Get("version"), ""), int64(v.Get("size").Float()), v.Get("missing").Truthy()}
}

// note writes a record.
func (s *store) note(at string, r record) error {
	content := js.Global().Get("JSON").Call("stringify", map[string]any{
		"version": r.version, "size": float64(r.size), "missing": r.missing, "stored": js.Global().Get("Date").Call("now"),
	})
	return s.put(fileKey(at), content)
}

func (s *store) put(key string, content js.Value) error {
	_, err := await(s.cache.Call("put", key, js.Global().Get("Response").New(content)))
	return err
}

// chunk reads a part of a file, which has as many bytes as p.
func (s *store) chunk(key string, p []byte) bool {
	response, err := await(s.cache.Call("match", key))
	return err == nil && given(response) && given(response.Get("body")) && readBody(response.Get("body"), p)
}

// entry is a key of the store taken apart.
type entry struct {
	request js.Value
	at      string // the file's address
	version string
	chunk   int // -1: the record
}

func (s *store) entries() ([]entry, error) {
	keys, err := await(s.cache.Call("keys"))
	if err != nil {
		return nil, err
	}
	var list []entry
	for _, k := range elements(keys) {
		parts := strings.Split(strings.TrimPrefix(k.Get("url").String(), storeBase), "/")
		e := entry{request: k, chunk: -1}
		if e.at, err = decode(parts[0]); err != nil {
			continue
		}
		if len(parts) == 3 {
			if e.version, err = decode(parts[1]); err != nil {
				continue
			}
			if e.chunk, err = strconv.Atoi(parts[2]); err != nil {
				continue
			}
		}
		list = append(list, e)
	}
	return list, nil
}

func decode(s string) (text string, err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("wasm: %q is no key of the cache", s)
		}
	}()
	return js.Global().Call("decodeURIComponent", s).String(), nil
}

// forget deletes what is kept of the files that are named, records last, so that what is cut short can be done again.
func (s *store) forget(named func(at string) bool) error {
	entries, err := s.entries()
	if err != nil {
		return err
	}
	for _, records := range []bool{false, true} {
		for _, e := range entries {
			if named(e.at) && (e.chunk < 0) == records {
				if _, err := await(s.cache.Call("delete", e.request)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// room is how many bytes the browser still stores for this origin; -1: it does not say.
func room() int64 {
	storage := js.Global().Get("navigator").Get("storage")
	if !given(storage) || storage.Get("estimate").Type() != js.TypeFunction {
		return -1
	}
	estimate, err := await(storage.Call("estimate"))
	if err != nil || estimate.Get("quota").Type() != js.TypeNumber || estimate.Get("usage").Type() != js.TypeNumber {
		return -1
	}
	return max(0, int64(estimate.Get("quota").Float()-estimate.Get("usage").Float()))
}
