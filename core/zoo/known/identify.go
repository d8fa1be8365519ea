package known

import (
	"reflect"
	"slices"

	"github.com/goclip/goclip/core/zoo"
)

// Like lists the models whose towers have the sizes, and compute the same functions, as a configuration says.
func Like(c *zoo.Config) []Model {
	var list []Model
	for _, a := range Architectures() {
		other, err := a.Config()
		if err != nil || !alike(c, other) {
			continue
		}
		for _, m := range Models() {
			if m.Architecture == a.Name && !slices.ContainsFunc(list, func(have Model) bool { return have.Name == m.Name }) {
				list = append(list, m)
			}
		}
	}
	return list
}

func alike(a, b *zoo.Config) bool {
	if (a.Image == nil) != (b.Image == nil) || (a.Text == nil) != (b.Text == nil) {
		return false
	}
	if a.Image != nil && (a.Image.Embedding() != b.Image.Embedding() || !reflect.DeepEqual(a.Image.Summary(), b.Image.Summary())) {
		return false
	}
	return a.Text == nil || a.Text.Embedding() == b.Text.Embedding() && reflect.DeepEqual(a.Text.Summary(), b.Text.Summary())
}
