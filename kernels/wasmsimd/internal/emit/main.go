// Command emit writes the device's WebAssembly modules: simd.wasm for any browser with SIMD128, relaxed.wasm for those that
// have relaxed SIMD, too. `go generate ./kernels/wasmsimd` runs it.
package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"

	"github.com/goclip/goclip/internal/wasm"
)

func main() {
	log.SetFlags(0)
	out := flag.String("out", ".", "folder for the modules")
	flag.Parse()
	for name, relaxed := range map[string]bool{"simd.wasm": false, "relaxed.wasm": true} {
		if err := os.WriteFile(filepath.Join(*out, name), emit(relaxed), 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

// emit is a whole module.
func emit(relaxed bool) []byte {
	k := &kernels{m: &wasm.Module{Relaxed: relaxed}}
	k.parts()
	k.vectorRows()
	k.activations()
	k.gemm()
	k.gemm8()
	k.panels()
	k.quantize()
	k.softmax()
	k.steps()
	k.loads()
	k.run()
	return k.m.Bytes()
}
