//go:build js && wasm

package main

import (
	"encoding/binary"
	"math"
	"syscall/js"

	"github.com/goclip/goclip/core/checkpoint"
)

// isBytes tells whether a value is an ArrayBuffer or a view of one.
func isBytes(v js.Value) bool {
	return isA(v, "ArrayBuffer") || isA(v, "SharedArrayBuffer") || v.Type() == js.TypeObject && js.Global().Get("ArrayBuffer").Call("isView", v).Bool()
}

// copyBytes copies from an ArrayBuffer or a view of one, as much as p takes.
func copyBytes(p []byte, v js.Value) int {
	array := js.Global().Get("Uint8Array")
	if buffer := v.Get("buffer"); !buffer.IsUndefined() {
		return js.CopyBytesToGo(p, array.New(buffer, v.Get("byteOffset"), v.Get("byteLength")))
	}
	return js.CopyBytesToGo(p, array.New(v))
}

// float32Array copies values into a new Float32Array.
func float32Array(values []float32) js.Value {
	data := make([]byte, 4*len(values))
	for i, v := range values {
		binary.LittleEndian.PutUint32(data[4*i:], math.Float32bits(v))
	}
	bytes := js.Global().Get("Uint8Array").New(len(data))
	js.CopyBytesToJS(bytes, data)
	return js.Global().Get("Float32Array").New(bytes.Get("buffer"))
}

// readTensors takes {name: {data, shape}} apart.
func readTensors(v js.Value) ([]checkpoint.Tensor, error) {
	if v.Type() != js.TypeObject {
		return nil, failuref(codeArgument, "run: want an object of tensors, {name: {data, shape}}, not %s", v.Type())
	}
	var tensors []checkpoint.Tensor
	for _, key := range elements(js.Global().Get("Object").Call("keys", v)) {
		t, err := readTensor(key.String(), v.Get(key.String()))
		if err != nil {
			return nil, err
		}
		tensors = append(tensors, t)
	}
	return tensors, nil
}

func readTensor(name string, v js.Value) (checkpoint.Tensor, error) {
	t := checkpoint.Tensor{Name: name}
	if v.Type() != js.TypeObject || v.Get("shape").Type() != js.TypeObject {
		return t, failuref(codeArgument, "run: %s must be {data, shape}", name)
	}
	data := v.Get("data")
	each := 0
	switch {
	case isA(data, "Float32Array"), isA(data, "Int32Array"):
		each = 4
	case isA(data, "BigInt64Array"):
		each = 8
	default:
		return t, failuref(codeArgument, "run: the data of %s must be a Float32Array, a BigInt64Array or an Int32Array", name)
	}
	count := 1.0
	for _, d := range elements(v.Get("shape")) {
		n, ok := whole(d)
		if !ok || n < 0 {
			return t, failuref(codeArgument, "run: the shape of %s must be whole numbers", name)
		}
		t.Shape = append(t.Shape, n)
		count *= float64(n)
	}
	if count != float64(data.Length()) {
		return t, failuref(codeArgument, "run: %s has %d values for the shape %v", name, data.Length(), t.Shape)
	}
	raw := make([]byte, data.Length()*each)
	copyBytes(raw, data)
	switch {
	case isA(data, "Float32Array"):
		t.Floats = make([]float32, data.Length())
		for i := range t.Floats {
			t.Floats[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
	case each == 4:
		t.Ints = make([]int64, data.Length())
		for i := range t.Ints {
			t.Ints[i] = int64(int32(binary.LittleEndian.Uint32(raw[4*i:])))
		}
	default:
		t.Ints = make([]int64, data.Length())
		for i := range t.Ints {
			t.Ints[i] = int64(binary.LittleEndian.Uint64(raw[8*i:]))
		}
	}
	return t, nil
}

// tensorObject is {name: {data, shape}}.
func tensorObject(tensors []checkpoint.Tensor) js.Value {
	object := js.Global().Get("Object").New()
	for _, t := range tensors {
		shape := make([]any, len(t.Shape))
		for i, n := range t.Shape {
			shape[i] = n
		}
		object.Set(t.Name, map[string]any{"data": float32Array(t.Floats), "shape": shape})
	}
	return object
}
