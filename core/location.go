package core

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/goclip/goclip/core/zoo"
)

// Location is where a model is: a folder, perhaps one checkpoint file in it, and the folder above, where diffusion
// pipelines keep the tokenizer beside the text encoder.
type Location struct {
	Dir    fs.FS
	File   string // name of a checkpoint file in Dir; empty: found by its usual names
	Name   string // for messages
	Parent fs.FS  // the folder above Dir; nil: none
	Base   string // Dir's name in Parent
}

// ErrNotFound: nothing at the path is a model.
var ErrNotFound = errors.New("no such model")

// Locate finds a model folder or a checkpoint file on disk.
func Locate(path string) (Location, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Location{}, fmt.Errorf("core: %s: %w", path, ErrNotFound)
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return Location{}, fmt.Errorf("core: %w", err)
	}
	l := Location{Name: path}
	if !info.IsDir() {
		l.File = filepath.Base(full)
		full = filepath.Dir(full)
	}
	l.Dir = os.DirFS(full)
	l.Parent, l.Base = os.DirFS(filepath.Dir(full)), filepath.Base(full)
	return l, nil
}

// siblings are the folders in which the other half of a diffusion pipeline's part lies, the likeliest first.
var siblings = map[string][]string{
	"text_encoder": {"tokenizer"}, "text_encoder_2": {"tokenizer_2", "tokenizer"}, "image_encoder": {"feature_extractor"},
}

// folders are the places to look for a tokenizer or preprocessing configuration, the model's own first.
func (l Location) folders() []fs.FS {
	list := []fs.FS{l.Dir}
	if l.Parent == nil {
		return list
	}
	for _, name := range siblings[l.Base] {
		if sub, err := fs.Sub(l.Parent, name); err == nil {
			list = append(list, sub)
		}
	}
	return list
}

// config is what the folder says of the model, or, where it says nothing, what its weights tell. It is nil where neither
// does: a tokenizer or a preprocessing configuration may stand alone, or beside a family that only its towers keep from
// opening.
func (l Location) config() (*zoo.Config, error) {
	config, err := zoo.ReadConfig(l.Dir)
	if errors.Is(err, fs.ErrNotExist) || path.Ext(l.File) == ".gguf" {
		var m *zoo.Model
		if m, err = zoo.Open(l.Dir, l.File); err == nil {
			config, err = &m.Config, m.Close()
		}
	}
	switch {
	case err == nil:
		return config, nil
	case errors.Is(err, zoo.ErrUnsupported) && l.File == "", errors.Is(err, fs.ErrNotExist):
		return nil, nil
	}
	return nil, fmt.Errorf("core: %s: %w", l.Name, err)
}
