package zoo

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/kernels"
)

// Mistakes are all the differences between a configuration and its checkpoint.
type Mistakes struct {
	Depths, Missing, Misshapen, Unexpected []string
}

// Error lists the mistakes, the first few of each kind.
func (m *Mistakes) Error() string {
	var parts []string
	add := func(what string, list []string) {
		const shown = 6
		if len(list) == 0 {
			return
		}
		more := ""
		if len(list) > shown {
			more = fmt.Sprintf(" and %d more", len(list)-shown)
			list = list[:shown]
		}
		parts = append(parts, what+": "+strings.Join(list, ", ")+more)
	}
	add("numbers of blocks", m.Depths)
	add("missing tensors", m.Missing)
	add("tensors of another shape", m.Misshapen)
	add("tensors that the configuration has no place for", m.Unexpected)
	return "the checkpoint does not fit its configuration; " + strings.Join(parts, "; ")
}

// ignorable end the names of tensors without a meaning for embeddings: position numbers, sinusoids, masks and sizes that
// old files carry, BERT's own pooler. CoCa's decoder has none either.
var ignorable = []string{"position_ids", "attn_mask", "num_batches_tracked", "input_resolution", "context_length", "vocab_size",
	"embed_positions.weights", "pooler.dense.weight", "pooler.dense.bias"}

func isIgnorable(name string) bool {
	return strings.HasPrefix(name, "text_decoder.") ||
		slices.ContainsFunc(ignorable, func(end string) bool { return name == end || strings.HasSuffix(name, "."+end) })
}

func hasAnyPrefix(name string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
}

// The beginnings of names that belong to the tower which a configuration does not have: a text encoder's configuration
// beside a whole CLIP's weights is common.
var (
	besideText  = []string{"vision_model.", "visual_projection.", "visual.", "logit_"}
	besideImage = []string{"text_model.", "text_projection.", "logit_", "temperature"}
)

// verify compares all tensors with what the towers need.
func (m *Model) verify() error {
	v := verifier{model: m, used: map[string]bool{}}
	if m.Image != nil {
		v.params(m.Image.Params(), m.image)
		v.blocks("image", m.Image.Summary().Layers, m.image)
	}
	if m.Text != nil {
		v.params(m.Text.Params(), m.text)
		v.blocks("text", m.Text.Summary().Layers, m.text)
	}
	both := m.Image != nil && m.Text != nil
	if both {
		v.scalar(m.scaleName(), m.fixedScale == 0)
		v.scalar("logit_bias", false)
	}
	var other []string
	switch {
	case m.Image == nil:
		other = besideText
	case m.Text == nil:
		other = besideImage
	}
	for _, info := range m.Checkpoint.Tensors() {
		if !v.used[info.Name] && !isIgnorable(info.Name) && !hasAnyPrefix(info.Name, other) {
			v.Unexpected = append(v.Unexpected, info.Name)
		}
	}
	if len(v.Depths)+len(v.Missing)+len(v.Misshapen)+len(v.Unexpected) > 0 {
		return &v.Mistakes
	}
	return nil
}

type verifier struct {
	Mistakes
	model *Model
	used  map[string]bool
}

func (v *verifier) params(params []tower.Param, scheme names) {
	for _, p := range params {
		for _, n := range scheme.mustRule(p).needs(p) {
			v.tensor(n.name, n.shape)
		}
	}
}

// blocks says it in one line when a tower of the checkpoint is deeper or shallower than the configuration's. Towers without
// numbered blocks, and checkpoints without any, say it by their tensors' names alone.
func (v *verifier) blocks(which string, layers int, scheme names) {
	values := scheme.rules["block.#.norm1"].values
	if len(values) == 0 || !strings.Contains(values[0].name, "#.") || strings.HasPrefix(values[0].name, "/") {
		return
	}
	stem, _, _ := strings.Cut(values[0].name, "#")
	stem = scheme.prefix + stem
	if n := (tensors{v.model.Checkpoint}).count(stem, layers); n != layers {
		v.Depths = append(v.Depths, fmt.Sprintf("the %s tower has %d (%s…), the configuration says %d", which, n, stem, layers))
	}
}

func (v *verifier) tensor(name string, shape kernels.Shape) {
	v.used[name] = true
	info, ok := v.model.Checkpoint.Lookup(name)
	switch {
	case !ok:
		v.Missing = append(v.Missing, name)
	case !slices.Equal(squeezed(info.Shape), squeezed(shape)):
		v.Misshapen = append(v.Misshapen, fmt.Sprintf("%s is %v, the configuration says %v", name, info.Shape, []int(shape)))
	}
}

// squeezed leaves dimensions of one out: a 1x1 convolution is a matrix, and some files keep a table with a batch of one.
func squeezed(shape []int) []int {
	var out []int
	for _, n := range shape {
		if n != 1 {
			out = append(out, n)
		}
	}
	return out
}

func (v *verifier) scalar(name string, required bool) {
	v.used[name] = true
	info, ok := v.model.Checkpoint.Lookup(name)
	switch {
	case !ok && required:
		v.Missing = append(v.Missing, name)
	case ok && info.Elements() != 1:
		v.Misshapen = append(v.Misshapen, fmt.Sprintf("%s is %v, want one value", name, info.Shape))
	}
}
