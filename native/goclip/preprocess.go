package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"image"
	"image/png"
	"math"
	"path/filepath"
	"strings"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/core/preprocess"
	"github.com/goclip/goclip/native/output"
	"github.com/goclip/goclip/native/pictures"
	"github.com/goclip/goclip/native/vectors"
	"github.com/spf13/cobra"
)

// preparing are the flags of preprocess.
type preparing struct {
	*program
	exif   string
	output string
}

// prepared is one picture's result in JSON.
type prepared struct {
	Image     string `json:"image"`
	Width     int    `json:"width"`
	Height    int    `json:"height"`
	SHA256U8  string `json:"sha256_u8"`
	SHA256F32 string `json:"sha256_f32"`

	result *preprocess.Result // to be saved; nil: nothing is
}

// orientations are what --exif takes.
var orientations = []string{"apply", "ignore"}

func preprocessCommand(p *program) *cobra.Command {
	o := &preparing{program: p}
	c := &cobra.Command{
		Use:   "preprocess [-o OUT] IMAGE…",
		Short: "Show what an image tower gets of a picture",
		Long: `preprocess decodes, turns, resizes and crops pictures as the model wants them, and gives the
size and two checksums: sha256_u8 of the height x width x 3 bytes, sha256_f32 of the
little-endian float32 tensor 3 x height x width. No weights are needed: a folder with the
preprocessing configuration is enough for -m.

-o writes the result of one picture: OUT.png the pixels, OUT.npy the tensor.`,
		Example: `  goclip preprocess photo.jpg
  goclip preprocess -o seen.png photo.jpg
  goclip preprocess -m ./model --exif ignore --json photos/`,
		GroupID: pictureGroup,
		RunE:    o.run,
	}
	f := c.Flags()
	f.StringVar(&o.exif, "exif", "apply", "`HOW` to take EXIF orientation: apply turns pictures upright, ignore does not")
	f.StringVarP(&o.output, "output", "o", "", "write the picture as `FILE`, .png or .npy")
	complete(c, "exif", orientations)
	return c
}

func (o *preparing) run(c *cobra.Command, arguments []string) error {
	if len(arguments) == 0 {
		return usage(c, "preprocess needs a picture: a file, a folder, a glob, an address, or -")
	}
	if err := oneOf(c, "exif", o.exif, orientations); err != nil {
		return err
	}
	if err := onceStdin(c, arguments...); err != nil {
		return err
	}
	extension := strings.ToLower(filepath.Ext(o.output))
	if o.output != "" && extension != ".png" && extension != ".npy" {
		return usage(c, "-o %s: the name must end in .png or .npy", o.output)
	}
	l, err := o.locate()
	if err != nil {
		return err
	}
	config, err := core.OpenPreprocess(l)
	if err != nil {
		return err
	}
	sources, err := o.sources(c, arguments, true)
	if err != nil {
		return err
	}
	if o.output != "" && len(sources) != 1 {
		return usage(c, "-o takes one picture, have %d", len(sources))
	}
	return o.prepare(c.Context(), config, sources)
}

func (o *preparing) prepare(ctx context.Context, config preprocess.Config, sources []pictures.Source) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	o.picturesBar(len(sources), false)
	results := pictures.Stream(ctx, sources, decoders(), readAhead, func(data []byte) (prepared, error) {
		apply := config.ApplyFile
		if o.exif != "apply" {
			apply = func(data []byte) (*preprocess.Result, error) {
				picture, err := preprocess.Decode(data)
				if err != nil {
					return nil, err
				}
				return config.Apply(picture)
			}
		}
		result, err := apply(data)
		if err != nil {
			return prepared{}, err
		}
		p := checksums(result)
		if o.output != "" {
			p.result = result
		}
		return p, nil
	})
	for r := range results {
		if r.Value.result != nil {
			if err := save(o.output, config, r.Value.result); err != nil {
				return err
			}
		}
		if err := o.show(r); err != nil {
			return err
		}
		o.bar.add()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return o.outcome()
}

func (o *preparing) show(r pictures.Result[prepared]) error {
	if r.Err != nil {
		if err := o.fail(r.Source.Name, r.Err); err != nil {
			return err
		}
		return o.out.Flush()
	}
	v := r.Value
	v.Image = r.Source.Name
	if o.json {
		if err := o.emit(v); err != nil {
			return err
		}
		return o.out.Flush()
	}
	fmt.Fprintf(o.out, "%s\t%dx%d\t%s\t%s\n", shown(v.Image), v.Width, v.Height, v.SHA256U8, v.SHA256F32)
	return o.out.Flush()
}

func checksums(r *preprocess.Result) prepared {
	pixels := sha256.Sum256(r.Pixels)
	values := r.Planar()
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	tensor := sha256.Sum256(data)
	return prepared{Width: r.Width, Height: r.Height, SHA256U8: hex.EncodeToString(pixels[:]), SHA256F32: hex.EncodeToString(tensor[:])}
}

// save writes the pixels as .png or the tensor as .npy.
func save(name string, config preprocess.Config, r *preprocess.Result) error {
	return output.WriteFile(name, func(f *output.File) error {
		if strings.EqualFold(filepath.Ext(name), ".png") {
			return png.Encode(f, rgb(r))
		}
		if r.Rows > 0 {
			return vectors.WriteNPY(f, r.Values, config.MaxPatches, len(r.Values)/config.MaxPatches)
		}
		return vectors.WriteNPY(f, r.Planar(), 3, r.Height, r.Width)
	})
}

func rgb(r *preprocess.Result) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, r.Width, r.Height))
	for i := range r.Width * r.Height {
		copy(m.Pix[4*i:], r.Pixels[3*i:3*i+3])
		m.Pix[4*i+3] = 255
	}
	return m
}
