//go:build js && wasm

package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
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
			r.found[name] = &resource{name: name, content: newBlobReader(v)}
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
	parent := &remote{options: o, base: above, found: map[string]*resource{}}
	l.Parent, l.Base = parent, path.Base(r.base.Get("pathname").String())
	return source{l, func() { r.close(); parent.close() }}, nil
}

// remote is a model folder behind an address. Each file is requested once, and read into a Blob when it is opened. load
// uses it from one goroutine.
type remote struct {
	options *options
	base    js.Value            // URL of the folder, ends with a slash
	own     map[string]js.Value // URLs of files that have others than their name in the folder
	known   []string            // the files that there are; nil: the server knows
	found   map[string]*resource
}

// resource is a file that was asked for.
type resource struct {
	name     string
	err      error // what the server answered instead
	response js.Value
	content  *blobReader // nil: not read yet
}

// Open is that of fs.FS. It reads the whole file.
func (r *remote) Open(name string) (fs.File, error) {
	f, err := r.request(name)
	if err == nil && f.content == nil {
		f.content, err = r.download(f)
	}
	if err != nil {
		return nil, &fs.PathError{Op: "fetch", Path: name, Err: err}
	}
	return &blobFile{blobReader: f.content, name: path.Base(name)}, nil
}

// Stat is that of fs.StatFS. The size is 0 for a file that was not read.
func (r *remote) Stat(name string) (fs.FileInfo, error) {
	f, err := r.request(name)
	if err != nil {
		return nil, &fs.PathError{Op: "fetch", Path: name, Err: err}
	}
	info := fileInfo{name: path.Base(name)}
	if f.content != nil {
		info.size = f.content.size
	}
	return info, nil
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
		f = &resource{name: name}
		f.response, f.err = r.fetch(name)
		r.found[name] = f
	}
	return f, f.err
}

func (r *remote) fetch(name string) (js.Value, error) {
	url, ok := r.own[name]
	if !ok {
		var err error
		if url, err = relative(r.base, escape(name)); err != nil {
			return js.Undefined(), err
		}
	}
	response, err := fetch(url, r.options.signal)
	if err != nil {
		return js.Undefined(), err
	}
	// A server that answers everything with its front page has no such file either.
	if kind := response.Get("headers").Call("get", "content-type"); !ok && strings.HasPrefix(kind.String(), "text/html") {
		cancel(response)
		return js.Undefined(), fs.ErrNotExist
	}
	return response, nil
}

// fetch requests an address and checks the answer's status.
func fetch(url, signal js.Value) (js.Value, error) {
	settings := map[string]any{}
	if given(signal) {
		settings["signal"] = signal
	}
	response, err := await(js.Global().Call("fetch", url, settings))
	if err != nil {
		return js.Undefined(), broken(url, signal, err)
	}
	if response.Get("ok").Bool() {
		return response, nil
	}
	cancel(response)
	switch status := response.Get("status").Int(); status {
	case 403, 404, 410: // 403: stores that hide which files they have
		return js.Undefined(), fmt.Errorf("wasm: %s answers %d: %w", address(url), status, fs.ErrNotExist)
	default:
		return js.Undefined(), failuref(codeNetwork, "%s answers %d %s", address(url), status, response.Get("statusText").String())
	}
}

// broken is the error of a request that the network or the caller ended.
func broken(url, signal js.Value, err error) error {
	if given(signal) && signal.Get("aborted").Bool() {
		return context.Canceled
	}
	return failuref(codeNetwork, "%s: %w", address(url), err)
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

const (
	// largestSmall bounds every file that is no checkpoint, in bytes. Tokenizers of many languages have 35 million.
	largestSmall = 64 << 20
	// blobStep is how much of a download is handed to the browser at a time, in bytes.
	blobStep = 16 << 20
	// reportStep is how many bytes pass between two calls of onProgress.
	reportStep = 1 << 20
)

// download reads a response into a Blob.
func (r *remote) download(f *resource) (*blobReader, error) {
	var total int64
	headers := f.response.Get("headers")
	if headers.Call("get", "content-encoding").IsNull() {
		total, _ = strconv.ParseInt(headers.Call("get", "content-length").String(), 10, 64)
	}
	limit := int64(1) << 53
	if !isCheckpoint(f.name) && r.own[f.name].IsUndefined() {
		limit = largestSmall
	}
	var loaded, reported, pending int64
	report := func() {
		reported = loaded
		if loaded > total {
			total = 0 // compressed on the way, and the header that says so is hidden
		}
		r.options.report("download", f.name, float64(loaded), float64(total))
	}
	report()
	done, chunks := js.Global().Get("Array").New(), js.Global().Get("Array").New()
	flush := func() {
		done.Call("push", js.Global().Get("Blob").New(chunks))
		chunks, pending = js.Global().Get("Array").New(), 0
	}
	if body := f.response.Get("body"); !body.IsNull() {
		reader := body.Call("getReader")
		for {
			chunk, err := await(reader.Call("read"))
			if err != nil {
				return nil, broken(f.response.Get("url"), r.options.signal, err)
			}
			if chunk.Get("done").Bool() {
				break
			}
			bytes := chunk.Get("value")
			chunks.Call("push", bytes)
			n := int64(bytes.Get("byteLength").Float())
			loaded, pending = loaded+n, pending+n
			if loaded > limit {
				_, _ = await(reader.Call("cancel"))
				return nil, failuref(codeTooLarge, "%s is larger than the %d bytes that such a file may have", f.name, limit)
			}
			if pending >= blobStep {
				flush()
			}
			if loaded-reported >= reportStep {
				report()
			}
		}
	}
	flush()
	total = loaded
	report()
	return newBlobReader(js.Global().Get("Blob").New(done)), nil
}

// close ends what was asked for and not read, and frees what was.
func (r *remote) close() {
	for _, f := range r.found {
		if f.content != nil {
			f.content.close()
		} else if f.err == nil {
			cancel(f.response)
		}
	}
}
