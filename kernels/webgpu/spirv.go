//go:build !(js && wasm)

package webgpu

import (
	"encoding/binary"
	"fmt"

	"github.com/gogpu/naga"
)

// Parts of SPIR-V that spirv looks at, from the Khronos specification (SPIR-V 1.6, sections 2.3, 3.7 and 3.49).
const (
	headerWords      = 5
	opConstantNull   = 46
	opVariable       = 59
	opStore          = 62
	storageWorkgroup = 4
	lengthShift      = 16 // bits by which the first word of an instruction is shifted for its length
)

// spirv translates WGSL and leaves out the stores of zeros to whole workgroup arrays with which the translator begins
// every shader: lavapipe unrolls them, and a product then takes it 15 seconds to compile instead of half a one. No
// shader reads a workgroup array before it has written it.
func spirv(wgsl string) ([]uint32, error) {
	binaryCode, err := naga.Compile(wgsl)
	if err != nil {
		return nil, err
	}
	words := make([]uint32, len(binaryCode)/4)
	for i := range words {
		words[i] = binary.LittleEndian.Uint32(binaryCode[4*i:])
	}
	return withoutZeroing(words)
}

// withoutZeroing drops OpStore of an OpConstantNull into a Workgroup variable.
func withoutZeroing(words []uint32) ([]uint32, error) {
	if len(words) < headerWords {
		return nil, fmt.Errorf("a SPIR-V module of %d words has no header", len(words))
	}
	shared, null := map[uint32]bool{}, map[uint32]bool{}
	kept := append([]uint32(nil), words[:headerWords]...)
	for rest := words[headerWords:]; len(rest) > 0; {
		n := int(rest[0] >> lengthShift)
		if n == 0 || n > len(rest) {
			return nil, fmt.Errorf("a SPIR-V instruction of %d words meets %d that are left", n, len(rest))
		}
		instruction := rest[:n]
		rest = rest[n:]
		switch opcode := instruction[0] & 0xffff; {
		case opcode == opVariable && n >= 4 && instruction[3] == storageWorkgroup:
			shared[instruction[2]] = true
		case opcode == opConstantNull && n >= 3:
			null[instruction[2]] = true
		case opcode == opStore && n >= 3 && shared[instruction[1]] && null[instruction[2]]:
			continue
		}
		kept = append(kept, instruction...)
	}
	return kept, nil
}
