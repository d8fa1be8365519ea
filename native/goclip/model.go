package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/core/embedded"
	"github.com/goclip/goclip/core/preprocess"
)

// embeddedName is the name of the model that is built in. A folder of that name is opened as ./tiny.
const embeddedName = "tiny"

// locate finds the model that -m names.
func (p *program) locate() (core.Location, error) { return p.locateFor(0) }

// locateFor finds the model for some of its towers; 0: for all.
func (p *program) locateFor(towers core.Towers) (core.Location, error) {
	if p.model == embeddedName {
		return core.Location{Dir: embedded.Model(), Name: embeddedName}, nil
	}
	l, err := core.Locate(p.model)
	switch {
	case err == nil || !errors.Is(err, core.ErrNotFound):
		return l, err
	case looksLikePath(p.model):
		return l, fmt.Errorf("--model %s: no such file or folder", p.model)
	}
	return findPulled(p.model, towers)
}

// weightExtensions are the endings of checkpoint files.
var weightExtensions = []string{".safetensors", ".pt", ".pth", ".bin", ".gguf", ".npz", ".json"}

// looksLikePath reports whether a text that is not on disk was meant to be there. Names of models have at most one slash.
func looksLikePath(s string) bool {
	return s == "" || strings.HasPrefix(s, ".") || strings.HasPrefix(s, "~") || filepath.IsAbs(s) || strings.ContainsRune(s, '\\') ||
		slices.Contains(weightExtensions, strings.ToLower(filepath.Ext(s))) || strings.HasSuffix(s, "/") ||
		strings.Count(s, "/") > 1
}

// openModel opens the model with the towers that are needed, ready for texts and pictures. The second result closes it
// and its device.
func (p *program) openModel(ctx context.Context, towers core.Towers) (*core.Model, func(), error) {
	m, closeModel, err := p.load(ctx, towers)
	if err == nil {
		if err = usable(m, towers); err != nil {
			closeModel()
		}
	}
	return m, closeModel, err
}

// load opens the model and the device that computes it.
func (p *program) load(ctx context.Context, towers core.Towers) (*core.Model, func(), error) {
	l, err := p.locateFor(towers)
	if err != nil {
		return nil, nil, err
	}
	devices, err := p.serve(ctx)
	if err != nil {
		return nil, nil, err
	}
	limited := func() {}
	m, err := core.OpenAt(ctx, l, core.Options{Device: devices.Current(), Fallback: devices.Next, Towers: towers, Progress: p.loading(l.Name), Admit: func(n core.Need) error {
		limited = within(p.held(n))
		return p.room(n, "close other programs, or take a smaller model (goclip models)")
	}})
	limited()
	p.bar.stop()
	p.bar = nil
	if err != nil {
		devices.Close()
		return nil, nil, err
	}
	return m, func() {
		m.Close()
		devices.Close()
	}, nil
}

// usable finds now, and once, what would otherwise fail with every text or picture: a tokenizer or a preprocessing
// configuration that is missing or wrong.
func usable(m *core.Model, towers core.Towers) error {
	if towers&core.TextTower != 0 {
		if _, err := m.Tokenize(""); err != nil {
			return err
		}
	}
	if towers&core.ImageTower != 0 {
		picture, err := preprocess.FromImage(image.NewGray(image.Rect(0, 0, 64, 64)))
		if err != nil {
			return err
		}
		if _, err := m.Prepare(picture); err != nil {
			return err
		}
	}
	return nil
}
