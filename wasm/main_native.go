//go:build !(js && wasm)

package main

import (
	"fmt"
	"os"
)

// main tells whoever runs `go run ./wasm` what the program is for.
func main() {
	fmt.Fprintln(os.Stderr, "wasm: this program runs in browsers and in Node: build it with GOOS=js GOARCH=wasm")
	os.Exit(2)
}
