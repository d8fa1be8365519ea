package zoo

import (
	"strconv"
	"strings"

	"github.com/goclip/goclip/core/checkpoint"
)

// tensors are a checkpoint's names and shapes, as far as a configuration asks for them to complete itself. The zero value
// has none: a configuration without weights.
type tensors struct{ checkpoint *checkpoint.Checkpoint }

// none reports whether there is no checkpoint to ask.
func (t tensors) none() bool { return t.checkpoint == nil }

// shape is a tensor's shape; nil: there is no such tensor.
func (t tensors) shape(name string) []int {
	if t.none() {
		return nil
	}
	info, ok := t.checkpoint.Lookup(name)
	if !ok {
		return nil
	}
	if info.Shape == nil {
		return []int{}
	}
	return info.Shape
}

// has reports whether there is a tensor of this name.
func (t tensors) has(name string) bool { return t.shape(name) != nil }

// dim is the size of a tensor along an axis, or otherwise where there is no such tensor or axis: what the architecture's
// name implies.
func (t tensors) dim(name string, axis, otherwise int) int {
	if shape := t.shape(name); axis < len(shape) {
		return shape[axis]
	}
	return otherwise
}

// numbered is how many tensors' names begin with a prefix, a number and a slash ("encoderblock_"), each number once: one more
// than the largest.
func (t tensors) numbered(prefix string) int {
	n := 0
	for _, info := range t.checkpoint.Tensors() {
		rest, ok := strings.CutPrefix(info.Name, prefix)
		number, _, below := strings.Cut(rest, "/")
		if i, err := strconv.Atoi(number); ok && below && err == nil && i >= n && i < len(t.checkpoint.Tensors()) {
			n = i + 1
		}
	}
	return n
}

// count is how many numbered modules lie below a prefix ("visual.trunk.blocks."): one more than the largest number. Without
// any it is otherwise.
func (t tensors) count(prefix string, otherwise int) int {
	if t.none() {
		return otherwise
	}
	n := 0
	for _, info := range t.checkpoint.Tensors() {
		rest, ok := strings.CutPrefix(info.Name, prefix)
		if !ok {
			continue
		}
		number, _, _ := strings.Cut(rest, ".")
		if i, err := strconv.Atoi(number); err == nil && i >= n && i < len(t.checkpoint.Tensors()) {
			n = i + 1
		}
	}
	if n == 0 {
		return otherwise
	}
	return n
}
