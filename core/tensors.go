package core

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/goclip/goclip/core/checkpoint"
	"github.com/goclip/goclip/core/tower"
)

// RunTensors puts raw tensors through the towers. Inputs, as Hugging Face names and shapes them: pixel_values f32
// [N, 3, H, W], normalised (of a NaFlex tower [N, patches, values of a patch] with spatial_shapes i64 [N, 2]), and input_ids i64 [M, T]; at least one that the model can use. attention_mask i64 [M, T] says
// how many ids of each text a BERT looks at; without it those before the padding. For the other towers it may hide what
// they do not look at anyway (padding behind the pooled token); one that hides more is refused, as is any hidden position
// together with hidden states, which it would change. Outputs: image_features, image_embeds, text_features,
// text_embeds, with both logits_per_image [N, M]; with hidden also every tower's hidden states.
func (m *Model) RunTensors(ctx context.Context, in []checkpoint.Tensor, hidden bool) ([]checkpoint.Tensor, error) {
	var out []checkpoint.Tensor
	seen, err := m.seenIDs(in, hidden)
	if err != nil {
		return nil, err
	}
	for _, t := range in {
		var part []checkpoint.Tensor
		switch {
		case t.Name == "pixel_values" && m.image != nil:
			part, err = m.runPixels(ctx, in, t, hidden)
		case t.Name == "input_ids" && m.text != nil:
			part, err = m.runIDs(ctx, t, seen, hidden)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, part...)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("core: no tensor that this model can use: want pixel_values or input_ids, have %s", tensorNames(in))
	}
	if logits, ok := m.logits(out); ok {
		out = append(out, logits)
	}
	slices.SortFunc(out, func(a, b checkpoint.Tensor) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// seenIDs reads the attention mask, if there is one: how many ids of each text a masked tower looks at. For a tower that
// takes no mask it makes sure that computing without gives what computing with it would.
func (m *Model) seenIDs(in []checkpoint.Tensor, hidden bool) ([]int, error) {
	mask, ids := findTensor(in, "attention_mask"), findTensor(in, "input_ids")
	if mask == nil || ids == nil || m.text == nil {
		return nil, nil
	}
	if !slices.Equal(mask.Shape, ids.Shape) || len(mask.Shape) != 2 || mask.Ints == nil {
		return nil, fmt.Errorf("core: attention_mask is %v, want integers of the shape of input_ids, %v", mask.Shape, ids.Shape)
	}
	width := mask.Shape[1]
	seen := make([]int, mask.Shape[0])
	for i := range seen {
		row := mask.Ints[i*width : (i+1)*width]
		if m.text.tower.Masked() {
			n := slices.Index(row, 0)
			if n < 0 {
				n = width
			}
			if j := slices.IndexFunc(row[n:], func(v int64) bool { return v != 0 }); n == 0 || j >= 0 {
				return nil, fmt.Errorf("core: attention_mask hides position %d of text %d and not what follows: goclip takes masks that hide the end of a text only", n, i)
			}
			seen[i] = n
			continue
		}
		needed := width
		if !hidden {
			needed = m.text.tower.Needed(tower.TextIDs{IDs: narrow(ids.Ints[i*width : (i+1)*width])})
		}
		if j := slices.Index(row[:needed], 0); j >= 0 {
			return nil, fmt.Errorf("core: attention_mask hides position %d of text %d, which this tower computes with; it takes no mask", j, i)
		}
	}
	return seen, nil
}

// narrow are ids as towers take them.
func narrow(ids []int64) []int32 {
	out := make([]int32, len(ids))
	for i, id := range ids {
		out[i] = int32(id)
	}
	return out
}

func tensorNames(list []checkpoint.Tensor) string {
	names := make([]string, len(list))
	for i, t := range list {
		names[i] = t.Name
	}
	return strings.Join(names, ", ")
}

func (m *Model) runPixels(ctx context.Context, in []checkpoint.Tensor, t checkpoint.Tensor, hidden bool) ([]checkpoint.Tensor, error) {
	if _, ok := m.image.tower.(tower.Flexible); ok {
		return m.runPatches(ctx, in, t, hidden)
	}
	want := m.image.tower.Picture()
	if len(t.Shape) != 4 || t.Floats == nil || t.Shape[0] < 1 || t.Shape[1] != want[2] || t.Shape[2] != want[0] || t.Shape[3] != want[1] {
		return nil, fmt.Errorf("core: pixel_values is %v, want f32 [N, %d, %d, %d]", t.Shape, want[2], want[0], want[1])
	}
	pictures := make([]Pixels, t.Shape[0])
	size := want.Elements()
	for i := range pictures {
		pictures[i].Values = interleave(t.Floats[i*size:(i+1)*size], want[2])
	}
	return gather("image_", len(pictures), func(done emit) error { return m.image.run(ctx, pictures, hidden, done) })
}

// runPatches runs pictures that are cut into patches: with pixel_values [N, P, V] come spatial_shapes [N, 2], the rows and
// columns of each, and pixel_attention_mask [N, P], which must say the same. Hidden states of other patches are zero.
func (m *Model) runPatches(ctx context.Context, in []checkpoint.Tensor, t checkpoint.Tensor, hidden bool) ([]checkpoint.Tensor, error) {
	width := m.image.tower.Picture().Width()
	if len(t.Shape) != 3 || t.Floats == nil || t.Shape[0] < 1 || t.Shape[1] < 1 || t.Shape[2] != width {
		return nil, fmt.Errorf("core: pixel_values is %v, want f32 [N, patches, %d]", t.Shape, width)
	}
	items, patches := t.Shape[0], t.Shape[1]
	shapes, mask := findTensor(in, "spatial_shapes"), findTensor(in, "pixel_attention_mask")
	if shapes == nil || shapes.Ints == nil || !slices.Equal(shapes.Shape, []int{items, 2}) {
		return nil, fmt.Errorf("core: pictures as patches need spatial_shapes, i64 [%d, 2]", items)
	}
	if mask != nil && (mask.Ints == nil || !slices.Equal(mask.Shape, []int{items, patches})) {
		return nil, fmt.Errorf("core: pixel_attention_mask is %v, want integers [%d, %d]", mask.Shape, items, patches)
	}
	pictures := make([]Pixels, items)
	for i := range pictures {
		rows, columns := shapes.Ints[2*i], shapes.Ints[2*i+1]
		if rows < 1 || columns < 1 || rows > int64(patches) || columns > int64(patches) || rows*columns > int64(patches) {
			return nil, fmt.Errorf("core: spatial_shapes gives picture %d %d x %d patches, pixel_values has %d", i, rows, columns, patches)
		}
		pictures[i] = Pixels{t.Floats[i*patches*width : (i+1)*patches*width], int(rows), int(columns)}
		for j := 0; mask != nil && j < patches; j++ {
			if seen := mask.Ints[i*patches+j] != 0; seen != (int64(j) < rows*columns) {
				return nil, fmt.Errorf("core: pixel_attention_mask and spatial_shapes disagree about patch %d of picture %d", j, i)
			}
		}
	}
	out, err := gather("image_", items, func(done emit) error { return m.image.run(ctx, pictures, hidden, done) })
	clearPadding(out, pictures)
	return out, err
}

// findTensor is the tensor of a name; nil: there is none.
func findTensor(list []checkpoint.Tensor, name string) *checkpoint.Tensor {
	for i := range list {
		if list[i].Name == name {
			return &list[i]
		}
	}
	return nil
}

// interleave turns [channels, pixels] into [pixels, channels].
func interleave(planes []float32, channels int) []float32 {
	n := len(planes) / channels
	out := make([]float32, len(planes))
	for c := range channels {
		for i, v := range planes[c*n : (c+1)*n] {
			out[i*channels+c] = v
		}
	}
	return out
}

func (m *Model) runIDs(ctx context.Context, t checkpoint.Tensor, seen []int, hidden bool) ([]checkpoint.Tensor, error) {
	longest, entries := m.text.tower.Longest(), m.text.tower.Entries()
	if len(t.Shape) != 2 || t.Ints == nil || t.Shape[0] < 1 || t.Shape[1] < 1 || t.Shape[1] > longest {
		return nil, fmt.Errorf("core: input_ids is %v, want i64 [M, T] with T up to the context length %d", t.Shape, longest)
	}
	if i := slices.IndexFunc(t.Ints, func(id int64) bool { return id < 0 || id >= int64(entries) }); i >= 0 {
		return nil, fmt.Errorf("core: input_ids holds %d at [%d, %d], the vocabulary has %d entries", t.Ints[i], i/t.Shape[1], i%t.Shape[1], entries)
	}
	texts := make([]tower.TextIDs, t.Shape[0])
	for i := range texts {
		texts[i].IDs = narrow(t.Ints[i*t.Shape[1] : (i+1)*t.Shape[1]])
		if seen != nil {
			texts[i].Seen = seen[i]
		}
	}
	return gather("text_", len(texts), func(done emit) error { return m.text.run(ctx, texts, hidden, done) })
}

// gather collects all outputs of all batches under their names.
func gather(prefix string, items int, run func(emit) error) ([]checkpoint.Tensor, error) {
	var out []checkpoint.Tensor
	err := run(func(p *program, count int) {
		if out == nil {
			for _, o := range p.outputs {
				shape := slices.Clone([]int(o.Tensor.Shape))
				shape[0] = items
				out = append(out, checkpoint.Tensor{Name: prefix + o.Name, Shape: shape})
			}
		}
		for i := range p.outputs {
			each := len(p.out[i]) / p.items
			out[i].Floats = append(out[i].Floats, p.out[i][:count*each]...)
		}
	})
	return out, err
}

// logits are the scaled cosines between all pictures and all texts.
func (m *Model) logits(tensors []checkpoint.Tensor) (checkpoint.Tensor, bool) {
	pictures, texts := findTensor(tensors, "image_embeds"), findTensor(tensors, "text_embeds")
	if pictures == nil || texts == nil {
		return checkpoint.Tensor{}, false
	}
	logits := checkpoint.Tensor{Name: "logits_per_image", Shape: []int{pictures.Shape[0], texts.Shape[0]}}
	width := pictures.Shape[1]
	for i := range pictures.Shape[0] {
		for j := range texts.Shape[0] {
			c := Cosine(pictures.Floats[i*width:(i+1)*width], texts.Floats[j*width:(j+1)*width])
			logits.Floats = append(logits.Floats, float32(m.Logit(c)))
		}
	}
	return logits, true
}
