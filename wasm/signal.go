//go:build js && wasm

package main

import (
	"context"
	"syscall/js"
	"time"
)

// contextOf is a context that ends with an AbortSignal, if there is one. The function frees what listens.
func contextOf(signal js.Value) (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	if !given(signal) {
		return ctx, cancel
	}
	if signal.Get("aborted").Bool() {
		cancel()
	}
	aborted := js.FuncOf(func(js.Value, []js.Value) any {
		cancel()
		return nil
	})
	signal.Call("addEventListener", "abort", aborted)
	return &breathing{ctx, time.Now()}, func() {
		signal.Call("removeEventListener", "abort", aborted)
		aborted.Release()
		cancel()
	}
}

// breath is how long a call with a signal computes before it lets the browser speak: a timer takes up to 4 ms.
const breath = 200 * time.Millisecond

// breathing is a context whose Err returns to the browser's event loop now and then. A program that computes hears of
// nothing, not even that its signal was aborted; devices ask for Err between two steps.
type breathing struct {
	context.Context
	last time.Time
}

// Err is that of context.Context. It must not be called in a JavaScript callback.
func (b *breathing) Err() error {
	if time.Since(b.last) > breath {
		time.Sleep(time.Millisecond) // a shorter sleep ends before the scheduler turns to the browser
		b.last = time.Now()
	}
	return b.Context.Err()
}

// signalOf is the context of a call whose options may hold a signal.
func signalOf(options js.Value, function string) (context.Context, func(), error) {
	signal, err := option(options, function, "signal")
	if err != nil {
		return nil, nil, err
	}
	if given(signal) && !isA(signal, "AbortSignal") {
		return nil, nil, failuref(codeArgument, "%s: signal must be an AbortSignal", function)
	}
	ctx, stop := contextOf(signal)
	return ctx, stop, nil
}
