package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/native/pictures"
	"github.com/spf13/cobra"
)

// textPrefix begins an argument of compare that is a text.
const textPrefix = "text:"

// comparison is the result of compare in JSON.
type comparison struct {
	A      string  `json:"a"`
	B      string  `json:"b"`
	Cosine float64 `json:"cosine"`
	Logit  float64 `json:"logit"`
	// Truncated: a text is longer than the model reads.
	Truncated bool `json:"truncated,omitempty"`
}

func compareCommand(p *program) *cobra.Command {
	return &cobra.Command{
		Use:   "compare A B",
		Short: "Say how near two pictures or texts are to each other",
		Long: `compare gives the cosine between two pictures, a picture and a text, or two texts, and the
logit that the model makes of it. An argument that begins with text: is a text, any other
a picture.`,
		Example: `  goclip compare car.jpg "text:a red car"
  goclip compare a.jpg b.jpg
  goclip compare "text:a car" "text:an automobile" --json`,
		GroupID: pictureGroup,
		RunE: func(c *cobra.Command, arguments []string) error {
			if len(arguments) != 2 {
				return usage(c, "compare needs two pictures or texts (text:…), have %d", len(arguments))
			}
			if err := onceStdin(c, arguments...); err != nil {
				return err
			}
			return p.compare(c, arguments[0], arguments[1])
		},
	}
}

func (p *program) compare(c *cobra.Command, a, b string) error {
	var towers core.Towers
	var sources []pictures.Source
	for _, argument := range []string{a, b} {
		if strings.HasPrefix(argument, textPrefix) {
			towers |= core.TextTower
			continue
		}
		towers |= core.ImageTower
		if a == b && len(sources) == 1 {
			continue // one picture, named once if it fails
		}
		source, err := p.onePicture(c, argument)
		if err != nil {
			return err
		}
		sources = append(sources, source)
	}
	ctx := c.Context()
	m, closeModel, err := p.openModel(ctx, towers)
	if err != nil {
		return err
	}
	defer closeModel()
	ofPicture, err := p.compared(ctx, m, sources)
	if err != nil {
		return err
	}
	var both [][]float32
	var truncated bool
	for _, argument := range []string{a, b} {
		text, isText := strings.CutPrefix(argument, textPrefix)
		if !isText {
			both = append(both, ofPicture[0])
			if a != b {
				ofPicture = ofPicture[1:]
			}
			continue
		}
		tokens, err := m.Tokenize(text)
		if err != nil {
			return err
		}
		if tokens.Truncated {
			truncated = true
			p.warn("%s", truncation(text, len(tokens.IDs)))
		}
		vectors, err := m.EmbedTexts(ctx, []string{text})
		if err == nil {
			err = finite(vectors[0])
		}
		if err != nil {
			return err
		}
		both = append(both, vectors[0])
	}
	cosine := core.Cosine(both[0], both[1])
	return p.showComparison(comparison{a, b, cosine, m.Logit(cosine), truncated})
}

// onePicture finds the picture that an argument of compare names.
func (p *program) onePicture(c *cobra.Command, argument string) (pictures.Source, error) {
	found, err := p.sources(c, []string{argument}, false)
	if err != nil {
		return pictures.Source{}, err
	}
	if len(found) > 1 {
		return pictures.Source{}, usage(c, "%s holds %d pictures, compare takes one", argument, len(found))
	}
	if found[0].Usable() {
		return found[0], nil
	}
	if _, err = found[0].Read(c.Context()); p.json {
		if err := p.emit(failure{argument, reason(err)}); err != nil {
			return pictures.Source{}, err
		}
	}
	return pictures.Source{}, fmt.Errorf("%s: %w (a text is written %s…)", shown(argument), err, textPrefix)
}

// compared embeds the pictures among the arguments; without all of them there is nothing to compare.
func (p *program) compared(ctx context.Context, m *core.Model, sources []pictures.Source) ([][]float32, error) {
	var vectors [][]float32
	err := p.eachVector(ctx, m, sources, m.EmbedPixels, func(v vector) error {
		if v.err != nil {
			return p.fail(v.image, v.err)
		}
		vectors = append(vectors, v.values)
		return nil
	}, p.out.Flush)
	if err == nil {
		err = p.outcome()
	}
	return vectors, err
}

func (p *program) showComparison(r comparison) error {
	if p.json {
		return p.emit(r)
	}
	if isTerminal(os.Stdout) {
		_, err := fmt.Fprintf(p.out, "cosine %.4f   logit %.3f\n", r.Cosine, r.Logit)
		return err
	}
	_, err := fmt.Fprintf(p.out, "%s\t%s\t%.6f\t%.6f\n", shown(r.A), shown(r.B), r.Cosine, r.Logit)
	return err
}
