package core

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/goclip/goclip/core/internal/files"
	"github.com/goclip/goclip/core/preprocess"
	"github.com/goclip/goclip/core/zoo"
)

// OpenPreprocess reads what a model does to pictures, without its weights.
func OpenPreprocess(l Location) (preprocess.Config, error) {
	config, err := l.config()
	if err != nil {
		return preprocess.Config{}, err
	}
	return openPreprocess(l, config)
}

// preprocessFiles are the configuration files of preprocessing and their readers.
var preprocessFiles = []struct {
	name string
	read func([]byte) (preprocess.Config, error)
}{
	{"preprocessor_config.json", preprocess.HuggingFace},
	{"open_clip_config.json", preprocess.OpenCLIP},
}

// openPreprocess finds the preprocessing that belongs to a model: its own file, or the defaults of its family.
func openPreprocess(l Location, config *zoo.Config) (preprocess.Config, error) {
	kinds := preprocessFiles
	if config != nil && config.Mean != nil {
		kinds = nil // what lies beside a file that says it itself is another model's
	}
	if config != nil && config.Source == zoo.OpenCLIP {
		kinds = kinds[1:] // a preprocessor_config.json in an open_clip folder is for other programs
	}
	for _, folder := range l.folders() {
		for _, kind := range kinds {
			data, err := files.Read(folder, kind.name, files.Config)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return preprocess.Config{}, fmt.Errorf("core: %s: %w", l.Name, err)
			}
			c, err := kind.read(data)
			if err != nil {
				return c, fmt.Errorf("core: %s: %s: %w", l.Name, kind.name, err)
			}
			return c, nil
		}
	}
	switch {
	case config == nil || config.Image == nil:
	case config.Mean != nil && config.Std != nil:
		return preprocess.CLIP(config.Image.Picture()[0], [3]float32(config.Mean), [3]float32(config.Std))
	case config.Source == zoo.Apple:
		return preprocess.MobileCLIP(config.Image.Picture()[0]), nil
	case config.Family == "clip":
		return preprocess.OpenAI(config.Image.Picture()[0]), nil
	}
	return preprocess.Config{}, fmt.Errorf("core: %s: no preprocessor_config.json or open_clip_config.json: %w", l.Name, fs.ErrNotExist)
}
