package main

import (
	"fmt"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/reference"
	"github.com/goclip/goclip/kernels/simd"
)

// openDevice is the only place where goclip chooses what computes.
func (p *program) openDevice() (kernels.Device, error) {
	if p.precision != "auto" && p.precision != "f32" {
		return nil, fmt.Errorf("--precision %s is for a later version: this one computes in f32", p.precision)
	}
	switch p.device {
	case "auto", "cpu":
		return simd.New(simd.Options{Threads: p.threads}), nil
	case "reference":
		return reference.New(), nil
	}
	return nil, fmt.Errorf("this version has no device %q", p.device)
}
