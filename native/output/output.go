// Package output writes files that are there completely or not at all: into a temporary file beside the target, which
// takes the target's name when everything is written.
package output

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
)

// File is a file in the making.
type File struct {
	*bufio.Writer
	file   *os.File
	target string // empty: the file is written in place, or never gets a name
	done   bool
}

// begun are the temporary files that exist, for Abandon.
var begun = struct {
	sync.Mutex
	files map[string]*os.File
}{files: map[string]*os.File{}}

// Create begins a file that Commit puts in place of target. A target that is no regular file (a device, a pipe) is
// written directly.
func Create(target string) (*File, error) {
	if real, err := filepath.EvalSymlinks(target); err == nil {
		target = real
	}
	mode := fs.FileMode(0o666)
	info, err := os.Stat(target)
	switch {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("output: %s is a folder, name a file", target)
	case err == nil && !info.Mode().IsRegular():
		f, err := os.OpenFile(target, os.O_WRONLY, 0)
		if err != nil {
			return nil, fmt.Errorf("output: %w", err)
		}
		return &File{Writer: bufio.NewWriter(f), file: f}, nil
	case err == nil:
		mode = info.Mode().Perm()
	}
	return begin(filepath.Dir(target), filepath.Base(target), target, mode)
}

// Scratch begins a file in a folder that never gets a name; Abort removes it.
func Scratch(folder string) (*File, error) { return begin(folder, "goclip", "", 0o600) }

// begin makes a temporary file. Unlike os.CreateTemp it leaves the permissions to the mode and the umask, as for any file
// that the user makes.
func begin(folder, name, target string, mode fs.FileMode) (*File, error) {
	begun.Lock()
	defer begun.Unlock()
	for range 100 {
		path := filepath.Join(folder, fmt.Sprintf(".%s.%08x.tmp", name, rand.Uint32()))
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("output: cannot write in %s: %w", folder, reason(err))
		}
		begun.files[path] = f
		return &File{Writer: bufio.NewWriterSize(f, 1<<16), file: f, target: target}, nil
	}
	return nil, fmt.Errorf("output: cannot make a temporary file in %s", folder)
}

func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// WriteAt overwrites what was written before.
func (f *File) WriteAt(p []byte, offset int64) (int, error) {
	if err := f.Flush(); err != nil {
		return 0, err
	}
	return f.file.WriteAt(p, offset)
}

// Reopened flushes and goes back to the beginning, for reading what was written.
func (f *File) Reopened() (*os.File, error) {
	if err := f.Flush(); err != nil {
		return nil, err
	}
	_, err := f.file.Seek(0, 0)
	return f.file, err
}

// Commit finishes the file under its name.
func (f *File) Commit() error {
	if f.done {
		return nil
	}
	if err := f.Flush(); err != nil {
		f.Abort()
		return fmt.Errorf("output: %w", err)
	}
	f.done = true
	begun.Lock()
	defer begun.Unlock()
	path := f.file.Name()
	_, ours := begun.files[path]
	delete(begun.files, path)
	err := f.file.Close()
	if ours && err == nil {
		err = os.Rename(path, f.target)
	}
	if err != nil {
		if ours {
			os.Remove(path)
		}
		return fmt.Errorf("output: %w", err)
	}
	return nil
}

// Abort gives the file up, so that nothing of it stays. After Commit it does nothing.
func (f *File) Abort() {
	if f.done {
		return
	}
	f.done = true
	begun.Lock()
	defer begun.Unlock()
	path := f.file.Name()
	f.file.Close()
	if _, ours := begun.files[path]; ours {
		delete(begun.files, path)
		os.Remove(path)
	}
}

// Abandon removes all files that are in the making, for a program that is about to end. Nothing can be begun or
// committed afterwards: the lock is kept.
func Abandon() {
	begun.Lock()
	for path, f := range begun.files {
		f.Close()
		os.Remove(path)
	}
}

// WriteFile writes a whole file.
func WriteFile(target string, write func(*File) error) error {
	f, err := Create(target)
	if err != nil {
		return err
	}
	defer f.Abort()
	if err := write(f); err != nil {
		return fmt.Errorf("output: %s: %w", target, reason(err))
	}
	return f.Commit()
}
