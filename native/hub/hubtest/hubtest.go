// Package hubtest is a server that speaks the protocol of the Hugging Face hub, for tests: a listing, small files, and large
// ones that it redirects to another server for.
package hubtest

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
	"time"
)

// Commit is the one that all revisions are.
const Commit = "0123456789abcdef0123456789abcdef01234567"

// Hub is one repository.
type Hub struct {
	*httptest.Server
	Storage *httptest.Server // where large files are
	Name    string
	Files   map[string][]byte
	Licence string

	// Answer, if set, answers a request before the hub does, and says whether it did. Both servers ask it.
	Answer func(w http.ResponseWriter, r *http.Request) bool
	// Change, if set, alters the listing.
	Change func(listing map[string]any)

	mu       sync.Mutex
	requests []*http.Request
}

// New starts a hub that has one repository.
func New(t testing.TB, name string, files map[string][]byte) *Hub {
	h := &Hub{Name: name, Files: files, Licence: "mit"}
	h.Storage = httptest.NewServer(h.seen(h.storage))
	h.Server = httptest.NewServer(h.seen(h.hub))
	t.Cleanup(h.Storage.Close)
	t.Cleanup(h.Server.Close)
	return h
}

// Requests are those that came so far.
func (h *Hub) Requests() []*http.Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]*http.Request{}, h.requests...)
}

func (h *Hub) seen(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		h.requests = append(h.requests, r)
		h.mu.Unlock()
		if h.Answer == nil || !h.Answer(w, r) {
			next(w, r)
		}
	}
}

func (h *Hub) hub(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/api/models/"+h.Name+"/revision/") {
		h.list(w)
		return
	}
	name, ok := strings.CutPrefix(r.URL.Path, "/"+h.Name+"/resolve/"+Commit+"/")
	content, found := h.Files[name]
	if !ok || !found {
		w.Header().Set("X-Error-Code", "EntryNotFound")
		http.Error(w, "Entry not found", http.StatusNotFound)
		return
	}
	w.Header().Set("X-Repo-Commit", Commit)
	if !Large(name) {
		w.Header().Set("ETag", `"`+Digest(name, content)+`"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
		return
	}
	w.Header().Set("X-Linked-Etag", `"`+Digest(name, content)+`"`)
	w.Header().Set("X-Linked-Size", fmt.Sprint(len(content)))
	http.Redirect(w, r, h.Storage.URL+"/"+name, http.StatusFound)
}

func (h *Hub) storage(w http.ResponseWriter, r *http.Request) {
	content, ok := h.Files[strings.TrimPrefix(r.URL.Path, "/")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

func (h *Hub) list(w http.ResponseWriter) {
	siblings := []map[string]any{}
	for name, content := range h.Files {
		s := map[string]any{"rfilename": name, "size": len(content), "blobId": strings.Repeat("0", 40)}
		if Large(name) {
			s["lfs"] = map[string]any{"sha256": Digest(name, content), "size": len(content)}
		} else {
			s["blobId"] = Digest(name, content)
		}
		siblings = append(siblings, s)
	}
	listing := map[string]any{"id": h.Name, "sha": Commit, "tags": []string{"license:" + h.Licence}, "siblings": siblings}
	if h.Change != nil {
		h.Change(listing)
	}
	json.NewEncoder(w).Encode(listing)
}

// Large reports whether a file is kept in the large file storage.
func Large(name string) bool {
	switch path.Ext(name) {
	case ".safetensors", ".bin", ".pt":
		return true
	}
	return false
}

// Digest is what names a file's contents: sha256 of a large one, git's sha1 of a small one.
func Digest(name string, content []byte) string {
	if Large(name) {
		return fmt.Sprintf("%x", sha256.Sum256(content))
	}
	return fmt.Sprintf("%x", sha1.Sum(append(fmt.Appendf(nil, "blob %d\x00", len(content)), content...)))
}
