package avx2

import (
	"os"

	"github.com/klauspost/cpuid/v2"
)

// Available tells whether the processor has the instructions and GOCLIP_SIMD does not rule them out.
func Available() bool {
	return cpuid.CPU.Supports(cpuid.AVX2, cpuid.BMI1, cpuid.BMI2) && os.Getenv("GOCLIP_SIMD") != "generic"
}
