package core

import (
	"context"
	"fmt"

	"github.com/goclip/goclip/core/preprocess"
	"github.com/goclip/goclip/core/tower"
)

// Image is a decoded picture.
type Image = preprocess.Picture

// Errors that DecodeImage wraps: no picture or a broken one; more pixels than are allowed; a kind of picture that cannot
// be decoded exactly.
var (
	ErrNotImage    = preprocess.ErrNotImage
	ErrTooLarge    = preprocess.ErrTooLarge
	ErrUnsupported = preprocess.ErrUnsupported
)

// DecodeImage decodes a JPEG, PNG, GIF, WebP, BMP or TIFF file. Pictures keep their orientation: call Upright for what
// a viewer shows.
func DecodeImage(data []byte) (*Image, error) { return preprocess.Decode(data) }

// Pixels is a picture as the image tower takes it.
type Pixels struct {
	Values []float32 // [height, width, 3], normalised; or patches, with zeros behind those that the picture has
	// Rows and Columns are the picture's patches each way, where the tower takes pictures of any shape (NaFlex).
	Rows, Columns int
}

// Prepare resizes, crops and normalises a picture for the image tower.
func (m *Model) Prepare(picture *Image) (Pixels, error) {
	return m.prepare(func(c preprocess.Config) (*preprocess.Result, error) { return c.Apply(picture) })
}

// PrepareFile does so with the picture in a file, turned upright: faster than DecodeImage, Upright and Prepare one after
// another, and with less memory.
func (m *Model) PrepareFile(data []byte) (Pixels, error) {
	return m.prepare(func(c preprocess.Config) (*preprocess.Result, error) { return c.ApplyFile(data) })
}

func (m *Model) prepare(apply func(preprocess.Config) (*preprocess.Result, error)) (Pixels, error) {
	if m.image == nil {
		return Pixels{}, fmt.Errorf("core: %w: no image tower", ErrNoTower)
	}
	if m.preprocessErr != nil {
		return Pixels{}, m.preprocessErr
	}
	result, err := apply(m.preprocess)
	if err != nil {
		return Pixels{}, err
	}
	return Pixels{result.Values, result.Rows, result.Columns}, nil
}

// EmbedImages gives every picture's embedding, of unit length.
func (m *Model) EmbedImages(ctx context.Context, pictures []*Image) ([][]float32, error) {
	prepared := make([]Pixels, len(pictures))
	for i, p := range pictures {
		var err error
		if prepared[i], err = m.Prepare(p); err != nil {
			return nil, fmt.Errorf("core: picture %d: %w", i, err)
		}
	}
	return m.EmbedPixels(ctx, prepared)
}

// EmbedPixels gives the embeddings of prepared pictures, of unit length.
func (m *Model) EmbedPixels(ctx context.Context, pictures []Pixels) ([][]float32, error) {
	return m.imageVectors(ctx, pictures, embeds)
}

// PixelFeatures gives the image tower's results for prepared pictures before they are brought to unit length.
func (m *Model) PixelFeatures(ctx context.Context, pictures []Pixels) ([][]float32, error) {
	return m.imageVectors(ctx, pictures, features)
}

// EmbedTexts gives every text's embedding, of unit length. Texts longer than the context are cut as the reference does.
func (m *Model) EmbedTexts(ctx context.Context, texts []string) ([][]float32, error) {
	return m.textVectors(ctx, texts, embeds)
}

// TextFeatures gives the text tower's results before they are brought to unit length.
func (m *Model) TextFeatures(ctx context.Context, texts []string) ([][]float32, error) {
	return m.textVectors(ctx, texts, features)
}

// The places of a tower's two vectors among its outputs.
const (
	features = 0
	embeds   = 1
)

func (m *Model) imageVectors(ctx context.Context, pictures []Pixels, which int) ([][]float32, error) {
	if m.image == nil {
		return nil, fmt.Errorf("core: %w: no image tower", ErrNoTower)
	}
	var out [][]float32
	err := m.image.run(ctx, pictures, false, collect(&out, which))
	return out, err
}

func (m *Model) textVectors(ctx context.Context, texts []string, which int) ([][]float32, error) {
	if m.text == nil {
		return nil, fmt.Errorf("core: %w: no text tower", ErrNoTower)
	}
	ids := make([][]int32, len(texts))
	for i, text := range texts {
		tokens, err := m.Tokenize(text)
		if err != nil {
			return nil, err
		}
		ids[i] = tokens.IDs
	}
	return m.idVectors(ctx, ids, which)
}

// idVectors runs texts that are tokenized already.
func (m *Model) idVectors(ctx context.Context, ids [][]int32, which int) ([][]float32, error) {
	texts := make([]tower.TextIDs, len(ids))
	for i, row := range ids {
		texts[i].IDs = row
	}
	var out [][]float32
	err := m.text.run(ctx, texts, false, collect(&out, which))
	return out, err
}

// collect copies one vector of every item.
func collect(out *[][]float32, which int) emit {
	return func(p *program, count int) {
		width := p.outputs[which].Tensor.Shape.Width()
		for i := range count {
			*out = append(*out, append([]float32(nil), p.out[which][i*width:(i+1)*width]...))
		}
	}
}
