package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime/debug"
)

// file is an opened file whose bytes can be read anywhere.
type file struct {
	name   string
	size   int64
	mapped []byte      // the whole file, if the system maps it
	reader io.ReaderAt // otherwise
	closer io.Closer
}

// openFile opens a file for reading anywhere: mapped if the system can, by io.ReaderAt (files on disk, embedded files,
// a reader of ranges in the browser), or read whole if it is small.
func openFile(fsys fs.FS, name string) (*file, error) {
	opened, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	f, err := prepare(opened, name)
	if err != nil {
		opened.Close()
		return nil, fmt.Errorf("checkpoint: %s: %w", name, err)
	}
	return f, nil
}

func prepare(opened fs.File, name string) (*file, error) {
	info, err := opened.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, errors.New("is a folder; name the checkpoint file in it")
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("is not a regular file")
	}
	f := &file{name: name, size: info.Size(), closer: opened}
	if f.size == 0 {
		return nil, errors.New("is empty; download it again")
	}
	if f.mapped = mapFile(opened, f.size); f.mapped != nil {
		f.closer = nil
		return f, opened.Close()
	}
	if r, ok := opened.(io.ReaderAt); ok {
		f.reader = r
		return f, nil
	}
	if f.size > maxWhole {
		return nil, fmt.Errorf("has %d bytes on a file system that reads only from the beginning; at most %d are read that way: "+
			"copy it to a disk", f.size, maxWhole)
	}
	whole, err := io.ReadAll(io.LimitReader(opened, f.size+1))
	if err != nil {
		return nil, err
	}
	if int64(len(whole)) != f.size {
		return nil, fmt.Errorf("has not the %d bytes that the file system says", f.size)
	}
	f.reader = wholeFile(whole)
	return f, nil
}

// wholeFile reads from memory.
type wholeFile []byte

func (w wholeFile) ReadAt(p []byte, offset int64) (int, error) {
	n := copy(p, w[min(offset, int64(len(w))):])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *file) close() error {
	var err error
	if f.mapped != nil {
		err = unmap(f.mapped)
		f.mapped = nil
	}
	if f.closer != nil {
		err = errors.Join(err, f.closer.Close())
	}
	return err
}

// ReadAt is that of io.ReaderAt.
func (f *file) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 {
		return 0, errors.New("negative offset")
	}
	if offset >= f.size {
		return 0, io.EOF
	}
	if f.mapped == nil {
		return f.reader.ReadAt(p, offset)
	}
	n := min(int64(len(p)), f.size-offset)
	if err := guarded(func() { copy(p, f.mapped[offset:offset+n]) }); err != nil {
		return 0, err
	}
	if n < int64(len(p)) {
		return int(n), io.EOF
	}
	return int(n), nil
}

// check reports a range that is not inside the file.
func (f *file) check(offset, length int64) error {
	if offset < 0 || length < 0 || offset > f.size || length > f.size-offset {
		return fmt.Errorf("%d bytes at %d are not inside the file of %d bytes", length, offset, f.size)
	}
	return nil
}

// read returns a copy of a range of the file.
func (f *file) read(offset, length int64) ([]byte, error) {
	if err := f.check(offset, length); err != nil {
		return nil, err
	}
	p := make([]byte, length)
	return p, f.fill(p, offset)
}

func (f *file) fill(p []byte, offset int64) error {
	n, err := f.ReadAt(p, offset)
	if n == len(p) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("reading %d bytes at %d: %w", len(p), offset, err)
}

// parts hands a range of the file to use, piece by piece in order. Every piece but the last is a multiple of 16 bytes.
// use must not keep the piece.
func (f *file) parts(offset, length int64, use func(part []byte) error) error {
	if err := f.check(offset, length); err != nil {
		return err
	}
	var buffer []byte
	if f.mapped == nil {
		buffer = make([]byte, min(length, window))
	}
	for length > 0 {
		n := min(length, window)
		if f.mapped != nil {
			if err := f.view(offset, n, use); err != nil {
				return err
			}
		} else {
			if err := f.fill(buffer[:n], offset); err != nil {
				return err
			}
			if err := use(buffer[:n]); err != nil {
				return err
			}
		}
		offset += n
		length -= n
	}
	return nil
}

// view hands a range of a mapped file to use, and lets go of its memory then: a model that is loaded shall not be there
// twice.
func (f *file) view(offset, length int64, use func(part []byte) error) error {
	var err error
	fault := guarded(func() { err = use(f.mapped[offset : offset+length]) })
	forget(f.mapped, offset, length)
	return errors.Join(fault, err)
}

// guarded runs read, which touches mapped memory. A page that is no longer behind the mapping, because the file was cut
// short or its disk failed, raises a fault; guarded makes an error of it.
func guarded(read func()) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch r := recover().(type) {
		case nil:
		case interface{ Addr() uintptr }: // runtime.Error of a fault at an address that is not nil's
			err = errors.New("the file changed or its disk failed while it was being read")
		default:
			panic(r)
		}
	}()
	read()
	return nil
}
