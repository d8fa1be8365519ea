package known

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// Over is a folder with the architecture's configuration in it, in place of one that may be there: for checkpoints that
// were released as single files. A nil folder has nothing else.
func (a Architecture) Over(folder fs.FS) fs.FS {
	if a.OpenCLIP != nil {
		return configured{folder, "open_clip_config.json", fmt.Appendf(nil, `{"model_cfg": %s}`, a.OpenCLIP)}
	}
	return configured{folder, "config.json", a.HuggingFace}
}

// configured is a folder with one file of its own.
type configured struct {
	fs.FS
	name string
	data []byte
}

// Open opens the folder's own file, or one of those below.
func (c configured) Open(name string) (fs.File, error) {
	switch {
	case name == c.name:
		return &configFile{bytes.NewReader(c.data), c}, nil
	case c.FS == nil:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return c.FS.Open(name)
}

type configFile struct {
	io.Reader
	folder configured
}

func (f *configFile) Close() error               { return nil }
func (f *configFile) Stat() (fs.FileInfo, error) { return configInfo(f.folder), nil }

type configInfo configured

func (i configInfo) Name() string       { return i.name }
func (i configInfo) Size() int64        { return int64(len(i.data)) }
func (i configInfo) Mode() fs.FileMode  { return 0o444 }
func (i configInfo) ModTime() time.Time { return time.Time{} }
func (i configInfo) IsDir() bool        { return false }
func (i configInfo) Sys() any           { return nil }
