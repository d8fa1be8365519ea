//go:build js && wasm

package main

import (
	"math"
	"syscall/js"
	"time"

	"github.com/goclip/goclip/core"
)

// options are the second argument of load.
type options struct {
	device   deviceOptions
	base     js.Value // where the model that ships lies; not given: beside the page or worker
	shipped  js.Value // its files, and CLIP's merges, by name, Blobs or addresses, if they lie elsewhere
	towers   core.Towers
	signal   js.Value // AbortSignal, if given
	progress js.Value // function, if given
	cache    string   // one of cacheAuto, cacheAlways and cacheNever
	silence  time.Duration
}

// load opens a model and resolves to the object that stands for it.
func load(source, settings js.Value) (any, error) {
	o, err := readOptions(settings)
	if err != nil {
		return nil, err
	}
	ctx, stop := contextOf(o.signal)
	defer stop()
	s, err := o.find(source)
	if err != nil {
		return nil, err
	}
	defer s.close()
	engine, err := o.device.open(ctx)
	if err != nil {
		return nil, err
	}
	plenty := func() {}
	admit := func(n core.Need) error {
		plenty = frugal(n)
		return engine.admit(n)
	}
	model, err := core.OpenAt(ctx, s.location, core.Options{Device: engine.device(), Fallback: engine.fallback,
		Relocate: func() (core.Location, func(), error) {
			again, err := o.find(source)
			return again.location, again.close, err
		},
		Towers: o.towers, Merges: o.merges, Admit: admit, Progress: func(loaded, total int) {
			o.report("load", s.location.Name, float64(loaded), float64(total))
		}})
	plenty()
	if err != nil {
		engine.devices.Close()
		if ctx.Err() != nil {
			return nil, &failure{codeAborted, err}
		}
		return nil, &failure{codeOf(err, codeModel), err}
	}
	c := &clip{model: model, engine: engine}
	info, err := c.info()
	if err != nil {
		c.close()
		return nil, err
	}
	object := clips.wrap(c)
	object.Set("info", info)
	engine.changed = func() {
		if now, err := encoded(engine.describe()); err == nil {
			object.Set("info", js.Global().Get("Object").Call("assign", map[string]any{}, info, now))
		}
	}
	o.report("ready", s.location.Name, 1, 1)
	return object, nil
}

// readOptions checks the options; unknown ones are left alone, as JavaScript does.
func readOptions(v js.Value) (*options, error) {
	o := &options{cache: cacheAuto, silence: silence}
	if !given(v) {
		v = js.Global().Get("Object").New()
	}
	if v.Type() != js.TypeObject {
		return nil, failuref(codeArgument, "load: the options must be an object, not a %s", v.Type())
	}
	var err error
	if o.device, err = readDevice(v); err != nil {
		return nil, err
	}
	if o.progress = v.Get("onProgress"); given(o.progress) && o.progress.Type() != js.TypeFunction {
		return nil, failuref(codeArgument, "load: onProgress must be a function")
	}
	if o.signal = v.Get("signal"); given(o.signal) && !isA(o.signal, "AbortSignal") {
		return nil, failuref(codeArgument, "load: signal must be an AbortSignal")
	}
	o.base, o.shipped = v.Get("base"), v.Get("shipped")
	if err := o.readNetwork(v); err != nil {
		return nil, err
	}
	o.towers, err = readTowers(v.Get("towers"))
	return o, err
}

// readTowers takes "image", "text", "both", or a list of the first two.
func readTowers(v js.Value) (core.Towers, error) {
	if !given(v) {
		return 0, nil
	}
	names := []js.Value{v}
	if v.Type() == js.TypeObject {
		names = elements(v)
	}
	var towers core.Towers
	for _, name := range names {
		switch text(name, "") {
		case "image":
			towers |= core.ImageTower
		case "text":
			towers |= core.TextTower
		case "both":
			towers |= core.ImageTower | core.TextTower
		default:
			return 0, failuref(codeArgument, `load: towers must be "image", "text" or "both"`)
		}
	}
	return towers, nil
}

// report calls onProgress. total is 0 where nobody knows it.
func (o *options) report(status, file string, loaded, total float64) {
	if given(o.progress) {
		o.progress.Invoke(map[string]any{"status": status, "file": file, "loaded": loaded, "total": total})
	}
}

// given tells whether an optional value is there.
func given(v js.Value) bool { return !v.IsUndefined() && !v.IsNull() }

// text is a string's value, or otherwise where it is not given; a description of anything else.
func text(v js.Value, otherwise string) string {
	if !given(v) {
		return otherwise
	}
	return v.String()
}

// whole is the value of a whole number.
func whole(v js.Value) (int, bool) {
	if v.Type() != js.TypeNumber {
		return 0, false
	}
	n := v.Float()
	return int(n), n == math.Trunc(n) && math.Abs(n) <= math.MaxInt32
}

// isA tells whether a value is of a class, which need not exist here: Node has no ImageData, a worker no FileList.
func isA(v js.Value, class string) bool {
	constructor := js.Global().Get(class)
	return v.Type() == js.TypeObject && constructor.Type() == js.TypeFunction && v.InstanceOf(constructor)
}

// elements are the members of an array, a FileList or another list.
func elements(list js.Value) []js.Value {
	array := js.Global().Get("Array").Call("from", list)
	members := make([]js.Value, array.Length())
	for i := range members {
		members[i] = array.Index(i)
	}
	return members
}
