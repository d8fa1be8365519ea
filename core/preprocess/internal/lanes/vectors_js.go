package lanes

import (
	_ "embed"
	"sync"
	"syscall/js"
	"unsafe"
)

// Go's wasm has no vectors, so that the loops are a module of their own. It works on this program's memory: a slice is where it is, and
// nothing is copied.

//go:embed pictures.wasm
var module []byte

// Name is what the instructions are called.
const Name = "simd128"

// exports are the module's functions.
var exports struct {
	acrossRGB, acrossRGBA, acrossGray, down, weigh, double, ycbcrToRGB, transform js.Value
}

// Available tells whether the module runs.
var Available = sync.OnceValue(func() (available bool) {
	defer func() {
		if thrown := recover(); thrown != nil {
			if _, ok := thrown.(js.Error); !ok {
				panic(thrown)
			}
		}
	}()
	memory := ownMemory()
	if memory.IsUndefined() {
		return false
	}
	array := js.Global().Get("Uint8Array").New(len(module))
	js.CopyBytesToJS(array, module)
	api := js.Global().Get("WebAssembly")
	instance := api.Get("Instance").New(api.Get("Module").New(array), map[string]any{"env": map[string]any{"memory": memory}})
	for name, to := range map[string]*js.Value{"acrossRGB": &exports.acrossRGB, "acrossRGBA": &exports.acrossRGBA, "acrossGray": &exports.acrossGray,
		"down": &exports.down, "weigh": &exports.weigh, "double": &exports.double, "ycbcrToRGB": &exports.ycbcrToRGB, "transform": &exports.transform} {
		*to = instance.Get("exports").Get(name)
	}
	return true
})

// ownMemory is the memory of this program. Go does not give it away, but asks the object that runs the program (of class Go, in
// wasm_exec.js) for every callback, and that object has it.
func ownMemory() js.Value {
	class := js.Global().Get("Go")
	if class.IsUndefined() || class.Get("prototype").Get("_makeFuncWrapper").IsUndefined() {
		return js.Undefined()
	}
	prototype := class.Get("prototype")
	original := prototype.Get("_makeFuncWrapper")
	var running js.Value
	caught := js.FuncOf(func(this js.Value, arguments []js.Value) any {
		running = this
		return original.Call("call", this, arguments[0])
	})
	defer caught.Release()
	prototype.Set("_makeFuncWrapper", caught)
	js.FuncOf(func(js.Value, []js.Value) any { return nil }).Release()
	prototype.Set("_makeFuncWrapper", original)
	if running.IsUndefined() || running.Get("_inst").IsUndefined() {
		return js.Undefined()
	}
	return running.Get("_inst").Get("exports").Get("mem")
}

// kept makes what at is given escape to the heap: memory on a stack might move before the call.
var kept unsafe.Pointer

// at is an address as the module takes it.
func at[T any](p *T) float64 {
	kept = unsafe.Pointer(p)
	return float64(uintptr(kept))
}

// AcrossRGB is avx2.AcrossRGB.
func AcrossRGB(out0, out1, row0, row1 *byte, first, groups *int32, weights *int16, n int) {
	exports.acrossRGB.Invoke(at(out0), at(out1), at(row0), at(row1), at(first), at(groups), at(weights), n)
}

// AcrossRGBA is avx2.AcrossRGBA.
func AcrossRGBA(out0, out1, row0, row1 *byte, first, groups *int32, weights *int16, n int) {
	exports.acrossRGBA.Invoke(at(out0), at(out1), at(row0), at(row1), at(first), at(groups), at(weights), n)
}

// AcrossGray is avx2.AcrossGray.
func AcrossGray(out, row *byte, first, groups *int32, weights *int16, n int) {
	exports.acrossGray.Invoke(at(out), at(row), at(first), at(groups), at(weights), n)
}

// Down is avx2.Down.
func Down(out *byte, rows **byte, weights *int16, pairs, n int) {
	exports.down.Invoke(at(out), at(rows), at(weights), pairs, n)
}

// TransformAll transforms n blocks as avx2.Transform does two. wait has 48 bytes for each: a slice where the samples go, an int, the stride from
// row to row, a pointer to the quantizer, and what does not matter.
func TransformAll(blocks *[64]int16, wait unsafe.Pointer, n int) {
	exports.transform.Invoke(at(blocks), at((*byte)(wait)), n)
}

// Weigh is avx2.Weigh.
func Weigh(out *int16, near, far *byte, n int) { exports.weigh.Invoke(at(out), at(near), at(far), n) }

// Double is avx2.Double.
func Double(out *byte, row *int16, even, odd, n int) {
	exports.double.Invoke(at(out), at(row), even, odd, n)
}

// YCbCrToRGB is avx2.YCbCrToRGB.
func YCbCrToRGB(out, y, cb, cr *byte, n int) {
	exports.ycbcrToRGB.Invoke(at(out), at(y), at(cb), at(cr), n)
}
