package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"time"

	"github.com/goclip/goclip/core/preprocess"
	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/kernels"
)

// benched is one tower, with what it computes and the inputs for a batch.
type benched struct {
	model, name string
	params      []tower.Param
	record      func(g *kernels.Graph, w tower.Weights, items int) []tower.Output
	inputs      func(items int) kernels.Inputs
}

func imageBench(s shape) benched {
	return benched{s.name, "image", s.image.Params(),
		func(g *kernels.Graph, w tower.Weights, items int) []tower.Output {
			return s.image.Record(g, w, items, false)
		},
		func(items int) kernels.Inputs {
			return kernels.Inputs{Floats: [][]float32{noise(items*s.image.Picture().Elements(), 1)}}
		}}
}

func textBench(s shape) benched {
	length := s.text.Length()
	return benched{s.name, "text", s.text.Params(),
		func(g *kernels.Graph, w tower.Weights, items int) []tower.Output {
			return s.text.Record(g, w, items, length, false)
		},
		func(items int) kernels.Inputs { return longTexts(s.text, items) }}
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
		t.Derive(ids, derived)
	}
	return in
}

func noise(n int, deviation float64) []float32 {
	random := rand.New(rand.NewPCG(1, 2))
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(random.NormFloat64() * deviation)
	}
	return values
}

// architectures are the shapes that --arch knows: OpenAI's ViTs.
var architectures = map[string]shape{
	"ViT-B/32": vit("ViT-B/32", 768, 12, 32, 512, 512),
	"ViT-B/16": vit("ViT-B/16", 768, 12, 16, 512, 512),
	"ViT-L/14": vit("ViT-L/14", 1024, 24, 14, 768, 768),
}

func vit(name string, width, layers, patch, textWidth, projection int) shape {
	stack := func(width, layers int) tower.Transformer {
		return tower.Transformer{Width: width, Layers: layers, Heads: width / 64, Hidden: 4 * width, Act: kernels.QuickGELU, Eps: 1e-5}
	}
	return shape{
		name:  name,
		image: tower.ViT{Transformer: stack(width, layers), Image: 224, Patch: patch, NormBefore: true, Projection: projection},
		text: tower.Text{Transformer: stack(textWidth, 12), Vocabulary: 49408, Context: 77, Causal: true, Pool: tower.LargestID,
			Projection: projection},
		prepare: preprocess.OpenAI(224),
	}
}

func (o *benching) benchTower(ctx context.Context, device kernels.Device, b benched) error {
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
		took, operations, err := b.measure(ctx, device, weights, items)
		if err != nil {
			return err
		}
		row := benchRow{Model: b.model, Device: device.Name(), Tower: b.name, Batch: items}
		row.timed(took, operations)
		if err := o.show(row); err != nil {
			return err
		}
	}
	return nil
}

func (r *benchRow) timed(took time.Duration, operations float64) {
	seconds := took.Seconds()
	r.Millis, r.PerSec, r.GFLOPPS = 1e3*seconds, float64(r.Batch)/seconds, operations/seconds/1e9
}

// load fills a tower with small random weights, as training starts with them, so that no value overflows.
func (b benched) load(device kernels.Device) (tower.Weights, error) {
	weights := tower.Weights{}
	for _, p := range b.params {
		spec := kernels.WeightSpec{Name: p.Name, Role: p.Role, Shape: p.Shape, Values: noise(p.Shape.Elements(), 0.02)}
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

// measure times a batch and counts its operations.
func (b benched) measure(ctx context.Context, device kernels.Device, weights tower.Weights, items int) (time.Duration, float64, error) {
	var count flops
	if _, _, err := b.compile(&count, weights, items); err != nil {
		return 0, 0, err
	}
	program, out, err := b.compile(device, weights, items)
	if err != nil {
		return 0, 0, fmt.Errorf("batch %d: %w", items, err)
	}
	defer program.Close()
	in := b.inputs(items)
	took, err := median(ctx, func() error { return program.Run(ctx, in, out) })
	return took, count.count, err
}

// The picture that --stages decodes and resizes.
const (
	stageWidth  = 4000
	stageHeight = 3000
)

// benchStages measures what happens to a picture before the tower.
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
	} {
		took, err := median(ctx, stage.run)
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
