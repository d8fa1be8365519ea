//go:build js && wasm

package main

import "syscall/js"

// method is a function of a JavaScript object that stands for a T.
type method[T any] func(self T, args []js.Value) (any, error)

// objects are the JavaScript objects that stand for Go values of one type. They share a prototype, whose functions are
// made once: a function for each object would have to be released with it.
type objects[T any] struct {
	what      string
	prototype js.Value
	live      map[int]T
}

// handleName is the property that holds an object's number.
const handleName = "handle"

// handles numbers the objects of all types, so that a method called on another type's object finds nothing.
var handles int

// newObjects makes a prototype with methods and with dispose, which forgets the value after calling its end.
func newObjects[T any](what string, methods map[string]method[T], end func(T) error) *objects[T] {
	o := &objects[T]{what: what, prototype: js.Global().Get("Object").New(), live: map[int]T{}}
	for name, m := range methods {
		o.prototype.Set(name, js.FuncOf(func(this js.Value, args []js.Value) any {
			return promise(func() (any, error) {
				self, ok := o.find(this)
				if !ok {
					return nil, failuref(codeDisposed, "%s: the %s was disposed of, or the function was taken off it", name, o.what)
				}
				result, err := m(self, args)
				if _, ok := o.find(this); err != nil && !ok {
					return nil, failuref(codeDisposed, "%s: the %s was disposed of meanwhile", name, o.what)
				}
				return result, err
			})
		}))
	}
	o.prototype.Set("dispose", js.FuncOf(func(this js.Value, _ []js.Value) any {
		return promise(func() (any, error) {
			self, ok := o.find(this)
			if !ok {
				return nil, nil
			}
			delete(o.live, this.Get(handleName).Int())
			return nil, end(self)
		})
	}))
	return o
}

// wrap makes the object for a value.
func (o *objects[T]) wrap(value T) js.Value {
	handles++
	o.live[handles] = value
	object := js.Global().Get("Object")
	wrapped := object.Call("create", o.prototype)
	object.Call("defineProperty", wrapped, handleName, map[string]any{"value": handles})
	return wrapped
}

func (o *objects[T]) find(this js.Value) (T, bool) {
	var none T
	if this.Type() != js.TypeObject {
		return none, false
	}
	handle := this.Get(handleName)
	if handle.Type() != js.TypeNumber {
		return none, false
	}
	value, ok := o.live[handle.Int()]
	return value, ok
}
