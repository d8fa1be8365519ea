package core

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
)

// openAI80 are the 80 ImageNet templates of OpenAI's prompt notebook (MIT), in its order.
//
//go:embed templates/openai80.json
var openAI80 []byte

// openAI7 are the seven of them that OpenAI's notebook found to be nearly as good.
//
//go:embed templates/openai7.json
var openAI7 []byte

// imageNet1k are the names that OpenAI's notebook gives ImageNet's classes, in the classes' order. Two names stand for two
// classes each: "missile" and "sunglasses".
//
//go:embed templates/imagenet1k.json
var imageNet1k []byte

// The names of the lists.
var (
	TemplateLists = []string{"openai80", "openai7", "none"}
	LabelLists    = []string{"imagenet1k"}
)

// BareLabel is the template that adds nothing.
const BareLabel = "{}"

// Templates gives a template list by name: "openai80", "openai7", or "none" for the bare label.
func Templates(name string) ([]string, error) {
	switch name {
	case "none":
		return []string{BareLabel}, nil
	case "openai80":
		return carriedList(name, openAI80), nil
	case "openai7":
		return carriedList(name, openAI7), nil
	}
	return nil, fmt.Errorf("core: there is no template list %q: want %s or a file", name, strings.Join(TemplateLists, ", "))
}

// Labels gives a list of labels by name: "imagenet1k".
func Labels(name string) ([]string, error) {
	if name == "imagenet1k" {
		return carriedList(name, imageNet1k), nil
	}
	return nil, fmt.Errorf("core: there is no label list %q: want %s or a file", name, strings.Join(LabelLists, ", "))
}

func carriedList(name string, data []byte) []string {
	var list []string
	if err := json.Unmarshal(data, &list); err != nil {
		panic("BUG: core: " + name + ".json: " + err.Error())
	}
	return list
}

// ParseTemplates reads a template list from a file: a JSON array of strings, or a template a line.
func ParseTemplates(data []byte) ([]string, error) {
	text := strings.TrimSpace(string(data))
	var list []string
	if strings.HasPrefix(text, "[") {
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return nil, fmt.Errorf("core: the template list is no JSON array of strings: %w", err)
		}
	} else {
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" {
				list = append(list, line)
			}
		}
	}
	return list, checkTemplates(list)
}

func checkTemplates(list []string) error {
	if len(list) == 0 {
		return fmt.Errorf("core: the template list is empty")
	}
	for _, t := range list {
		if !strings.Contains(t, BareLabel) {
			return fmt.Errorf("core: the template %q has no %s for the label", t, BareLabel)
		}
	}
	return nil
}
