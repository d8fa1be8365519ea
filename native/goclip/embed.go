package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/native/pictures"
	"github.com/goclip/goclip/native/vectors"
	"github.com/spf13/cobra"
)

// embedding are the flags of embed.
type embedding struct {
	*program
	texts     []string
	textsFile string
	format    string
	output    string
	raw       bool

	writer vectors.Writer
	rows   int
}

func embedCommand(p *program) *cobra.Command {
	o := &embedding{program: p}
	c := &cobra.Command{
		Use:   "embed [--text T]… [--texts-file F] [-o OUT] IMAGE…",
		Short: "Give the embeddings of pictures and texts",
		Long: `embed gives a vector for every text and every picture, texts first, in the order given.
Vectors have unit length, so that their dot product is the cosine; --no-normalize gives
them as the towers do. Inputs that fail are named and left out.

Formats, told from the name of OUT unless you say:
  jsonl        a JSON object a line: {"image"|"text", "embedding"}; a text that is
               longer than the model reads says "truncated":true
  npy          an array [N, width] of float32, for NumPy
  safetensors  the tensor "embeddings" [N, width]; the metadata's "inputs" is a JSON
               list that says what each row belongs to

A file is there completely or not at all.`,
		Example: `  goclip embed photo.jpg
  goclip embed --text "a red car" --text "a blue car"
  goclip embed -o photos.npy photos/
  goclip embed --texts-file captions.txt --format safetensors -o captions.safetensors`,
		GroupID: pictureGroup,
		RunE:    o.run,
	}
	f := c.Flags()
	f.StringArrayVar(&o.texts, "text", nil, "`TEXT` to embed; may be given again")
	f.StringVar(&o.textsFile, "texts-file", "", "`FILE` with a text a line (- is standard input)")
	f.StringVar(&o.format, "format", "", "`FORMAT` of the results: "+strings.Join(vectors.Formats, ", "))
	f.StringVarP(&o.output, "output", "o", "", "write `FILE` instead of standard output")
	f.BoolVar(&o.raw, "no-normalize", false, "vectors as the towers give them, not of unit length")
	complete(c, "format", vectors.Formats)
	return c
}

func (o *embedding) run(c *cobra.Command, arguments []string) error {
	if err := o.check(c, arguments); err != nil {
		return err
	}
	texts := len(o.texts) > 0 || o.textsFile != ""
	sources, err := o.sources(c, arguments, !texts)
	if err != nil {
		return err
	}
	var towers core.Towers
	if len(sources) > 0 {
		towers |= core.ImageTower
	}
	if texts {
		towers |= core.TextTower
	}
	ctx := c.Context()
	m, closeModel, err := o.openModel(ctx, towers)
	if err != nil {
		return err
	}
	defer closeModel()
	if o.writer, err = vectors.Create(o.format, o.output, m.Embedding(), o.out); err != nil {
		return err
	}
	defer o.writer.Abort()
	if err := o.embedTexts(ctx, m); err != nil {
		return err
	}
	if err := o.embedPictures(ctx, m, sources); err != nil {
		return err
	}
	if o.rows == 0 && o.failed && o.output != "" {
		o.say("every input failed, %s is not written", o.output)
		return errSomeFailed
	}
	if o.rows == 0 && !o.failed {
		o.warn("%s has no texts: there was nothing to embed", shown(o.textsFile))
	}
	if err := o.writer.Finish(); err != nil {
		return fmt.Errorf("cannot write the embeddings: %w", err)
	}
	return o.outcome()
}

func (o *embedding) check(c *cobra.Command, arguments []string) error {
	if len(arguments) == 0 && len(o.texts) == 0 && o.textsFile == "" {
		return usage(c, "embed needs a picture, --text or --texts-file")
	}
	if err := onceStdin(c, append([]string{o.textsFile}, arguments...)...); err != nil {
		return err
	}
	switch {
	case o.json && o.format != "" && o.format != "jsonl":
		return usage(c, "--json and --format %s exclude each other", o.format)
	case o.json && o.format == "" && vectors.FormatOf(o.output) != "" && vectors.FormatOf(o.output) != "jsonl":
		return usage(c, "--json and the name %s exclude each other: say --format", o.output)
	case o.json:
		o.format = "jsonl"
	case o.format == "":
		o.format = vectors.FormatOf(o.output)
	}
	if o.format == "" {
		o.format = vectors.Formats[0]
	}
	if err := oneOf(c, "format", o.format, vectors.Formats); err != nil {
		return err
	}
	if o.format != "jsonl" && o.output == "" && isTerminal(os.Stdout) {
		return usage(c, "%s is nothing to look at: name a file with -o", o.format)
	}
	o.json = o.format == "jsonl" && o.output == ""
	return nil
}

// embedTexts embeds all texts, a batch at a time.
func (o *embedding) embedTexts(ctx context.Context, m *core.Model) error {
	var batch []string
	flush := func() error {
		defer func() { batch = batch[:0] }()
		return o.embedBatch(ctx, m, batch)
	}
	add := func(text string) error {
		if batch = append(batch, text); len(batch) == batchSize {
			return flush()
		}
		return nil
	}
	for _, text := range o.texts {
		if err := add(text); err != nil {
			return err
		}
	}
	if o.textsFile != "" {
		for line, err := range linesOf(o.textsFile) {
			if err != nil {
				return err
			}
			if err := add(line); err != nil {
				return err
			}
		}
	}
	return flush()
}

func (o *embedding) embedBatch(ctx context.Context, m *core.Model, texts []string) error {
	if len(texts) == 0 {
		return nil
	}
	run := m.EmbedTexts
	if o.raw {
		run = m.TextFeatures
	}
	results, err := run(ctx, texts)
	if err != nil {
		return err
	}
	for i, text := range texts {
		if err := finite(results[i]); err != nil {
			return err
		}
		tokens, err := m.Tokenize(text)
		if err != nil {
			return err
		}
		if tokens.Truncated && o.format != "jsonl" {
			o.warn("%s", truncation(text, len(tokens.IDs)))
		}
		o.rows++
		if err := o.writer.Add(vectors.Row{Text: &text, Truncated: tokens.Truncated, Embedding: results[i]}); err != nil {
			return err
		}
	}
	return o.flush()
}

func (o *embedding) embedPictures(ctx context.Context, m *core.Model, sources []pictures.Source) error {
	if len(sources) == 0 {
		return nil
	}
	o.picturesBar(len(sources), o.output != "")
	run := m.EmbedPixels
	if o.raw {
		run = m.PixelFeatures
	}
	return o.eachVector(ctx, m, sources, run, func(v vector) error {
		row := vectors.Row{Image: v.image, Embedding: v.values}
		if v.err != nil {
			o.report(v.image, v.err)
			row.Embedding, row.Error = nil, reason(v.err)
		} else {
			o.rows++
		}
		return o.writer.Add(row)
	}, o.flush)
}

// flush lets readers see the results so far.
func (o *embedding) flush() error {
	if err := o.writer.Flush(); err != nil {
		return err
	}
	return o.out.Flush()
}
