package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// Repository is what the hub says of one.
type Repository struct {
	Name     string
	Revision string // what was asked for
	Commit   string // what it is
	Licence  string // as the model card abbreviates it; empty: it says none
	Files    []File
}

// File is one file of a repository.
type File struct {
	Path string // with slashes
	Size int64
	// Digest is the sha256 of a large file's contents (64 digits), or git's sha1 of a small one (40).
	Digest string
}

// Bounds of a listing, far above real ones.
const (
	maxListing = 32 << 20
	maxFiles   = 100_000
)

// listing is the answer of /api/models/NAME/revision/REVISION?blobs=true, as far as it matters.
type listing struct {
	SHA      string   `json:"sha"`
	Tags     []string `json:"tags"`
	Siblings []struct {
		Name string `json:"rfilename"`
		Size *int64 `json:"size"`
		Blob string `json:"blobId"`
		LFS  *struct {
			SHA256 string `json:"sha256"`
			Size   int64  `json:"size"`
		} `json:"lfs"`
	} `json:"siblings"`
}

// Repository lists the files of a repository ("org/name") at a revision; empty: main.
func (c *Client) Repository(ctx context.Context, name, revision string) (*Repository, error) {
	if revision == "" {
		revision = "main"
	}
	if err := checkRevision(revision); err != nil {
		return nil, err
	}
	if c.Offline {
		return nil, ErrOffline
	}
	address := c.Endpoint + "/api/models/" + name + "/revision/" + url.PathEscape(revision) + "?blobs=true"
	var l listing
	err := c.retry(ctx, func() error {
		answer, err := c.get(ctx, address, nil, http.StatusOK)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		data, err := io.ReadAll(io.LimitReader(answer.Body, maxListing+1))
		if err != nil {
			return &passing{err, 0}
		}
		if len(data) > maxListing {
			return errors.New("the list of files is larger than any real one")
		}
		l = listing{}
		if err := json.Unmarshal(data, &l); err != nil {
			return fmt.Errorf("%s answers something that is no list of files: %w", c.Endpoint, err)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("hub: %s: %w", name, err)
	}
	r, err := l.check(name, revision)
	if err == nil {
		err = c.complete(ctx, r)
	}
	if err != nil {
		return nil, fmt.Errorf("hub: %s: %w", name, err)
	}
	return r, nil
}

// legacyName are the hub's first repositories, which have no organisation: roberta-base.
var legacyName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$`)

// LegacyName reports whether a name without an organisation may be a repository's.
func LegacyName(name string) bool { return len(name) <= 96 && legacyName.MatchString(name) }

// check makes sure that all that will become a path is harmless.
func (l listing) check(name, revision string) (*Repository, error) {
	if !hexadecimal(l.SHA, 40) {
		return nil, fmt.Errorf("the list of files is of commit %q, which is none", l.SHA)
	}
	if len(l.Siblings) > maxFiles {
		return nil, fmt.Errorf("a list of %d files", len(l.Siblings))
	}
	r := &Repository{Name: name, Revision: revision, Commit: l.SHA}
	for _, tag := range l.Tags {
		if licence, ok := strings.CutPrefix(tag, "license:"); ok {
			r.Licence = licence
		}
	}
	for _, s := range l.Siblings {
		if !harmless(s.Name) {
			return nil, fmt.Errorf("the list of files has the name %q, which would leave the folder", s.Name)
		}
		f := File{Path: s.Name, Size: -1, Digest: s.Blob}
		if s.Size != nil {
			f.Size = *s.Size
		}
		if s.LFS != nil {
			f.Size, f.Digest = s.LFS.Size, s.LFS.SHA256
		}
		if f.Digest != "" && !hexadecimal(f.Digest, 40, 64) || f.Digest != "" && f.Size < 0 {
			return nil, fmt.Errorf("%s has size %d and digest %q, which cannot be", f.Path, f.Size, f.Digest)
		}
		r.Files = append(r.Files, f)
	}
	return r, nil
}

func harmless(name string) bool {
	return fs.ValidPath(name) && name != "." && filepath.IsLocal(filepath.FromSlash(name)) && !strings.ContainsAny(name, "\\:") &&
		!strings.ContainsFunc(name, unicode.IsControl)
}

// complete asks for sizes and digests of the files that are needed, where a mirror's list leaves them out.
func (c *Client) complete(ctx context.Context, r *Repository) error {
	for i := range r.Files {
		f := &r.Files[i]
		if f.Digest != "" || !worthAsking(f.Path) {
			continue
		}
		err := c.retry(ctx, func() error {
			answer, err := c.once(ctx, http.MethodHead, c.resolve(r, *f), c.Token, nil)
			if err != nil {
				return err
			}
			answer.Body.Close()
			if answer.StatusCode >= 400 {
				return c.refusal(answer)
			}
			f.Digest, f.Size = etag(answer), answer.ContentLength
			if size := answer.Header.Get("X-Linked-Size"); size != "" {
				f.Size, err = strconv.ParseInt(size, 10, 64)
			}
			return err
		})
		if err == nil && (!hexadecimal(f.Digest, 40, 64) || f.Size < 0) {
			err = fmt.Errorf("the hub tells no digest or no size (ETag %q)", f.Digest)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	return nil
}

// etag is the digest that the hub tells with a file, or with the redirection to it.
func etag(answer *http.Response) string {
	tag := answer.Header.Get("X-Linked-Etag")
	if tag == "" {
		tag = answer.Header.Get("ETag")
	}
	return strings.Trim(strings.TrimPrefix(tag, "W/"), `"`)
}

// resolve is the address of a file's contents.
func (c *Client) resolve(r *Repository, f File) string {
	return c.Endpoint + "/" + r.Name + "/resolve/" + r.Commit + "/" + (&url.URL{Path: f.Path}).EscapedPath()
}
