// Package known lists the CLIP models that have been released: by which names they go, where their weights lie, what they
// may be used for and how well they did. It holds no code of any model. A model of a known family is one row of models.tsv;
// sizes that no other model has are one line of architectures.json, in the form that the model's own configuration has.
//
// Accuracies are top-1 on ImageNet-1k, zero-shot, as published: open_clip's openclip_results.csv, and the papers and model
// cards of SigLIP 2, MobileCLIP and TinyCLIP. Licences are those that timm's and the authors' model cards state; where a
// row has none, the model's page does.
package known

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Model is one released model.
type Model struct {
	Name         string  // open_clip's name and tag, "ViT-B-32/openai", or the repository on the Hugging Face hub
	Family       string  // "openai", "laion", "siglip", …
	Architecture string  // a name in architectures.json
	Licence      string  // as the hub abbreviates it; empty: see the model's page
	Accuracy     float64 // percent of ImageNet, zero-shot; 0: not published
	// Addresses are where the weights lie, the one to fetch first: repositories on the Hugging Face hub ("org/name") and
	// https addresses of single files.
	Addresses []string
	Also      []string // further names
}

//go:embed models.tsv
var modelTable string

// columns is the first line of models.tsv.
const columns = "name\tfamily\tarchitecture\tlicence\timagenet\taddresses\talso"

// Models lists all models, in the order of the table.
var Models = sync.OnceValue(func() []Model {
	models, err := parseModels(modelTable)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return models
})

func parseModels(table string) ([]Model, error) {
	head, rows, _ := strings.Cut(table, "\n")
	if head != columns {
		return nil, fmt.Errorf("known: the first line is %q", head)
	}
	var models []Model
	for line := range strings.Lines(rows) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(cells) != strings.Count(columns, "\t")+1 {
			return nil, fmt.Errorf("known: a row of %d cells: %s", len(cells), line)
		}
		m := Model{Name: cells[0], Family: cells[1], Architecture: cells[2], Licence: cells[3],
			Addresses: strings.Fields(cells[5]), Also: strings.Fields(cells[6])}
		if cells[4] != "" {
			var err error
			if m.Accuracy, err = strconv.ParseFloat(cells[4], 64); err != nil {
				return nil, fmt.Errorf("known: %s: %w", m.Name, err)
			}
		}
		models = append(models, m)
	}
	return models, nil
}

// Repositories are a model's repositories on the Hugging Face hub.
func (m Model) Repositories() []string {
	return slices.DeleteFunc(slices.Clone(m.Addresses), func(a string) bool { return strings.HasPrefix(a, "https://") })
}

// Files are the https addresses of a model's single files.
func (m Model) Files() []string {
	return slices.DeleteFunc(slices.Clone(m.Addresses), func(a string) bool { return !strings.HasPrefix(a, "https://") })
}
