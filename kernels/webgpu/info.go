package webgpu

import (
	"cmp"
	"strings"

	"github.com/gogpu/gputypes"
)

const highPerformance = gputypes.PowerPreferenceHighPerformance

// Info describes a device for people.
type Info struct {
	Adapter  string // name of the GPU
	Vendor   string
	Driver   string
	Backend  string // vulkan, metal, dx12 or browser
	Type     string // discretegpu, integratedgpu, cpu …
	Software bool   // computes on the CPU
	Features []string

	MaxBuffer            uint64 // bytes of one buffer
	MaxBinding           uint64 // bytes of one buffer that a shader sees
	MaxWorkgroups        uint32 // in one dimension
	WorkgroupInvocations uint32
	WorkgroupMemory      uint32 // bytes

	// SelfTest is the largest deviation from the known answers, as a share of the largest one.
	SelfTest float64
	// Note says why the precision is not the one that was asked for.
	Note string
}

// describe collects what the library knows; the platform fills the rest in.
func (d *Device) describe() Info {
	a, l := d.adapter.Info(), d.gpu.Limits()
	info := Info{
		Adapter:              a.Name,
		Vendor:               a.Vendor,
		Driver:               cmp.Or(a.DriverInfo, a.Driver),
		Backend:              strings.ToLower(a.Backend.String()),
		Type:                 strings.ToLower(a.DeviceType.String()),
		Software:             a.DeviceType == gputypes.DeviceTypeCPU,
		MaxBuffer:            l.MaxBufferSize,
		MaxBinding:           l.MaxStorageBufferBindingSize,
		MaxWorkgroups:        l.MaxComputeWorkgroupsPerDimension,
		WorkgroupInvocations: l.MaxComputeInvocationsPerWorkgroup,
		WorkgroupMemory:      l.MaxComputeWorkgroupStorageSize,
	}
	features := uint64(d.adapter.Features())
	for bit := uint64(1); bit != 0; bit <<= 1 {
		if features&bit != 0 {
			info.Features = append(info.Features, gputypes.Feature(bit).String())
		}
	}
	d.watch.complete(&info)
	return info
}
