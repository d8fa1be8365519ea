// Package files reads small files out of folders that strangers made.
package files

import (
	"fmt"
	"io"
	"io/fs"
)

// Config bounds a configuration file in bytes: real ones have a few thousand.
const Config = 4 << 20

// Read reads a whole file of at most limit bytes, whole MiB. A missing file is fs.ErrNotExist.
func Read(fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a folder, not a file", name)
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s is larger than %d MiB, which no such file is", name, limit>>20)
	}
	return data, err
}
