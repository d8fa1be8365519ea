package known

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/goclip/goclip/core/zoo"
)

// Architecture is one shape that models have been released in.
type Architecture struct {
	Name string `json:"name"`
	// Parameters is the published number: all weights of the checkpoint with its logit scale and bias, without the
	// running statistics of batch normalisation and the branches that MobileCLIP is trained with. Where only rounded
	// numbers were published (MobileCLIP, PE-Core, TinyCLIP, Chinese-CLIP) it is what the towers have.
	Parameters int64 `json:"parameters"`
	// Unused are those among them that no embedding needs: CoCa's decoder, ALIGN's text pooler.
	Unused int64 `json:"unused"`
	// One of the two: open_clip's model_cfg, or Hugging Face's config.json.
	OpenCLIP    json.RawMessage `json:"open_clip"`
	HuggingFace json.RawMessage `json:"huggingface"`
}

//go:embed architectures.json
var architectureTable []byte

// Architectures lists all architectures.
var Architectures = sync.OnceValue(func() []Architecture {
	var list []Architecture
	if err := json.Unmarshal(architectureTable, &list); err != nil {
		panic("BUG: known: " + err.Error())
	}
	return list
})

// FindArchitecture finds an architecture by its own name, or by that of a model.
func FindArchitecture(name string) (Architecture, error) {
	list := Architectures()
	if i := slices.IndexFunc(list, func(a Architecture) bool { return a.Name == name }); i >= 0 {
		return list[i], nil
	}
	m, err := Find(name)
	if err == nil {
		return m.Shape(), nil
	}
	if i := slices.IndexFunc(list, func(a Architecture) bool { return spelled(a.Name) == spelled(name) }); i >= 0 {
		return list[i], nil
	}
	return Architecture{}, err
}

// Shape is a model's architecture.
func (m Model) Shape() Architecture {
	list := Architectures()
	i := slices.IndexFunc(list, func(a Architecture) bool { return a.Name == m.Architecture })
	if i < 0 {
		panic("BUG: known: no architecture " + m.Architecture)
	}
	return list[i]
}

// Config is the architecture's configuration. The error is zoo.ErrUnsupported where goclip has no such tower.
func (a Architecture) Config() (*zoo.Config, error) {
	c, err := zoo.ReadConfig(a.Over(nil))
	if err != nil {
		return nil, fmt.Errorf("known: %s: %w", a.Name, err)
	}
	return c, nil
}
