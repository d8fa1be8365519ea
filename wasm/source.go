//go:build js && wasm

package main

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"syscall/js"

	"github.com/goclip/goclip/core"
)

// source is a model that was found, and what to do when nothing more is read from it.
type source struct {
	location core.Location
	close    func()
}

// find says where the first argument of load leads.
func (o *options) find(v js.Value) (source, error) {
	switch {
	case !given(v):
		return o.tiny()
	case v.Type() == js.TypeString && isPath(v.String()):
		l, err := core.Locate(v.String())
		return source{l, func() {}}, err
	case v.Type() == js.TypeString || isA(v, "URL"):
		return o.remote(address(v))
	case isA(v, "Blob"):
		return files(map[string]js.Value{fileName(v): v}, fileName(v), fileName(v)), nil
	case isBytes(v):
		blob := js.Global().Get("Blob").New([]any{v})
		return files(map[string]js.Value{unnamed: blob}, unnamed, unnamed), nil
	case v.Type() == js.TypeObject && v.Get("length").Type() == js.TypeNumber:
		return fileList(elements(v))
	}
	return source{}, failuref(codeArgument, "load: the source must be an address, a File, a Blob, bytes, a list of Files, or nothing")
}

// unnamed stands for the name of a checkpoint that has none. Formats are told from the bytes.
const unnamed = "checkpoint"

func fileName(blob js.Value) string {
	if name := blob.Get("name"); name.Type() == js.TypeString && fs.ValidPath(name.String()) {
		return path.Base(name.String())
	}
	return unnamed
}

// fileList is a folder that was dropped or chosen, or a single checkpoint. Paths count from the folder that all files
// share.
func fileList(list []js.Value) (source, error) {
	blobs := make(map[string]js.Value, len(list))
	for i, f := range list {
		if !isA(f, "Blob") {
			return source{}, failuref(codeArgument, "load: element %d of the list is no File", i)
		}
		name := text(f.Get("webkitRelativePath"), "")
		if name == "" {
			name = fileName(f)
		}
		if name = path.Clean(name); !fs.ValidPath(name) {
			return source{}, failuref(codeArgument, "load: %q is no path of a file in a folder", name)
		}
		blobs[name] = f
	}
	switch len(blobs) {
	case 0:
		return source{}, failuref(codeArgument, "load: the list of files is empty")
	case 1:
		return files(map[string]js.Value{fileName(list[0]): list[0]}, fileName(list[0]), fileName(list[0])), nil
	}
	folder := sharedFolder(slices.Collect(maps.Keys(blobs)))
	below := make(map[string]js.Value, len(blobs))
	for name, f := range blobs {
		below[strings.TrimPrefix(strings.TrimPrefix(name, folder), "/")] = f
	}
	if folder == "" {
		folder = "the files"
	}
	return files(below, "", folder), nil
}

// sharedFolder is the deepest folder that holds all paths; empty: they share none.
func sharedFolder(paths []string) string {
	shared := path.Dir(paths[0])
	for _, p := range paths[1:] {
		for shared != "." && !strings.HasPrefix(p, shared+"/") {
			shared = path.Dir(shared)
		}
	}
	if shared == "." {
		return ""
	}
	return shared
}

// files is a model in Blobs; file names the checkpoint if it is known.
func files(blobs map[string]js.Value, file, name string) source {
	f := folder{}
	for name, blob := range blobs {
		f[name] = newBlobReader(blob)
	}
	return source{core.Location{Dir: f, File: file, Name: name}, f.close}
}

// folder is a file system of Blobs by path.
type folder map[string]*blobReader

// Open is that of fs.FS. "." lists the files at the top.
func (f folder) Open(name string) (fs.File, error) {
	if b, ok := f[name]; ok {
		return &openedFile{content: b, name: path.Base(name)}, nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// ReadDir is that of fs.ReadDirFS, for the top of the folder.
func (f folder) ReadDir(name string) ([]fs.DirEntry, error) {
	if name != "." {
		return nil, &fs.PathError{Op: "list", Path: name, Err: fs.ErrNotExist}
	}
	var entries []fs.DirEntry
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if !strings.Contains(name, "/") {
			entries = append(entries, fs.FileInfoToDirEntry(fileInfo{name, f[name].size}))
		}
	}
	return entries, nil
}

func (f folder) close() {
	for _, b := range f {
		b.close()
	}
}
