package main

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"math"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/core/preprocess"
	"github.com/goclip/goclip/kernels"
)

// measuredPrecision is what a precision gives and takes on a model.
type measuredPrecision struct {
	Precision   string   `json:"precision"`
	Difference  *float64 `json:"difference"` // the largest between its unit vectors and float32's; null if one is no number
	Cosine      float64  `json:"cosine"`     // the smallest between them
	Within      bool     `json:"within"`     // whether the difference is one that auto allows
	ImageMillis float64  `json:"image_ms,omitempty"`
	TextMillis  float64  `json:"text_ms,omitempty"`
}

// measurePrecisions opens the model in one precision after the other, and lets each embed the same pictures and texts.
func (p *program) measurePrecisions(ctx context.Context, info core.Info) ([]measuredPrecision, error) {
	var list []measuredPrecision
	var exact [2][][]float32
	for _, precision := range kernels.Precisions() {
		of := program{model: p.model, device: p.device, precision: precision.String(), threads: p.threads, quiet: true}
		m, closeModel, err := of.load(ctx, core.Towers(0))
		if err != nil {
			return nil, err
		}
		row := measuredPrecision{Precision: precision.String()}
		vectors, err := probe(ctx, m, info, &row)
		used := m.Device().Precision()
		closeModel()
		switch {
		case err != nil:
			return nil, fmt.Errorf("in %s: %w", precision, err)
		case used != precision:
			continue // a GPU that fails its self-test in a precision takes another one
		case precision == kernels.F32:
			exact = vectors
		}
		row.compare(exact, vectors)
		list = append(list, row)
	}
	return list, nil
}

func (m *measuredPrecision) compare(exact, vectors [2][][]float32) {
	most := 0.0
	for kind := range vectors {
		most = max(most, difference(exact[kind], vectors[kind]))
	}
	if math.IsInf(most, 0) {
		return
	}
	m.Difference, m.Within, m.Cosine = &most, most <= allowedDifference, 1
	for kind := range vectors {
		for i, v := range vectors[kind] {
			m.Cosine = min(m.Cosine, core.Cosine(exact[kind][i], v))
		}
	}
}

func (m measuredPrecision) String() string {
	if m.Difference == nil {
		return "gives vectors that are no numbers"
	}
	verdict := "more than auto allows"
	if m.Within {
		verdict = "no more than auto allows"
	}
	s := fmt.Sprintf("%.1e from float32 at most, %s, cosine %.6f", *m.Difference, verdict, m.Cosine)
	if m.ImageMillis > 0 {
		s += fmt.Sprintf(", %.1f ms a picture", m.ImageMillis)
	}
	if m.TextMillis > 0 {
		s += fmt.Sprintf(", %.1f ms a text", m.TextMillis)
	}
	return s
}

// probe embeds a picture of soft waves and some texts, as far as the model has towers for them, and notes how long one takes.
func probe(ctx context.Context, m *core.Model, info core.Info, row *measuredPrecision) (vectors [2][][]float32, err error) {
	timed := func(millis *float64, run func() error) error {
		took, err := repeat(ctx, run, func() {})
		*millis = 1e3 * took.best.Seconds()
		return err
	}
	if info.Image != nil {
		picture, err := waves()
		if err != nil {
			return vectors, err
		}
		pixels, err := m.Prepare(picture)
		if err != nil {
			return vectors, err
		}
		if err := timed(&row.ImageMillis, func() (err error) {
			vectors[0], err = m.EmbedPixels(ctx, []core.Pixels{pixels})
			return err
		}); err != nil {
			return vectors, err
		}
	}
	if info.Text != nil {
		if vectors[1], err = m.EmbedTexts(ctx, []string{"a photo of a dog", "pizza", ""}); err != nil {
			return vectors, err
		}
		err = timed(&row.TextMillis, func() error {
			_, err := m.EmbedTexts(ctx, []string{"a photo of a dog"})
			return err
		})
	}
	return vectors, err
}

func waves() (*core.Image, error) {
	picture := image.NewNRGBA(image.Rect(0, 0, 320, 240))
	for y := range 240 {
		for x := range 320 {
			wave := func(channel float64) uint8 {
				return uint8(128 + 127*math.Sin(float64(x)*channel/31)*math.Cos(float64(y)/24))
			}
			picture.SetNRGBA(x, y, color.NRGBA{wave(1), wave(2), wave(3), 255})
		}
	}
	return preprocess.FromImage(picture)
}
