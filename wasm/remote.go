//go:build js && wasm

package main

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall/js"

	"github.com/goclip/goclip/core"
)

// What comes with the program, below the base. shippedFiles are the files of the model: a browser writes every request for a
// missing one to its console.
const (
	shippedFolder = "models/tiny"
	mergesFile    = "clip_merges.txt"
)

var shippedFiles = []string{"config.json", "model.safetensors", "preprocessor_config.json", "special_tokens_map.json",
	"tokenizer.json", "tokenizer_config.json"}

// tiny is the model that comes with the program.
func (o *options) tiny() (source, error) {
	if given(o.shipped) {
		return o.placed()
	}
	folder, onDisk, err := o.beside(shippedFolder)
	if err != nil {
		return source{}, err
	}
	if onDisk != "" {
		l, err := core.Locate(onDisk)
		return source{l, func() {}}, err
	}
	folder.Set("pathname", folder.Get("pathname").String()+"/")
	r := &remote{options: o, base: folder, known: shippedFiles, found: map[string]*resource{}}
	return source{core.Location{Dir: r, Name: "tiny"}, r.close}, nil
}

// placed is the model that ships where a bundler put it: its files have other names, or are part of the program.
func (o *options) placed() (source, error) {
	r := &remote{options: o, known: shippedFiles, own: map[string]js.Value{}, found: map[string]*resource{}}
	for _, name := range shippedFiles {
		v := o.shipped.Get(name)
		if isA(v, "Blob") {
			r.found[name] = &resource{content: newBlobReader(v)}
			continue
		}
		if !given(v) {
			return source{}, failuref(codeArgument, "load: shipped must name a file or an address for %s", name)
		}
		url, err := parseURL(address(v))
		if err != nil {
			return source{}, err
		}
		r.own[name] = url
	}
	return source{core.Location{Dir: r, Name: "tiny"}, r.close}, nil
}

// merges reads the vocabulary of CLIP, which comes with the program as a file of its own: few models need it.
func (o *options) merges() (string, error) {
	url, onDisk, err := o.beside(mergesFile)
	if given(o.shipped) && given(o.shipped.Get(mergesFile)) {
		url, onDisk, err = o.shipped.Get(mergesFile), "", nil
	}
	if err != nil {
		return "", err
	}
	if onDisk != "" {
		text, err := os.ReadFile(onDisk)
		return string(text), err
	}
	blob := url
	if !isA(blob, "Blob") {
		if url, err = parseURL(address(url)); err != nil {
			return "", err
		}
		if blob, err = fetch(url, o.signal); err != nil {
			return "", err
		}
	}
	text, err := await(blob.Call("text"))
	if err != nil {
		return "", broken(url, o.signal, err)
	}
	return text.String(), nil
}

// beside finds what comes with the program: below the base if there is one, or else beside the page or worker. It is an
// address, or a path on disk.
func (o *options) beside(name string) (url js.Value, onDisk string, err error) {
	if o.base.Type() == js.TypeString && isPath(o.base.String()) {
		return js.Undefined(), filepath.Join(o.base.String(), filepath.FromSlash(name)), nil
	}
	base := "./"
	if given(o.base) {
		base = strings.TrimSuffix(address(o.base), "/") + "/"
	} else if js.Global().Get("location").IsUndefined() {
		return js.Undefined(), "", failuref(codeArgument, "load: base must say in which folder %s lies", name)
	}
	folder, err := parseURL(base)
	if err != nil {
		return js.Undefined(), "", err
	}
	url, err = relative(folder, name)
	return url, "", err
}

// checkpointEndings tell the address of a checkpoint file from that of a folder.
var checkpointEndings = []string{".safetensors", ".pt", ".pth", ".bin", ".gguf", ".index.json"}

func isCheckpoint(name string) bool {
	return slices.ContainsFunc(checkpointEndings, func(ending string) bool { return strings.HasSuffix(name, ending) })
}

// remote finds the model behind an address: a checkpoint file, or else a folder.
func (o *options) remote(at string) (source, error) {
	url, err := parseURL(at)
	if err != nil {
		return source{}, err
	}
	protocol, where := url.Get("protocol").String(), url.Get("pathname").String()
	r := &remote{options: o, base: url, found: map[string]*resource{}}
	if protocol == "http:" || protocol == "https:" {
		if r.store, err = o.openStore(); err != nil {
			return source{}, err
		}
	}
	file := ""
	switch {
	case protocol == "blob:" || protocol == "data:": // one file, with nothing beside it
		file, r.known = unnamed, []string{unnamed}
		r.own = map[string]js.Value{file: url}
	case isCheckpoint(where):
		file = path.Base(where)
		r.own = map[string]js.Value{file: url} // with the query of the address, which may be its signature
		if r.base, err = relative(url, "./"); err != nil {
			return source{}, err
		}
	case !strings.HasSuffix(where, "/"):
		url.Set("pathname", where+"/")
	}
	l := core.Location{Dir: r, File: file, Name: at}
	if r.known != nil {
		return source{l, r.close}, nil
	}
	above, err := relative(r.base, "../")
	if err != nil {
		return source{}, err
	}
	parent := &remote{options: o, base: above, store: r.store, found: map[string]*resource{}}
	l.Parent, l.Base = parent, path.Base(r.base.Get("pathname").String())
	return source{l, func() { r.close(); parent.close() }}, nil
}

// remote is a model folder behind an address. Each file is requested once. load uses it from one goroutine.
type remote struct {
	options *options
	base    js.Value            // URL of the folder, ends with a slash
	own     map[string]js.Value // URLs of files that have others than their name in the folder
	known   []string            // the files that there are; nil: the server knows
	store   *store              // nil: nothing is kept
	found   map[string]*resource
}

// resource is a file that was asked for.
type resource struct {
	err     error // what the server answered instead
	content content
	read    bool // a small file was read whole
}

// largestSmall bounds every file that is no checkpoint, in bytes. Tokenizers of many languages have 35 million.
const largestSmall = 64 << 20

// Open is that of fs.FS. It reads small files, and those whose size the server does not tell.
func (r *remote) Open(name string) (fs.File, error) {
	f, err := r.request(name)
	if d, ok := contentOf(f).(*download); ok && err == nil && !f.read {
		f.read = true
		if r.small(name) {
			err = d.readAll(largestSmall)
		} else if d.size < 0 {
			err = d.readAll(1 << 53)
		}
		f.err = err
	}
	if err != nil {
		return nil, &fs.PathError{Op: "fetch", Path: name, Err: err}
	}
	return &openedFile{content: f.content, name: path.Base(name)}, nil
}

func contentOf(f *resource) content {
	if f == nil {
		return nil
	}
	return f.content
}

// small tells whether a file is none of weights.
func (r *remote) small(name string) bool { return !isCheckpoint(name) && r.own[name].IsUndefined() }

// Stat is that of fs.StatFS. The size is 0 where only reading tells it.
func (r *remote) Stat(name string) (fs.FileInfo, error) {
	f, err := r.request(name)
	if err != nil {
		return nil, &fs.PathError{Op: "fetch", Path: name, Err: err}
	}
	return fileInfo{path.Base(name), f.content.length()}, nil
}

// ReadDir is that of fs.ReadDirFS.
func (r *remote) ReadDir(string) ([]fs.DirEntry, error) {
	return nil, failuref(codeNotFound, "%s has none of the usual names of weights; give the address of the checkpoint file itself", address(r.base))
}

// request asks the server for a file, up to the headers of its answer.
func (r *remote) request(name string) (*resource, error) {
	if !fs.ValidPath(name) || name == "." || r.known != nil && !slices.Contains(r.known, name) {
		return nil, fs.ErrNotExist
	}
	f, ok := r.found[name]
	if !ok {
		f = &resource{}
		f.content, f.err = r.find(name)
		r.found[name] = f
	}
	return f, f.err
}

// find asks for a file, and compares what is kept of it with the answer. Without a connection, what is kept has to do.
func (r *remote) find(name string) (content, error) {
	url, own := r.own[name]
	if !own {
		var err error
		if url, err = relative(r.base, escape(name)); err != nil {
			return nil, err
		}
	}
	d := &download{options: r.options, name: name, url: url, size: -1, store: r.store, blobs: map[int]js.Value{}, seen: map[int]bool{},
		at: -1, reported: -1, whole: r.known != nil}
	at := address(url)
	var known *record
	if r.store != nil {
		known = r.store.record(at)
	}
	response, err := d.ask(known, r.small(name))
	switch {
	case errors.Is(err, errLost) && known != nil && known.missing:
		return nil, fs.ErrNotExist
	case errors.Is(err, errLost) && known != nil:
		d.size, d.version = known.size, known.version
		return d, nil
	case err == nil && strings.HasPrefix(header(response, "content-type"), "text/html"):
		cancel(response)
		if own {
			return nil, failuref(codeModel, "%s is a web page and no checkpoint", at)
		}
		err = fs.ErrNotExist // a server that answers everything with its front page has no such file either
	}
	if errors.Is(err, fs.ErrNotExist) && r.store != nil {
		if known != nil && !known.missing {
			_ = r.store.forget(func(kept string) bool { return kept == at })
		}
		// Without the note, nobody could tell without a connection. That it cannot be kept is no reason to fail.
		_ = r.store.note(at, record{missing: true})
	}
	if err != nil {
		return nil, err
	}
	return d, d.accept(response, known, r.small(name))
}

// close ends what is arriving and frees what came.
func (r *remote) close() {
	for _, f := range r.found {
		if f.content != nil {
			f.content.close()
		}
	}
}
