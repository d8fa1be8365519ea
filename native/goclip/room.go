package main

import (
	"fmt"
	"os"
	"runtime/debug"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/native/memory"
)

// processBytes is what goclip itself takes, with room for pictures and texts on their way.
const processBytes = 64 << 20

// anyMemory is the variable that lets goclip open models for which there is no room.
const anyMemory = "GOCLIP_MEMORY"

// held is what a model needs in the precision that it computes in. The reference device keeps every matrix in float32.
func (p *program) held(n core.Need) core.Need {
	if p.device == "reference" {
		return n
	}
	switch p.precision {
	case "f16", "bf16":
		n.WeightBytes -= n.MatrixBytes / 2
	case "int8":
		n.WeightBytes -= n.MatrixBytes / 4 * 3
	}
	return n
}

// room makes sure that a model fits into the memory that is left. wayOn says what needs less. A GPU has its own memory.
func (p *program) room(n core.Need, wayOn string) error {
	if p.precision == "auto" && p.device != "reference" && n.MatrixBytes > 0 {
		wayOn += ", or --precision f16"
	}
	n = p.held(n)
	free, ok := memory.Available()
	if !ok || p.device == "gpu" || os.Getenv(anyMemory) == "any" || n.Total()+processBytes <= free {
		return nil
	}
	return fmt.Errorf("it needs %s of memory, and this machine has %s left: %s, or set %s=any to try nevertheless",
		mebibytes(n.Total()+processBytes), mebibytes(free), wayOn, anyMemory)
}

// within lets the garbage collector keep a load within what was said to be needed; what it returns ends that.
func within(n core.Need) func() {
	before := debug.SetMemoryLimit(n.Total() + processBytes/2) // the other half is not the garbage collector's
	return func() { debug.SetMemoryLimit(before) }
}
