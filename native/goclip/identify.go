package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/core/zoo"
	"github.com/goclip/goclip/core/zoo/known"
	"github.com/goclip/goclip/native/hub"
)

// identity says which released model a folder or file is.
type identity struct {
	Name string `json:"name,omitempty"` // empty: one of Candidates
	// By is what tells: the "repository" that it was fetched from, the "configuration" that names it, the "file" that was
	// released under this name, or the "sizes" of its towers. All but the first may also be said of a model that was
	// trained on from it.
	By         string   `json:"by"`
	Candidates []string `json:"candidates,omitempty"`
}

// identify tells which released model this is; nil: none that goclip knows.
func identify(l core.Location) *identity {
	if full, err := filepath.Abs(l.Name); err == nil {
		if name, ok := hub.RepositoryAt(full); ok {
			return &identity{Name: knownName(name), By: "repository"}
		}
	}
	if name := namedByConfiguration(l.Dir); name != "" {
		return &identity{Name: name, By: "configuration"}
	}
	config, err := readConfig(l)
	if err != nil {
		return nil
	}
	list := known.Like(config)
	for _, m := range list {
		for _, address := range m.Files() {
			if path.Base(address) == l.File {
				return &identity{Name: m.Name, By: "file"}
			}
		}
	}
	switch len(list) {
	case 0:
		return nil
	case 1:
		return &identity{Name: list[0].Name, By: "sizes"}
	}
	i := &identity{By: "sizes"}
	for _, m := range list {
		i.Candidates = append(i.Candidates, m.Name)
	}
	return i
}

// knownName is the table's name of a repository, if it is in the table.
func knownName(repository string) string {
	if m, err := known.Find(repository); err == nil {
		return m.Name
	}
	return repository
}

// namedByConfiguration is the released model that transformers has written into config.json as the model's origin.
func namedByConfiguration(folder fs.FS) string {
	data, err := fs.ReadFile(folder, "config.json")
	if err != nil {
		return ""
	}
	var config struct {
		Name string `json:"_name_or_path"`
	}
	if json.Unmarshal(data, &config) != nil || !strings.Contains(config.Name, "/") {
		return ""
	}
	m, err := known.Find(config.Name)
	if err != nil {
		return ""
	}
	return m.Name
}

// String says it, and how sure it is.
func (i *identity) String() string {
	switch {
	case i.By == "repository":
		return i.Name + ", says the folder that it was fetched into"
	case i.By == "configuration":
		return i.Name + ", says its config.json; perhaps trained on"
	case i.By == "file":
		return i.Name + ", say its name and its sizes"
	case i.Name != "":
		return i.Name + " is the only one of its sizes; perhaps trained on"
	}
	const shownNames = 4
	names := i.Candidates
	more := ""
	if len(names) > shownNames {
		more = fmt.Sprintf(" and %d more", len(names)-shownNames)
		names = names[:shownNames]
	}
	return fmt.Sprintf("has the sizes of %s%s", strings.Join(names, ", "), more)
}

// readConfig is what a model's folder, or else its weights, say of its towers.
func readConfig(l core.Location) (*zoo.Config, error) {
	config, err := zoo.ReadConfig(l.Dir)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return config, err
	}
	m, err := zoo.Open(l.Dir, l.File)
	if err != nil {
		return nil, err
	}
	return &m.Config, m.Close()
}
