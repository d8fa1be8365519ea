// Command pack lays the data of a wasm program out in fewer, longer pieces: pack FILE rewrites the file.
//
// Go's linker leaves out every run of eight zero bytes and more, and so writes a hundred thousand pieces, each with an address and
// a length that no compressor can guess. Filled in again, the zeros cost a compressed download next to nothing, and it has a
// tenth less.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: pack FILE.wasm")
		os.Exit(2)
	}
	if err := rewrite(os.Args[1]); err != nil {
		fmt.Fprintf(os.Stderr, "pack: %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}

func rewrite(name string) error {
	module, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	packed, err := pack(module)
	if err != nil {
		return err
	}
	return os.WriteFile(name, packed, 0o644)
}
