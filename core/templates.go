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

// BareLabel is the template that adds nothing.
const BareLabel = "{}"

// Templates gives a template list by name: "openai80", or "none" for the bare label.
func Templates(name string) ([]string, error) {
	switch name {
	case "none":
		return []string{BareLabel}, nil
	case "openai80":
		var list []string
		if err := json.Unmarshal(openAI80, &list); err != nil {
			panic("BUG: core: openai80.json: " + err.Error())
		}
		return list, nil
	}
	return nil, fmt.Errorf("core: there is no template list %q: want openai80, none or a file", name)
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
