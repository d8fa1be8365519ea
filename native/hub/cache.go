package hub

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Cache is a folder of repositories, laid out as huggingface_hub does it.
type Cache string

// Snapshot is the folder with the files of a repository at a revision, and whether there is one. It may lack files that
// nobody has asked for.
func (c Cache) Snapshot(repository, revision string) (string, bool) {
	folder := c.folder(repository)
	commit := revision
	if data, err := os.ReadFile(filepath.Join(folder, "refs", filepath.FromSlash(revision))); err == nil {
		commit = strings.TrimSpace(string(data))
	}
	if !hexadecimal(commit, 40) {
		return "", false
	}
	path := filepath.Join(folder, "snapshots", commit)
	info, err := os.Stat(path)
	return path, err == nil && info.IsDir()
}

// RepositoryAt tells from a path inside a cache which repository it is of.
func RepositoryAt(path string) (string, bool) {
	for _, part := range strings.Split(filepath.ToSlash(path), "/") {
		if rest, ok := strings.CutPrefix(part, "models--"); ok && rest != "" {
			return strings.ReplaceAll(rest, "--", "/"), true
		}
	}
	return "", false
}

func (c Cache) folder(repository string) string {
	return filepath.Join(string(c), "models--"+strings.ReplaceAll(repository, "/", "--"))
}

func (c Cache) blob(repository, digest string) string {
	return filepath.Join(c.folder(repository), "blobs", digest)
}

func (c Cache) lock(repository, digest string) string {
	return filepath.Join(string(c), ".locks", filepath.Base(c.folder(repository)), digest+".lock")
}

// link makes a file of a snapshot out of a blob: a link, or where the system has none the blob itself. Whoever looks sees
// either nothing or all of it.
func (c Cache) link(repository, commit string, f File) error {
	path := filepath.Join(c.folder(repository), "snapshots", commit, filepath.FromSlash(f.Path))
	blob := c.blob(repository, f.Digest)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	target, err := filepath.Rel(filepath.Dir(path), blob)
	if err != nil {
		return err
	}
	if old, err := os.Readlink(path); err == nil && old == target {
		return nil
	}
	temporary := path + ".incomplete"
	if err := os.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(target, temporary); err != nil {
		return os.Rename(blob, path)
	}
	return os.Rename(temporary, path)
}

// has reports whether a file is there, whole.
func (c Cache) has(repository, commit string, f File) bool {
	info, err := os.Stat(filepath.Join(c.folder(repository), "snapshots", commit, filepath.FromSlash(f.Path)))
	return err == nil && info.Mode().IsRegular() && info.Size() == f.Size
}

// point writes which commit a revision is.
func (c Cache) point(repository, revision, commit string) error {
	if revision == commit {
		return nil
	}
	path := filepath.Join(c.folder(repository), "refs", filepath.FromSlash(revision))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".ref")
	if err != nil {
		return err
	}
	_, err = f.WriteString(commit)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// hexadecimal reports whether a text is so many hexadecimal digits in small letters.
func hexadecimal(s string, lengths ...int) bool {
	if strings.Trim(s, "0123456789abcdef") != "" {
		return false
	}
	for _, n := range lengths {
		if len(s) == n {
			return true
		}
	}
	return false
}

// checkRevision refuses what would leave the folder of references.
func checkRevision(revision string) error {
	if !fs.ValidPath(revision) || revision == "." || !filepath.IsLocal(filepath.FromSlash(revision)) || strings.ContainsAny(revision, "\\:?#%") {
		return fmt.Errorf("hub: %q is no name of a revision", revision)
	}
	return nil
}
