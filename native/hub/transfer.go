package hub

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Progress is told how many bytes more (or, where a beginning was of no use, fewer) are there.
type Progress func(bytes int64)

// transfer is one file on its way.
type transfer struct {
	client  *Client
	address string
	token   string
	size    int64  // -1: the server will say
	digest  string // sha256 (64 digits), its beginning (fewer), or git's sha1 (40); empty: none is known
	target  string
	check   func(*http.Response) error // of the first answer; nil: none
	report  Progress
}

// ErrDigest: what came is not what was listed.
var ErrDigest = errors.New("the checksum is wrong")

// lockPause is how often a lock is tried that another process holds.
const lockPause = 50 * time.Millisecond

// run fetches the file, unless it is there or another process fetches it meanwhile. What is not whole stays in
// TARGET.incomplete, and the next attempt goes on from there.
func (t *transfer) run(ctx context.Context, lock string) error {
	for _, folder := range []string{filepath.Dir(lock), filepath.Dir(t.target)} {
		if err := os.MkdirAll(folder, 0o777); err != nil {
			return err
		}
	}
	held := flock.New(lock)
	if _, err := held.TryLockContext(ctx, lockPause); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("cannot lock %s: %w", lock, err)
	}
	defer held.Unlock()
	if info, err := os.Stat(t.target); err == nil && info.Mode().IsRegular() && (t.size < 0 || info.Size() == t.size) {
		t.report(info.Size())
		return nil
	}
	err := t.client.retry(ctx, func() error { return t.attempt(ctx) })
	if errors.Is(err, errStale) {
		err = t.client.retry(ctx, func() error { return t.attempt(ctx) })
	}
	return err
}

// errStale: the file was continued, and the beginning was not of the same contents. It is gone now.
var errStale = errors.New("what an earlier attempt had left was of other contents")

func (t *transfer) incomplete() string { return t.target + ".incomplete" }

// attempt fetches what is missing of the file and puts it into its place when it is whole and right.
func (t *transfer) attempt(ctx context.Context) error {
	f, err := os.OpenFile(t.incomplete(), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := t.newSum()
	begun, err := io.Copy(sum, f)
	if err != nil {
		return err
	}
	if t.size >= 0 && begun > t.size {
		if err := restart(f); err != nil {
			return err
		}
		begun, sum = 0, t.newSum()
	}
	kept := begun
	t.report(begun)
	defer func() { t.report(-begun) }() // the next attempt, or the end, reports anew
	if t.size < 0 || begun < t.size {
		if begun, err = t.receive(ctx, f, begun, &sum); err != nil {
			if begun-kept >= enoughProgress {
				err = &moved{err}
			}
			return err
		}
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); !strings.HasPrefix(got, t.digest) {
		if err := os.Remove(t.incomplete()); err != nil {
			return err
		}
		if kept > 0 {
			return fmt.Errorf("%w: %w", ErrDigest, errStale)
		}
		return fmt.Errorf("%w: it is %s, and should be %s; try again, or ask whoever is between you and the server", ErrDigest, got, t.digest)
	}
	if err := os.Rename(t.incomplete(), t.target); err != nil {
		return err
	}
	defer t.report(begun)
	return nil
}

func restart(f *os.File) error {
	_, err := f.Seek(0, io.SeekStart)
	return errors.Join(err, f.Truncate(0))
}

// enoughProgress is how many bytes make up for a failure.
const enoughProgress = 1 << 20

// newSum begins the digest: git hashes the contents' length first.
func (t *transfer) newSum() hash.Hash {
	if len(t.digest) != 40 {
		return sha256.New()
	}
	h := sha1.New()
	fmt.Fprintf(h, "blob %d\x00", t.size)
	return h
}

// receive writes what the server sends behind the first begun bytes, and says how many bytes are there then.
func (t *transfer) receive(ctx context.Context, f *os.File, begun int64, sum *hash.Hash) (int64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	header := http.Header{}
	if begun > 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-", begun))
	}
	answer, err := t.client.getAs(ctx, t.address, t.token, header, http.StatusOK, http.StatusPartialContent, http.StatusRequestedRangeNotSatisfiable)
	if err != nil {
		return begun, err
	}
	defer answer.Body.Close()
	if t.check != nil {
		if err := t.check(answer); err != nil {
			return begun, err
		}
	}
	from, total, err := span(answer)
	if err != nil {
		return begun, err
	}
	if from != begun { // the server knows no ranges, or nothing of what we have
		if from != 0 {
			return begun, fmt.Errorf("the server sends bytes from %d on, asked for %d", from, begun)
		}
		if err := restart(f); err != nil {
			return begun, err
		}
		t.report(-begun)
		begun, *sum = 0, t.newSum()
		if answer.StatusCode == http.StatusRequestedRangeNotSatisfiable {
			return 0, &passing{error: errors.New("the server has less than was there")}
		}
	}
	if t.size >= 0 && total >= 0 && total != t.size {
		return begun, fmt.Errorf("the server has %d bytes of it, the list says %d", total, t.size)
	}
	want := t.size
	if want < 0 {
		want = total
	}
	watch := &watched{Reader: answer.Body, stall: t.client.patience.stall, cancel: cancel}
	defer watch.start()()
	written, err := t.copy(f, watch, want-begun, *sum)
	begun += written
	switch {
	case ctx.Err() != nil:
		return begun, context.Cause(ctx)
	case err != nil:
		return begun, err
	case want >= 0 && begun < want:
		return begun, &passing{error: fmt.Errorf("the connection ended after %d of %d bytes", begun, want)}
	}
	return begun, nil
}

// span is where the answer's bytes begin and how many the whole file has; -1: the server does not say.
func span(answer *http.Response) (from, total int64, err error) {
	switch answer.StatusCode {
	case http.StatusOK:
		return 0, answer.ContentLength, nil
	case http.StatusRequestedRangeNotSatisfiable:
		return 0, -1, nil
	}
	var last int64
	text := answer.Header.Get("Content-Range")
	if _, err := fmt.Sscanf(text, "bytes %d-%d/%d", &from, &last, &total); err != nil || from < 0 || last < from || total <= last {
		return 0, 0, fmt.Errorf("the server sends a part without saying which (Content-Range %q)", text)
	}
	return from, total, nil
}

// copy takes at most limit bytes (below 0: all). Failures to read pass, failures to write do not.
func (t *transfer) copy(f io.Writer, body io.Reader, limit int64, sum hash.Hash) (written int64, err error) {
	buffer := make([]byte, 1<<18)
	for limit < 0 || written < limit {
		part := buffer
		if limit >= 0 && int64(len(part)) > limit-written {
			part = part[:limit-written]
		}
		n, readErr := body.Read(part)
		if n > 0 {
			m, err := f.Write(part[:n])
			sum.Write(part[:m])
			written += int64(m)
			t.report(int64(m))
			if err != nil {
				return written, fmt.Errorf("cannot write: %w; what is there is kept, and the next pull goes on from there", pathless(err))
			}
		}
		if readErr == io.EOF {
			return written, nil
		}
		if readErr != nil {
			return written, &passing{error: readErr}
		}
	}
	return written, nil
}

func pathless(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// watched cancels a transfer that has fallen silent.
type watched struct {
	io.Reader
	stall  time.Duration
	cancel context.CancelCauseFunc
	timer  *time.Timer
}

func (w *watched) start() (stop func()) {
	w.timer = time.AfterFunc(w.stall, func() {
		w.cancel(&passing{error: fmt.Errorf("nothing came for %v", w.stall)})
	})
	return func() { w.timer.Stop() }
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if n > 0 {
		w.timer.Reset(w.stall)
	}
	return n, err
}
