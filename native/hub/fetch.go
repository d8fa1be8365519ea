package hub

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Fetch fetches those of a repository's files that are not there, and gives the folder that has them. The revision points
// to it only when all are there. ErrDigest and a full disk are among what can go wrong; whatever does, what came is kept for
// the next attempt.
func (c *Client) Fetch(ctx context.Context, r *Repository, files []File, report Progress) (string, error) {
	if report == nil {
		report = func(int64) {}
	}
	toCome := c.Missing(r, files)
	if c.Offline && toCome > 0 {
		return "", ErrOffline
	}
	if err := c.room(string(c.Cache), toCome); err != nil {
		return "", err
	}
	for _, f := range files {
		if c.Cache.has(r.Name, r.Commit, f) {
			report(f.Size)
			continue
		}
		if err := c.fetch(ctx, r, f, report); err != nil {
			return "", fmt.Errorf("hub: %s: %s: %w", r.Name, f.Path, err)
		}
	}
	if err := c.Cache.point(r.Name, r.Revision, r.Commit); err != nil {
		return "", fmt.Errorf("hub: %w", err)
	}
	folder, ok := c.Cache.Snapshot(r.Name, r.Revision)
	if !ok {
		return "", fmt.Errorf("hub: %s: the files have gone from %s", r.Name, c.Cache)
	}
	return folder, nil
}

func (c *Client) fetch(ctx context.Context, r *Repository, f File, report Progress) error {
	if f.Digest == "" {
		return fmt.Errorf("the hub tells no checksum of it")
	}
	t := &transfer{client: c, address: c.resolve(r, f), token: c.Token, size: f.Size, digest: f.Digest,
		target: c.Cache.blob(r.Name, f.Digest), report: report, check: func(answer *http.Response) error { return agrees(answer, r, f) }}
	if err := t.run(ctx, c.Cache.lock(r.Name, f.Digest)); err != nil {
		return err
	}
	return c.Cache.link(r.Name, r.Commit, f)
}

// agrees makes sure that the hub means the file that it has listed.
func agrees(answer *http.Response, r *Repository, f File) error {
	if commit := answer.Header.Get("X-Repo-Commit"); commit != "" && commit != r.Commit {
		return fmt.Errorf("the hub sends commit %s, asked for %s", commit, r.Commit)
	}
	if tag := answer.Header.Get("X-Linked-Etag"); tag != "" && etag(answer) != f.Digest {
		return fmt.Errorf("%w: the hub sends %s, and has listed %s", ErrDigest, etag(answer), f.Digest)
	}
	if size := answer.Header.Get("X-Linked-Size"); size != "" && size != strconv.FormatInt(f.Size, 10) {
		return fmt.Errorf("the hub sends %s bytes, and has listed %d", size, f.Size)
	}
	return nil
}

// Missing is how many bytes of files still have to come.
func (c *Client) Missing(r *Repository, files []File) (n int64) {
	for _, f := range files {
		if c.Cache.has(r.Name, r.Commit, f) {
			continue
		}
		n += missing(c.Cache.blob(r.Name, f.Digest), f.Size)
	}
	return n
}

// Read fetches a small file of a repository and gives its contents.
func (c *Client) Read(ctx context.Context, r *Repository, f File) ([]byte, error) {
	const most = 64 << 20
	if f.Size > most {
		return nil, fmt.Errorf("hub: %s has %d bytes, which no such file has", f.Path, f.Size)
	}
	if !c.Cache.has(r.Name, r.Commit, f) {
		if c.Offline {
			return nil, ErrOffline
		}
		if err := c.fetch(ctx, r, f, func(int64) {}); err != nil {
			return nil, fmt.Errorf("hub: %s: %s: %w", r.Name, f.Path, err)
		}
	}
	data, err := os.ReadFile(filepath.Join(c.Cache.folder(r.Name), "snapshots", r.Commit, filepath.FromSlash(f.Path)))
	if err != nil {
		return nil, fmt.Errorf("hub: %w", err)
	}
	return data, nil
}

// Copy fetches small files and puts copies into a folder.
func (c *Client) Copy(ctx context.Context, r *Repository, files []File, folder string) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return fmt.Errorf("hub: %w", err)
	}
	for _, f := range files {
		data, err := c.Read(ctx, r, f)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, path.Base(f.Path)), data, 0o644); err != nil {
			return fmt.Errorf("hub: %w", err)
		}
	}
	return nil
}

// room makes sure that there is space for so many bytes more.
func (c *Client) room(folder string, bytes int64) error {
	if bytes <= 0 {
		return nil
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return fmt.Errorf("hub: %w", err)
	}
	free, err := c.free(folder)
	if err == nil && free < bytes {
		return fmt.Errorf("hub: %d MB are to come, and %s has room for %d: make room, or set HF_HOME to another place", bytes/1e6, folder, free/1e6)
	}
	return nil
}

// missing is how many bytes of a file are still to come: what is whole or begun need not find room again.
func missing(target string, size int64) int64 {
	for _, path := range []string{target, target + ".incomplete"} {
		if info, err := os.Stat(path); err == nil {
			return max(0, size-info.Size())
		}
	}
	return size
}

// Single is a file with an address of its own, as OpenAI and open_clip released them.
type Single struct {
	Address string
	Size    int64
	Path    string // where it lies, or will
}

// released are addresses whose digest, or its first 8 digits, is part of them.
var released = regexp.MustCompile(`/([0-9a-f]{64})/[\w.-]+$|-([0-9a-f]{8})\.pth?$`)

// Single asks for the size of a file.
func (c *Client) Single(ctx context.Context, address string) (Single, error) {
	if c.Offline {
		return Single{}, ErrOffline
	}
	s := Single{Address: address, Size: -1}
	var err error
	if s.Path, err = SinglePath(address); err != nil {
		return s, err
	}
	err = c.retry(ctx, func() error {
		answer, err := c.getAs(ctx, address, "", http.Header{"Range": {"bytes=0-0"}}, http.StatusOK, http.StatusPartialContent)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		_, s.Size, err = span(answer)
		return err
	})
	if err != nil {
		return s, fmt.Errorf("hub: %s: %w", address, err)
	}
	return s, nil
}

// SinglePath is where the file of an address lies: in the folder that Python's clip and open_clip use too.
func SinglePath(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("hub: %w", err)
	}
	name := path.Base(u.Path)
	if !harmless(name) || strings.Contains(name, "/") {
		return "", fmt.Errorf("hub: %s is no address of a file", address)
	}
	folder, err := caches()
	return filepath.Join(folder, "clip", name), err
}

// FetchSingle fetches it, if it is not there.
func (c *Client) FetchSingle(ctx context.Context, s Single, report Progress) error {
	t := &transfer{client: c, address: s.Address, size: s.Size, target: s.Path, report: report}
	if t.report == nil {
		t.report = func(int64) {}
	}
	if m := released.FindStringSubmatch(s.Address); m != nil {
		t.digest = m[1] + m[2]
	}
	if err := c.room(filepath.Dir(s.Path), missing(s.Path, s.Size)); err != nil {
		return err
	}
	lock := filepath.Join(filepath.Dir(s.Path), "."+filepath.Base(s.Path)+".lock")
	if err := t.run(ctx, lock); err != nil {
		return fmt.Errorf("hub: %s: %w", s.Address, err)
	}
	return nil
}
