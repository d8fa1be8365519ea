package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/native/hub/hubtest"
)

const model = "org/model"

// weights are larger than what makes up for a failure.
var weights = func() []byte {
	random := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, 3*enoughProgress)
	for i := range data {
		data[i] = byte(random.Uint32())
	}
	return data
}()

func newHub(t *testing.T) *hubtest.Hub {
	return hubtest.New(t, model, map[string][]byte{
		"config.json": []byte(`{"model_type": "clip"}`), "tokenizer.json": []byte("{}"), "README.md": []byte("# Model"),
		"model.safetensors": weights, "pytorch_model.bin": []byte("the same again"), "onnx/model.onnx": []byte("and again"),
	})
}

func newClient(t *testing.T, h *hubtest.Hub) *Client {
	return &Client{Endpoint: h.URL, Cache: Cache(t.TempDir()), transport: newTransport(), free: freeSpace,
		patience: patience{attempts: 3, first: time.Millisecond, longest: 3 * time.Second, stall: 10 * time.Second}}
}

// pull fetches what a model needs, as goclip pull does.
func pull(ctx context.Context, c *Client, report Progress) (string, error) {
	r, err := c.Repository(ctx, model, "")
	if err != nil {
		return "", err
	}
	files, err := Needed(r.Files, func(f File) ([]byte, error) { return c.Read(ctx, r, f) })
	if err != nil {
		return "", err
	}
	return c.Fetch(ctx, r, files, report)
}

func requireWhole(t *testing.T, c *Client, folder string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, "model.safetensors"))
	require.NoError(t, err)
	require.True(t, string(data) == string(weights), "the file is another one")
	require.Empty(t, leftovers(t, c))
}

// leftovers are the unfinished files in a cache.
func leftovers(t *testing.T, c *Client) (list []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(string(c.Cache), func(path string, _ os.DirEntry, err error) error {
		if strings.HasSuffix(path, ".incomplete") {
			list = append(list, path)
		}
		return err
	}))
	return list
}

func TestPull(t *testing.T) {
	h := newHub(t)
	c := newClient(t, h)
	c.Token = "hf_secret"
	var total int64
	folder, err := pull(t.Context(), c, func(n int64) { total += n })
	require.NoError(t, err)
	requireWhole(t, c, folder)
	require.EqualValues(t, len(weights)+len(h.Files["config.json"])+len(h.Files["tokenizer.json"]), total)

	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 3, "only what is needed")
	blobs := filepath.Join(string(c.Cache), "models--org--model", "blobs")
	require.FileExists(t, filepath.Join(blobs, hubtest.Digest("model.safetensors", weights)))
	require.FileExists(t, filepath.Join(blobs, hubtest.Digest("config.json", h.Files["config.json"])))
	ref, err := os.ReadFile(filepath.Join(string(c.Cache), "models--org--model", "refs", "main"))
	require.NoError(t, err)
	require.Equal(t, hubtest.Commit, string(ref))
	require.Equal(t, filepath.Join(string(c.Cache), "models--org--model", "snapshots", hubtest.Commit), folder)
	name, ok := RepositoryAt(folder)
	require.True(t, ok)
	require.Equal(t, model, name)

	for _, r := range h.Requests() {
		if r.Host == strings.TrimPrefix(h.URL, "http://") {
			require.Equal(t, "Bearer hf_secret", r.Header.Get("Authorization"))
		} else {
			require.Empty(t, r.Header.Get("Authorization"), "the token went to another server")
		}
	}

	before := len(h.Requests())
	_, err = pull(t.Context(), c, nil)
	require.NoError(t, err)
	require.Equal(t, before+1, len(h.Requests()), "the second time only the listing is fetched")
}

func TestOffline(t *testing.T) {
	h := newHub(t)
	c := newClient(t, h)
	c.Offline = true
	_, err := pull(t.Context(), c, nil)
	require.ErrorIs(t, err, ErrOffline)
	require.Empty(t, h.Requests())
}

func TestListingWithoutDigests(t *testing.T) {
	h := newHub(t)
	h.Change = func(listing map[string]any) {
		for _, s := range listing["siblings"].([]map[string]any) {
			delete(s, "lfs")
			delete(s, "blobId")
			delete(s, "size")
		}
	}
	c := newClient(t, h)
	folder, err := pull(t.Context(), c, nil)
	require.NoError(t, err)
	requireWhole(t, c, folder)
}

// refusals are answers that end a pull at once, with what the message says.
func TestRefusals(t *testing.T) {
	for want, answer := range map[string]func(w http.ResponseWriter){
		"set HF_TOKEN": func(w http.ResponseWriter) { w.WriteHeader(http.StatusUnauthorized) },
		"accept the terms": func(w http.ResponseWriter) {
			w.Header().Set("X-Error-Code", "GatedRepo")
			w.WriteHeader(http.StatusForbidden)
		},
		"no such model": func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotFound) },
		"no such revision": func(w http.ResponseWriter) {
			w.Header().Set("X-Error-Code", "RevisionNotFound")
			w.WriteHeader(http.StatusNotFound)
		},
		"no list of files":  func(w http.ResponseWriter) { io.WriteString(w, "<html>") },
		"answers 418":       func(w http.ResponseWriter) { w.WriteHeader(http.StatusTeapot) },
		"more than 5 times": func(w http.ResponseWriter) { w.Header().Set("Location", "/again"); w.WriteHeader(http.StatusFound) },
		"asks to wait for 1h0": func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusTooManyRequests)
		},
	} {
		h := newHub(t)
		h.Answer = func(w http.ResponseWriter, _ *http.Request) bool { answer(w); return true }
		_, err := pull(t.Context(), newClient(t, h), nil)
		require.ErrorContains(t, err, want)
	}
}

// Failures that pass are tried again, as late as the server wishes.
func TestRetries(t *testing.T) {
	for _, status := range []int{http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable} {
		h := newHub(t)
		failures := map[string]int{}
		var mu sync.Mutex
		h.Answer = func(w http.ResponseWriter, r *http.Request) bool {
			mu.Lock()
			defer mu.Unlock()
			if failures[r.URL.Path]++; failures[r.URL.Path] > 1 {
				return false
			}
			w.WriteHeader(status)
			return true
		}
		c := newClient(t, h)
		waited := 0
		c.Waiting = func(err error, pause time.Duration) {
			waited++
			require.ErrorContains(t, err, fmt.Sprint(status))
			require.Positive(t, pause)
		}
		folder, err := pull(t.Context(), c, nil)
		require.NoError(t, err, status)
		requireWhole(t, c, folder)
		require.Positive(t, waited)
	}

	h := newHub(t)
	var asked []time.Time
	h.Answer = func(w http.ResponseWriter, _ *http.Request) bool {
		asked = append(asked, time.Now())
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	}
	_, err := pull(t.Context(), newClient(t, h), nil)
	require.ErrorContains(t, err, "429")
	require.ErrorContains(t, err, "after 3 attempts")
	require.Len(t, asked, 3, "attempts are bounded")
	require.GreaterOrEqual(t, asked[1].Sub(asked[0]), time.Second)
}

func TestWrongChecksum(t *testing.T) {
	h := newHub(t)
	wrong := append([]byte{}, weights...)
	wrong[77]++
	h.Answer = func(w http.ResponseWriter, r *http.Request) bool {
		if onStorage(h, r) {
			w.Write(wrong)
			return true
		}
		return false
	}
	c := newClient(t, h)
	_, err := pull(t.Context(), c, nil)
	require.ErrorIs(t, err, ErrDigest)
	require.Empty(t, leftovers(t, c), "wrong bytes are not gone on with")
	require.NoFileExists(t, c.Cache.blob(model, hubtest.Digest("model.safetensors", weights)))
	_, ok := c.Cache.Snapshot(model, "main")
	require.False(t, ok)
}

// A beginning of other contents costs one attempt, not the pull.
func TestWrongBeginning(t *testing.T) {
	h := newHub(t)
	c := newClient(t, h)
	incomplete := c.Cache.blob(model, hubtest.Digest("model.safetensors", weights)) + ".incomplete"
	require.NoError(t, os.MkdirAll(filepath.Dir(incomplete), 0o777))
	for _, beginning := range [][]byte{[]byte("something else"), append([]byte("longer"), weights...)} {
		require.NoError(t, os.WriteFile(incomplete, beginning, 0o644))
		folder, err := pull(t.Context(), c, nil)
		require.NoError(t, err)
		requireWhole(t, c, folder)
		require.NoError(t, os.RemoveAll(c.Cache.folder(model)))
		require.NoError(t, os.MkdirAll(filepath.Dir(incomplete), 0o777))
	}
}

func TestAnotherFileThanListed(t *testing.T) {
	for _, header := range []string{"X-Repo-Commit", "X-Linked-Etag", "X-Linked-Size"} {
		h := newHub(t)
		h.Answer = func(w http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, "/resolve/"+hubtest.Commit+"/model.safetensors") {
				w.Header().Set(header, "1")
				http.Redirect(w, r, h.Storage.URL+"/model.safetensors", http.StatusFound)
				return true
			}
			return false
		}
		_, err := pull(t.Context(), newClient(t, h), nil)
		require.ErrorContains(t, err, "the hub sends", header)
	}
}

func TestFullDisk(t *testing.T) {
	h := newHub(t)
	c := newClient(t, h)
	c.free = func(string) (int64, error) { return 2_000_000, nil }
	_, err := pull(t.Context(), c, nil)
	require.ErrorContains(t, err, "has room for 2")
	for _, r := range h.Requests() {
		require.False(t, onStorage(h, r), "asked for before the disk was looked at")
	}

	folder := tinyDisk(t) // which says only while writing that it is full
	c = newClient(t, h)
	c.Cache, c.free = Cache(folder), func(string) (int64, error) { return 1 << 40, nil }
	_, err = pull(t.Context(), c, nil)
	require.ErrorContains(t, err, "no space left")
	require.ErrorContains(t, err, "goes on from there")
	require.Len(t, leftovers(t, c), 1)
	_, ok := c.Cache.Snapshot(model, "main")
	require.False(t, ok)
}

func TestTwoPullsAtOnce(t *testing.T) {
	h := newHub(t)
	cache := Cache(t.TempDir())
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() {
			c := newClient(t, h)
			c.Cache = cache
			_, errs[i] = pull(t.Context(), c, nil)
		})
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	fetched := 0
	for _, r := range h.Requests() {
		if onStorage(h, r) {
			fetched++
		}
	}
	require.Equal(t, 1, fetched)
	c := newClient(t, h)
	c.Cache = cache
	folder, ok := cache.Snapshot(model, "main")
	require.True(t, ok)
	requireWhole(t, c, folder)
}

// A file that is there already needs no room.
func TestNoRoomIsNeededForWhatIsThere(t *testing.T) {
	c, err := FromEnvironment()
	require.NoError(t, err)
	c.free = func(string) (int64, error) { return 10, nil }
	path := filepath.Join(t.TempDir(), "x.pt")
	require.NoError(t, os.WriteFile(path, make([]byte, 1000), 0o644))
	require.NoError(t, c.FetchSingle(t.Context(), Single{"https://example.com/x.pt", 1000, path}, nil))
	require.ErrorContains(t, c.FetchSingle(t.Context(), Single{"https://example.com/y.pt", 1000, path + "y"}, nil), "make room")
}

func TestSeveralUnknownCheckpoints(t *testing.T) {
	_, err := Needed([]File{{Path: "config.json"}, {Path: "optimizer.pt"}, {Path: "weights.pt"}}, nil)
	require.ErrorContains(t, err, "several checkpoints (optimizer.pt and weights.pt among them)")
	files, err := Needed([]File{{Path: "a.safetensors"}, {Path: "optimizer.pt"}}, nil)
	require.NoError(t, err)
	require.Equal(t, []File{{Path: "a.safetensors"}}, files)
}
