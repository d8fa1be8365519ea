//go:build js && wasm

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"syscall/js"
	"time"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/kernels/wasmsimd"
)

// clip is an opened model with the device that it alone uses.
type clip struct {
	model  *core.Model
	engine *engine
	spent  spent
}

// spent is what a model did since it was loaded.
type spent struct {
	pictures, texts             int
	decode, resize, image, text time.Duration
}

var clips = newObjects("model", map[string]method[*clip]{
	"embedImage":  (*clip).embedImage,
	"embedImages": (*clip).embedImages,
	"embedText":   (*clip).embedText,
	"embedTexts":  (*clip).embedTexts,
	"classifier":  (*clip).classifier,
	"run":         (*clip).run,
	"stats":       (*clip).stats,
}, (*clip).close)

func (c *clip) close() error { return errors.Join(c.model.Close(), c.engine.devices.Close()) }

// info is what `goclip inspect` says about the model, and what computes it.
func (c *clip) info() (js.Value, error) {
	info, err := c.model.Info()
	if err != nil {
		return js.Undefined(), err
	}
	return encoded(struct {
		core.Info
		described
	}{info, c.engine.describe()})
}

// encoded is a JavaScript object of what encoding/json makes of a value.
func encoded(v any) (js.Value, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return js.Undefined(), err
	}
	return js.Global().Get("JSON").Call("parse", string(text)), nil
}

func (c *clip) embedImage(args []js.Value) (any, error) {
	ctx, stop, err := signalOf(argument(args, 1), "embedImage")
	if err != nil {
		return nil, err
	}
	defer stop()
	vectors, err := c.images(ctx, []js.Value{argument(args, 0)})
	if err != nil {
		return nil, err
	}
	return float32Array(vectors[0]), nil
}

func (c *clip) embedImages(args []js.Value) (any, error) {
	list, err := listOf("embedImages", argument(args, 0))
	if err != nil {
		return nil, err
	}
	ctx, stop, err := signalOf(argument(args, 1), "embedImages")
	if err != nil {
		return nil, err
	}
	defer stop()
	vectors, err := c.images(ctx, list)
	return arrays(vectors), err
}

// imagesAtOnce is how many prepared pictures wait for the tower: its largest batch.
const imagesAtOnce = 32

// images embeds pictures. Decoded pictures are large and prepared ones small: only one is decoded at a time.
func (c *clip) images(ctx context.Context, list []js.Value) ([][]float32, error) {
	var vectors [][]float32
	var prepared []core.Pixels
	for i, v := range list {
		pixels, err := c.prepare(ctx, v)
		if err != nil && len(list) > 1 {
			err = fmt.Errorf("wasm: picture %d: %w", i, err)
		}
		if err != nil {
			return nil, err
		}
		prepared = append(prepared, pixels)
		if len(prepared) == imagesAtOnce || i == len(list)-1 {
			start := time.Now()
			some, err := c.model.EmbedPixels(ctx, prepared)
			if err != nil {
				return nil, err
			}
			c.spent.image += time.Since(start)
			c.spent.pictures += len(prepared)
			vectors, prepared = append(vectors, some...), prepared[:0]
		}
	}
	return vectors, nil
}

func (c *clip) prepare(ctx context.Context, v js.Value) (core.Pixels, error) {
	if err := ctx.Err(); err != nil {
		return core.Pixels{}, err
	}
	start := time.Now()
	picture, err := readImage(v)
	if err != nil {
		return core.Pixels{}, err
	}
	decoded := time.Now()
	c.spent.decode += decoded.Sub(start)
	pixels, err := c.model.Prepare(picture)
	c.spent.resize += time.Since(decoded)
	return pixels, err
}

func (c *clip) embedText(args []js.Value) (any, error) {
	text := argument(args, 0)
	if text.Type() != js.TypeString {
		return nil, failuref(codeArgument, "embedText: the text must be a string, not %s", text.Type())
	}
	vectors, err := c.texts("embedText", []string{text.String()}, argument(args, 1))
	if err != nil {
		return nil, err
	}
	return float32Array(vectors[0]), nil
}

func (c *clip) embedTexts(args []js.Value) (any, error) {
	texts, err := stringsOf("embedTexts", argument(args, 0))
	if err != nil {
		return nil, err
	}
	vectors, err := c.texts("embedTexts", texts, argument(args, 1))
	return arrays(vectors), err
}

func (c *clip) texts(function string, texts []string, options js.Value) ([][]float32, error) {
	ctx, stop, err := signalOf(options, function)
	if err != nil {
		return nil, err
	}
	defer stop()
	start := time.Now()
	vectors, err := c.model.EmbedTexts(ctx, texts)
	if err != nil {
		return nil, err
	}
	c.spent.text += time.Since(start)
	c.spent.texts += len(texts)
	return vectors, nil
}

func (c *clip) run(args []js.Value) (any, error) {
	in, err := readTensors(argument(args, 0))
	if err != nil {
		return nil, err
	}
	hidden, err := option(argument(args, 1), "run", "hidden")
	if err != nil {
		return nil, err
	}
	ctx, stop, err := signalOf(argument(args, 1), "run")
	if err != nil {
		return nil, err
	}
	defer stop()
	out, err := c.model.RunTensors(ctx, in, hidden.Truthy())
	if err != nil {
		return nil, err
	}
	return tensorObject(out), nil
}

// stats is what the model did, in milliseconds, and the memory of the device if that is the processor.
func (c *clip) stats([]js.Value) (any, error) {
	milliseconds := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	memory := int64(0)
	if d, ok := c.engine.device().(*wasmsimd.Device); ok {
		memory = d.MemoryBytes()
	}
	return map[string]any{
		"pictures": c.spent.pictures, "texts": c.spent.texts, "decode": milliseconds(c.spent.decode),
		"memory": float64(memory), "resize": milliseconds(c.spent.resize), "image": milliseconds(c.spent.image), "text": milliseconds(c.spent.text),
	}, nil
}

// arrays is a list of Float32Arrays.
func arrays(vectors [][]float32) any {
	list := make([]any, len(vectors))
	for i, v := range vectors {
		list[i] = float32Array(v)
	}
	return list
}

// listOf takes an array or another list apart.
func listOf(function string, v js.Value) ([]js.Value, error) {
	if v.Type() != js.TypeObject || v.Get("length").Type() != js.TypeNumber {
		return nil, failuref(codeArgument, "%s: want a list", function)
	}
	return elements(v), nil
}

func stringsOf(function string, v js.Value) ([]string, error) {
	list, err := listOf(function, v)
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(list))
	for i, e := range list {
		if e.Type() != js.TypeString {
			return nil, failuref(codeArgument, "%s: element %d must be a string, not %s", function, i, e.Type())
		}
		texts[i] = e.String()
	}
	return texts, nil
}

// option reads one property of an optional object of options.
func option(options js.Value, function, name string) (js.Value, error) {
	if !given(options) {
		return js.Undefined(), nil
	}
	if options.Type() == js.TypeObject {
		return options.Get(name), nil
	}
	return js.Undefined(), failuref(codeArgument, "%s: the options must be an object, not %s", function, options.Type())
}
