package hub

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goclip/goclip/native/hub/hubtest"
	"github.com/stretchr/testify/require"
)

// cut sends the first bytes of what is asked for, and then closes the connection.
func cut(w http.ResponseWriter, r *http.Request, bytes int) {
	var from int
	fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
	w.Header().Set("Content-Length", fmt.Sprint(len(weights)-from))
	if from > 0 {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(weights)-1, len(weights)))
		w.WriteHeader(http.StatusPartialContent)
	}
	w.Write(weights[from : from+bytes])
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func onStorage(h *hubtest.Hub, r *http.Request) bool {
	return r.Host == strings.TrimPrefix(h.Storage.URL, "http://")
}

func TestCutOffGoesOn(t *testing.T) {
	h := newHub(t)
	var attempts atomic.Int32
	h.Answer = func(w http.ResponseWriter, r *http.Request) bool {
		if !onStorage(h, r) || attempts.Add(1) > 2 {
			return false
		}
		cut(w, r, enoughProgress+1000)
		return true
	}
	c := newClient(t, h)
	folder, err := pull(t.Context(), c, nil)
	require.NoError(t, err)
	requireWhole(t, c, folder)
	var ranges []string
	for _, r := range h.Requests() {
		if onStorage(h, r) {
			ranges = append(ranges, r.Header.Get("Range"))
		}
	}
	require.Equal(t, []string{"", fmt.Sprintf("bytes=%d-", enoughProgress+1000), fmt.Sprintf("bytes=%d-", 2*(enoughProgress+1000))}, ranges)
}

// A second pull goes on where the first one was given up.
func TestResume(t *testing.T) {
	h := newHub(t)
	broken := atomic.Bool{}
	broken.Store(true)
	h.Answer = func(w http.ResponseWriter, r *http.Request) bool {
		if !onStorage(h, r) || !broken.Load() {
			return false
		}
		if r.Header.Get("Range") != "" {
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
		cut(w, r, 1000)
		return true
	}
	c := newClient(t, h)
	_, err := pull(t.Context(), c, nil)
	require.ErrorContains(t, err, "503")
	require.Len(t, leftovers(t, c), 1)
	_, ok := c.Cache.Snapshot(model, "main")
	require.False(t, ok, "half a model is none")

	broken.Store(false)
	var total int64
	folder, err := pull(t.Context(), c, func(n int64) { total += n })
	require.NoError(t, err)
	requireWhole(t, c, folder)
	require.Greater(t, total, int64(len(weights)))
	last := h.Requests()[len(h.Requests())-1]
	require.Equal(t, "bytes=1000-", last.Header.Get("Range"))
}

func TestServerWithoutRange(t *testing.T) {
	h := newHub(t)
	h.Answer = func(w http.ResponseWriter, r *http.Request) bool {
		if onStorage(h, r) {
			w.Write(weights)
			return true
		}
		return false
	}
	c := newClient(t, h)
	incomplete := c.Cache.blob(model, hubtest.Digest("model.safetensors", weights)) + ".incomplete"
	require.NoError(t, os.MkdirAll(filepath.Dir(incomplete), 0o777))
	require.NoError(t, os.WriteFile(incomplete, weights[:5000], 0o644))
	folder, err := pull(t.Context(), c, nil)
	require.NoError(t, err)
	requireWhole(t, c, folder)
}

func TestInterrupted(t *testing.T) {
	h := newHub(t)
	begun := make(chan bool)
	h.Answer = func(w http.ResponseWriter, r *http.Request) bool {
		if !onStorage(h, r) || r.Header.Get("Range") != "" {
			return false
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(weights)))
		w.Write(weights[:200_000])
		w.(http.Flusher).Flush()
		close(begun)
		<-r.Context().Done()
		return true
	}
	stop := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() { <-begun; time.Sleep(50 * time.Millisecond); cancel(stop) }()
	c := newClient(t, h)
	start := time.Now()
	_, err := pull(ctx, c, nil)
	require.ErrorIs(t, err, stop)
	require.Less(t, time.Since(start), time.Second)
	require.Len(t, leftovers(t, c), 1)
	folder, err := pull(t.Context(), c, nil)
	require.NoError(t, err)
	requireWhole(t, c, folder)
}

func TestSilentServer(t *testing.T) {
	h := newHub(t)
	var attempts atomic.Int32
	h.Answer = func(w http.ResponseWriter, r *http.Request) bool {
		if !onStorage(h, r) || attempts.Add(1) > 1 {
			return false
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(weights)))
		w.Write(weights[:1000])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		return true
	}
	c := newClient(t, h)
	c.patience.stall = 100 * time.Millisecond
	folder, err := pull(t.Context(), c, nil)
	require.NoError(t, err)
	requireWhole(t, c, folder)
}
