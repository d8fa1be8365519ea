// Package pictures finds and reads the pictures that a command line names: files, folders, globs, http(s) addresses and
// standard input. Pictures are read and decoded by several goroutines at a time and come out in the order in which they
// were named, with memory for a bounded number of them.
package pictures

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"syscall"
)

// Sizes of picture files that are read: whatever is larger is a mistake or an attack. What comes from elsewhere has the
// tighter bound.
const (
	maxFile     = 512 << 20
	maxDownload = 128 << 20
)

// Stdin is the name of standard input.
const Stdin = "-"

type kind uint8

const (
	file kind = iota
	address
	stdin
	missing // nothing to read: err says why
)

// Source is one picture that was named or found.
type Source struct {
	Name string // as the user gave it, or the folder as given joined with what was found in it
	kind kind
	err  error
}

// Usable reports whether reading can be tried; it is false for what could not even be found.
func (s Source) Usable() bool { return s.kind != missing }

// Read reads the whole file. Its errors do not repeat the source's name.
func (s Source) Read(ctx context.Context) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var data []byte
	var err error
	switch s.kind {
	case file:
		data, err = readFile(s.Name)
	case address:
		data, err = download(ctx, s.Name)
	case stdin:
		data, err = readUpTo(os.Stdin, 0, maxDownload)
	default:
		return nil, s.err
	}
	if err != nil {
		return nil, plain(err)
	}
	return data, nil
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Mode().IsRegular() && info.Size() > maxFile {
		return nil, tooLarge(maxFile)
	}
	return readUpTo(f, info.Size(), maxFile)
}

// readUpTo reads everything, but no more than limit. size is a guess at how much there is.
func readUpTo(r io.Reader, size, limit int64) ([]byte, error) {
	buffer := bytes.NewBuffer(make([]byte, 0, max(min(size, limit), 0)+bytes.MinRead))
	n, err := buffer.ReadFrom(io.LimitReader(r, limit+1))
	if err == nil && n > limit {
		err = tooLarge(limit)
	}
	return buffer.Bytes(), err
}

func tooLarge(limit int64) error {
	return fmt.Errorf("larger than %d MiB, the most that is read of one picture", limit>>20)
}

// plain strips an error of the name of the file or address, which whoever reports the error says anyway.
func plain(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	var web *url.Error
	switch {
	case errors.As(err, &web):
		if web.Timeout() {
			return errors.New("no answer in time")
		}
		return plain(web.Err)
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("no such file or folder%w", silent{err})
	case errors.Is(err, syscall.EISDIR):
		return fmt.Errorf("a folder, not a picture%w", silent{err})
	}
	return err
}

// silent keeps an error's identity and drops its words.
type silent struct{ error }

func (silent) Error() string   { return "" }
func (s silent) Unwrap() error { return s.error }
