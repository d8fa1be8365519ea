//go:build js && wasm

package main

import "syscall/js"

// version is set when the program is built: -ldflags "-X main.version=1.2.3".
var version = "0.0.0"

func main() {
	js.Global().Set("goclip", map[string]any{
		"version": version,
		"cache":   cacheObject(),
		"load": js.FuncOf(func(_ js.Value, args []js.Value) any {
			return promise(func() (any, error) { return load(argument(args, 0), argument(args, 1)) })
		}),
	})
	select {}
}

// argument is undefined where the caller gave fewer arguments.
func argument(args []js.Value, i int) js.Value {
	if i < len(args) {
		return args[i]
	}
	return js.Undefined()
}
