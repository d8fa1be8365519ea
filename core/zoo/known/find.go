package known

import (
	"errors"
	"fmt"
	"strings"
	"sync"
)

// ErrUnknown: no released model goes by the name.
var ErrUnknown = errors.New("no released model of that name is known")

// Ambiguous says that a name stands for several models.
type Ambiguous struct {
	Name  string
	Names []string // of the models, as Find takes them
}

func (a *Ambiguous) Error() string {
	return fmt.Sprintf("%s was released more than once, name one of: %s", a.Name, strings.Join(a.Names, ", "))
}

// Find finds the model that goes by a name in any of its spellings: "ViT-B/32", "ViT-B-32/openai", "ViT-B-32__openai",
// "ViT-B-32:openai", "openai/clip-vit-base-patch32", with or without "hf-hub:" or the hub's address before it. An
// architecture alone stands for OpenAI's model of it, or else for the only one; otherwise the error is an Ambiguous.
func Find(name string) (Model, error) {
	key := spelled(name)
	index := names()
	if i, ok := index.full[key]; ok {
		return Models()[i], nil
	}
	switch list := index.short[key]; len(list) {
	case 0:
		return Model{}, fmt.Errorf("known: %q: %w", name, ErrUnknown)
	case 1:
		return Models()[list[0]], nil
	default:
		a := &Ambiguous{Name: name}
		for _, i := range list {
			a.Names = append(a.Names, Models()[i].Name)
		}
		return Model{}, a
	}
}

// Address is the address among a model's own that a name spells out; empty: the name is of the model as such.
func (m Model) Address(name string) string {
	for _, a := range m.Addresses {
		if spelled(a) == spelled(name) {
			return a
		}
	}
	return ""
}

// Repository tells the name of a repository on the hub, "org/name", from a model's other names: what is left without
// "hf-hub:" or the hub's address.
func Repository(name string) (string, bool) {
	name = strings.TrimSuffix(stripHub(name), "/")
	org, repository, ok := strings.Cut(name, "/")
	valid := func(s string) bool {
		return s != "" && s[0] != '.' && s[0] != '-' && !strings.Contains(s, "..") && !strings.Contains(s, "--") &&
			strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == "" && len(s) <= 96
	}
	return name, ok && valid(org) && valid(repository)
}

func stripHub(name string) string {
	for _, prefix := range []string{"hf-hub:", "hf_hub:", "hf.co/", "https://huggingface.co/", "huggingface.co/"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			return rest
		}
	}
	return name
}

// spelled makes all spellings of a name equal.
func spelled(name string) string {
	name = strings.ToLower(strings.TrimSuffix(stripHub(strings.TrimSpace(name)), "/"))
	name = strings.NewReplacer("__", "-", "/", "-", ":", "-", "@", "-", " ", "-").Replace(name)
	return strings.ReplaceAll(name, "-quickgelu", "")
}

// index finds models by their spelled names.
type index struct {
	full  map[string]int
	short map[string][]int // by architecture alone
}

var names = sync.OnceValue(func() index {
	x := index{map[string]int{}, map[string][]int{}}
	for i, m := range Models() {
		for _, name := range m.names() {
			if _, taken := x.full[spelled(name)]; !taken {
				x.full[spelled(name)] = i
			}
		}
	}
	for i, m := range Models() {
		if arch, tag, ok := strings.Cut(m.Name, "/"); ok && m.Name != m.Addresses[0] {
			key := spelled(arch)
			if tag == "openai" {
				x.full[key] = i
			}
			x.short[key] = append(x.short[key], i)
		} else if ok {
			x.short[spelled(tag)] = append(x.short[spelled(tag)], i)
		}
	}
	return x
})

func (m Model) names() []string {
	list := append([]string{m.Name}, m.Also...)
	return append(list, m.Addresses...)
}
