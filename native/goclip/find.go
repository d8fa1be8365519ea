package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/core/zoo/known"
	"github.com/goclip/goclip/native/hub"
)

// findPulled finds a model by name among those that were fetched, by goclip or by Python's libraries, without the network.
// Where only a tower of it was fetched, that is found, the one of the wanted towers first.
func findPulled(name string, towers core.Towers) (core.Location, error) {
	model, err := known.Find(name)
	if err == nil {
		if l, ok := pulled(model, model.Address(name), towers); ok {
			return l, nil
		}
		return core.Location{}, fmt.Errorf("model %q is not on this machine; fetch it with: goclip pull %s", name, name)
	}
	var several *known.Ambiguous
	if errors.As(err, &several) {
		return core.Location{}, fmt.Errorf("model %w", several)
	}
	repository, ok := known.Repository(name)
	if !ok {
		return core.Location{}, fmt.Errorf("model %q is neither on this machine nor a released one that goclip knows (goclip models lists them)", name)
	}
	for _, weights := range []bool{true, false} {
		if l, ok := fromHub(repository, towers, weights); ok {
			return l, nil
		}
	}
	return core.Location{}, fmt.Errorf("model %q is not on this machine; fetch it with: goclip pull %s", name, name)
}

// pulled finds a known model: at the address that was named, or else at any. A folder without weights, which other programs
// may have fetched, does for a tokenizer if there is no other.
func pulled(m known.Model, address string, towers core.Towers) (core.Location, bool) {
	addresses := m.Addresses
	if address != "" {
		addresses = []string{address}
	}
	for _, weights := range []bool{true, false} {
		for _, a := range addresses {
			if l, ok := at(m, a, towers, weights); ok {
				return l, true
			}
		}
	}
	return core.Location{}, false
}

// at finds a model at one of its addresses.
func at(m known.Model, address string, towers core.Towers, weights bool) (core.Location, bool) {
	if slices.Contains(m.Repositories(), address) {
		return fromHub(address, towers, weights)
	}
	path, err := hub.SinglePath(address)
	if err != nil {
		return core.Location{}, false
	}
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return core.Location{}, false
	}
	return single(m, path), true
}

// single is a released file that has no configuration of its own beside it. OpenAI's tell all by themselves.
func single(m known.Model, path string) core.Location {
	l := core.Location{Dir: os.DirFS(filepath.Dir(path)), File: filepath.Base(path), Name: path}
	if m.Family != "openai" {
		l.Dir = m.Shape().Over(l.Dir)
	}
	return l
}

// fromHub finds a repository of the hub, or a tower of it; with weights only such that have some.
func fromHub(repository string, towers core.Towers, weights bool) (core.Location, bool) {
	client, err := hub.FromEnvironment()
	if err != nil {
		return core.Location{}, false
	}
	if path, ok := client.Cache.Snapshot(repository, "main"); ok && (!weights || hub.HasWeights(path)) {
		return located(path)
	}
	return fetchedPart(repository, towers)
}

// located is a model folder, with its tokenizer where that was fetched from elsewhere.
func located(folder string) (core.Location, bool) {
	l, err := core.Locate(folder)
	if err != nil {
		return core.Location{}, false
	}
	if name, ok := tokenizerElsewhere(l.Dir); ok {
		if client, err := hub.FromEnvironment(); err == nil {
			if path, ok := client.Cache.Snapshot(name, "main"); ok {
				l.Dir = withTokenizer{l.Dir, os.DirFS(path)}
			}
		}
	}
	return l, true
}

// tokenizerElsewhere tells from a model folder of open_clip that its tokenizer is that of another repository.
func tokenizerElsewhere(folder fs.FS) (repository string, ok bool) {
	data, err := fs.ReadFile(folder, "open_clip_config.json")
	if err != nil {
		return "", false
	}
	var config struct {
		Model struct {
			Text struct {
				Tokenizer string `json:"hf_tokenizer_name"`
			} `json:"text_cfg"`
		} `json:"model_cfg"`
	}
	if json.Unmarshal(data, &config) != nil || config.Model.Text.Tokenizer == "" {
		return "", false
	}
	for _, name := range hub.Vocabularies {
		if _, err := fs.Stat(folder, name); err == nil {
			return "", false
		}
	}
	return config.Model.Text.Tokenizer, true
}

// withTokenizer is a model folder with the tokenizer of another one.
type withTokenizer struct {
	fs.FS
	tokenizer fs.FS
}

// Open opens a file of the model, or one of the tokenizer.
func (w withTokenizer) Open(name string) (fs.File, error) {
	f, err := w.FS.Open(name)
	if errors.Is(err, fs.ErrNotExist) && slices.Contains(hub.TokenizerFiles, name) {
		return w.tokenizer.Open(name)
	}
	return f, err
}
