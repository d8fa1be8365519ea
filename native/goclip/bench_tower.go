package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/core/preprocess"
	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/core/zoo/known"
	"github.com/goclip/goclip/kernels"
)

// benched is one tower, with what it computes and the inputs for a batch.
type benched struct {
	model, name string
	params      []tower.Param
	record      func(g *kernels.Graph, w tower.Weights, items int) []tower.Output
	inputs      func(items int) kernels.Inputs
	need        func(items int) (core.Need, error)
}

func imageBench(s shape) benched {
	return benched{s.name, "image", s.image.Params(),
		func(g *kernels.Graph, w tower.Weights, items int) []tower.Output {
			return s.image.Record(g, w, items, false)
		},
		func(items int) kernels.Inputs {
			in := kernels.Inputs{Floats: [][]float32{noise(items*s.image.Picture().Elements(), 1)}}
			if flexible, ok := s.image.(tower.Flexible); ok { // its positions, and as many patches as there can be
				patches := s.image.Picture()[0]
				in.Floats = append(in.Floats, noise(items*patches*flexible.Table().Shape.Width(), 1))
				in.Ints = [][]int32{slices.Repeat([]int32{int32(patches)}, items)}
			}
			return in
		},
		func(items int) (core.Need, error) { return core.ImageNeed(s.image, items) }}
}

func textBench(s shape) benched {
	length := s.text.Length()
	return benched{s.name, "text", s.text.Params(),
		func(g *kernels.Graph, w tower.Weights, items int) []tower.Output {
			return s.text.Record(g, w, items, length, false)
		},
		func(items int) kernels.Inputs { return longTexts(s.text, items) },
		func(items int) (core.Need, error) { return core.TextNeed(s.text, items) }}
}

// longTexts are random ids with the last entry of the vocabulary, CLIP's end token, at the end.
func longTexts(t tower.Language, items int) kernels.Inputs {
	random := rand.New(rand.NewPCG(1, 2))
	length := t.Length()
	in := kernels.Inputs{Ints: [][]int32{make([]int32, items*length)}}
	for _, n := range t.Derived(length) {
		in.Ints = append(in.Ints, make([]int32, items*n))
	}
	for i := range items {
		ids := in.Ints[0][i*length : (i+1)*length]
		for j := range ids {
			ids[j] = random.Int32N(int32(t.Entries()))
		}
		ids[length-1] = int32(t.Entries() - 1)
		var derived [][]int32
		for j, n := range t.Derived(length) {
			derived = append(derived, in.Ints[1+j][i*n:(i+1)*n])
		}
		t.Derive(tower.TextIDs{IDs: ids}, derived)
	}
	return in
}

func noise(n int, deviation float64) []float32 {
	values := make([]float32, n)
	scatter(values, deviation)
	return values
}

func scatter(values []float32, deviation float64) {
	random := rand.New(rand.NewPCG(1, 2))
	for i := range values {
		values[i] = float32(random.NormFloat64() * deviation)
	}
}

// architecture is one that has been released, by its own name or by that of a model.
func architecture(name string) (shape, error) {
	a, err := known.FindArchitecture(name)
	if err != nil {
		return shape{}, fmt.Errorf("--arch: %w (goclip models lists them)", err)
	}
	c, err := a.Config()
	if err != nil {
		return shape{}, err
	}
	s := shape{name: a.Name, image: c.Image, text: c.Text}
	if s.image != nil {
		s.prepare = preprocess.OpenAI(s.image.Picture()[0])
	}
	return s, nil
}

func architectureNames() []string {
	var list []string
	for _, a := range known.Architectures() {
		list = append(list, a.Name)
	}
	return list
}

func (o *benching) benchTower(ctx context.Context, device kernels.Device, b benched) error {
	largest, err := b.need(slices.Max(o.batch))
	if err != nil {
		return err
	}
	defer within(o.held(largest))()
	weights, err := b.load(device)
	if err != nil {
		return err
	}
	defer func() {
		for _, w := range weights {
			device.Unload(w)
		}
	}()
	for _, items := range o.batch {
		var most []float64
		took, operations, err := b.measure(ctx, device, weights, items, func() { most = append(most, max(o.gpuCeiling, ceiling(device))) })
		if err != nil {
			return err
		}
		need, err := b.need(items)
		if err != nil {
			return err
		}
		row := benchRow{Model: b.model, Device: device.Name(), Tower: b.name, Batch: items, Memory: need.Total() + processBytes}
		row.Threads = threadsOf(device)
		row.timed(took, operations)
		row.against(most)
		if err := o.show(row); err != nil {
			return err
		}
	}
	return nil
}

func (r *benchRow) timed(took timing, operations float64) {
	seconds := took.median.Seconds()
	r.Best = 1e3 * took.best.Seconds()
	r.Millis, r.PerSec, r.GFLOPPS = 1e3*seconds, float64(r.Batch)/seconds, operations/seconds/1e9
}

// load fills a tower with random weights, as training starts with them. One buffer serves all, filled with the same numbers
// again and again, so that no more is in memory than the device keeps, and the largest weight once more. Of tables only the
// beginning is filled: a row is looked up whatever it holds, and large vocabularies would double the memory.
func (b benched) load(device kernels.Device) (tower.Weights, error) {
	largest := 0
	for _, p := range b.params {
		if p.Role != kernels.Table {
			largest = max(largest, p.Shape.Elements())
		}
	}
	unit, scaled := noise(1<<20, 1), make([]float32, largest)
	const filled = 1 << 22
	weights := tower.Weights{}
	for _, p := range b.params {
		spec := kernels.WeightSpec{Name: p.Name, Role: p.Role, Shape: p.Shape}
		if p.Role == kernels.Table {
			spec.Values = make([]float32, p.Shape.Elements())
			scatter(spec.Values[:min(filled, len(spec.Values))], 0.02)
		} else {
			spec.Values = scaled[:p.Shape.Elements()]
			factor := float32(deviation(p))
			for i := range spec.Values {
				spec.Values[i] = factor * unit[i%len(unit)]
			}
		}
		if p.Bias {
			spec.Bias = make([]float32, p.Shape[0])
		}
		w, err := device.Load(spec)
		if err != nil {
			return weights, err
		}
		weights[p.Name] = w
	}
	return weights, nil
}

// deviation keeps the size of values through a product, so that none overflows and none becomes so small that a processor
// slows down. Without it, towers without a norm would be measured on such values.
func deviation(p tower.Param) float64 {
	if p.Role == kernels.Matrix || p.Role == kernels.Filter {
		return 1 / math.Sqrt(float64(p.Shape.Elements()/p.Shape[0]))
	}
	return 0.02
}

// compile makes the program for a batch, and memory for what it gives.
func (b benched) compile(device kernels.Device, weights tower.Weights, items int) (kernels.Program, [][]float32, error) {
	g := kernels.NewGraph()
	var tensors []kernels.Tensor
	var out [][]float32
	for _, o := range b.record(g, weights, items) {
		tensors = append(tensors, o.Tensor)
		out = append(out, make([]float32, o.Tensor.Shape.Elements()))
	}
	p, err := kernels.Compile(device, g, tensors...)
	return p, out, err
}

// measure times a batch and counts its operations; between is called before the first run and after each.
func (b benched) measure(ctx context.Context, device kernels.Device, weights tower.Weights, items int, between func()) (timing, float64, error) {
	var count flops
	if _, _, err := b.compile(&count, weights, items); err != nil {
		return timing{}, 0, err
	}
	program, out, err := b.compile(device, weights, items)
	if err != nil {
		return timing{}, 0, fmt.Errorf("batch %d: %w", items, err)
	}
	defer program.Close()
	in := b.inputs(items)
	took, err := repeat(ctx, func() error { return program.Run(ctx, in, out) }, between)
	return took, count.count, err
}

// The picture that --stages decodes and resizes.
const (
	stageWidth  = 4000
	stageHeight = 3000
)

// benchStages measures what happens to a picture before the tower: decoding and resizing apart, and both as they run together.
func (o *benching) benchStages(ctx context.Context, s shape) error {
	if s.image == nil {
		return fmt.Errorf("%s has no image tower", s.name)
	}
	data, err := photo()
	if err != nil {
		return err
	}
	decoded, err := preprocess.Decode(data)
	if err != nil {
		return err
	}
	for _, stage := range []struct {
		name string
		run  func() error
	}{
		{"decode", func() error { _, err := preprocess.Decode(data); return err }},
		{"resize", func() error { _, err := s.prepare.Apply(decoded); return err }},
		{"both", func() error { _, err := s.prepare.ApplyFile(data); return err }},
	} {
		took, err := repeat(ctx, stage.run, func() {})
		if err != nil {
			return err
		}
		row := benchRow{Model: s.name, Stage: stage.name, Batch: 1}
		row.timed(took, 0)
		if err := o.show(row); err != nil {
			return err
		}
	}
	return nil
}

// photo is a JPEG file with soft shapes and some noise, as cameras make them.
func photo() ([]byte, error) {
	random := rand.New(rand.NewPCG(1, 2))
	m := image.NewRGBA(image.Rect(0, 0, stageWidth, stageHeight))
	for y := range stageHeight {
		for x := range stageWidth {
			n := random.IntN(16)
			m.SetRGBA(x, y, color.RGBA{uint8(x/20 + n), uint8(y/15 + n), uint8((x*y)>>16 + n), 255})
		}
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 90})
	return b.Bytes(), err
}
