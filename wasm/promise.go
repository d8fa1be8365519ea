//go:build js && wasm

package main

import (
	"fmt"
	"runtime/debug"
	"syscall/js"
	"time"
)

// promise runs work in a goroutine and returns the Promise of its result, which must be something that js.ValueOf takes.
func promise(work func() (any, error)) js.Value {
	executor := js.FuncOf(func(_ js.Value, args []js.Value) any {
		resolve, reject := args[0], args[1]
		go func() {
			result, err := guarded(work)
			if err != nil {
				reject.Invoke(errorObject(err))
				return
			}
			resolve.Invoke(result)
		}()
		return nil
	})
	defer executor.Release() // the constructor calls it before it returns
	return js.Global().Get("Promise").New(executor)
}

// guarded turns a panic into an error: one call's mistake must not end the program under everybody else's calls.
func guarded(work func() (any, error)) (result any, err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case js.Error: // thrown by the browser or by a callback of the caller
			err = p
		default:
			js.Global().Get("console").Call("error", fmt.Sprintf("goclip: %v\n%s", p, debug.Stack()))
			err = failuref(codeInternal, "%v: this is a mistake in goclip, please report it", p)
		}
	}()
	return work()
}

// await blocks the goroutine until a Promise settles. A rejection is a js.Error. It must not be called in a callback.
func await(p js.Value) (js.Value, error) { return awaitWithin(p, 0) }

// awaitWithin is await that gives up after so long with errLost; 0: never.
func awaitWithin(p js.Value, limit time.Duration) (js.Value, error) {
	type settled struct {
		value js.Value
		err   error
	}
	done := make(chan settled, 1)
	var resolved, rejected js.Func
	settle := func(s settled) any {
		resolved.Release()
		rejected.Release()
		done <- s
		return nil
	}
	resolved = js.FuncOf(func(_ js.Value, args []js.Value) any { return settle(settled{value: argument(args, 0)}) })
	rejected = js.FuncOf(func(_ js.Value, args []js.Value) any { return settle(settled{err: js.Error{Value: argument(args, 0)}}) })
	p.Call("then", resolved, rejected)
	var timeout <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		timeout = timer.C
	}
	select {
	case s := <-done:
		return s.value, s.err
	case <-timeout:
		return js.Undefined(), fmt.Errorf("%w: nothing came for %v", errLost, limit)
	}
}
