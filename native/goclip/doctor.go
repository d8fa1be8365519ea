package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/core/embedded"
	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/reference"
	"github.com/goclip/goclip/kernels/simd"
	"github.com/goclip/goclip/kernels/webgpu"
	"github.com/goclip/goclip/native/gpu"
	"github.com/spf13/cobra"
	"golang.org/x/sys/cpu"
)

// diagnosis is the result of doctor in JSON.
type diagnosis struct {
	versionInfo
	Cores       int           `json:"cores"`
	MaxProcs    int           `json:"gomaxprocs"`
	CPUFeatures []string      `json:"cpu_features"`
	Levels      []string      `json:"kernel_levels"` // of the CPU device that pass their self-test, the fastest last
	Devices     []deviceCheck `json:"devices"`
	Auto        string        `json:"auto"` // what --device auto takes, and why
	OK          bool          `json:"ok"`
}

// deviceCheck is one device's self-test on the model that is built in.
type deviceCheck struct {
	Device    string `json:"device"` // for --device
	Name      string `json:"name,omitempty"`
	Available bool   `json:"available"`
	OK        bool   `json:"ok"`
	// The largest differences of unit vectors from the reference device's.
	ImageDifference *float64 `json:"image_difference,omitempty"`
	TextDifference  *float64 `json:"text_difference,omitempty"`
	// Precisions are the same for the precisions that round matrices, on the CPU and the GPU.
	Precisions []precisionCheck `json:"precisions,omitempty"`
	Adapter    *adapter         `json:"adapter,omitempty"` // of a GPU
	Reason     string           `json:"reason,omitempty"`  // why it is not available or not well
}

// precisionCheck is what rounding to a precision costs on the model that is built in.
type precisionCheck struct {
	Precision       string  `json:"precision"`
	ImageDifference float64 `json:"image_difference"`
	TextDifference  float64 `json:"text_difference"`
}

// allowedDifference is how far float32 devices may be from each other: see DESIGN, Sameness.
const allowedDifference = 1e-4

// allowedRounded is how far the other precisions may be from float32 on the model that is built in, whose vectors have 256 values of
// about 0.06 each.
const allowedRounded = 2e-2

func doctorCommand(p *program) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Check what this machine computes with, and whether it computes right",
		Long: `doctor shows the machine and every device, and lets each one embed a picture and texts with
the built-in model. The differences are the largest ones from the reference device, which
is slow and plain. They are shown for the other precisions, too, which round the
weights. Exit status 1 says that a device computes something else.`,
		Example: "  goclip doctor\n  goclip doctor --json",
		GroupID: modelGroup,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			d, err := p.diagnose(c.Context())
			if err != nil {
				return err
			}
			if p.json {
				err = p.emit(d)
			} else {
				d.print(p.out)
			}
			if err == nil && !d.OK {
				err = errSomeFailed
			}
			return err
		},
	}
}

func (p *program) diagnose(ctx context.Context) (diagnosis, error) {
	d := diagnosis{versionInfo: build(), Cores: runtime.NumCPU(), MaxProcs: runtime.GOMAXPROCS(0), CPUFeatures: cpuFeatures(),
		Levels: simd.Levels(), OK: true}
	plain := reference.New(reference.Options{})
	want, err := selfTest(ctx, plain)
	if err != nil {
		return d, err
	}
	none := 0.0
	d.Devices = append(d.Devices, deviceCheck{Device: "reference", Name: plain.Name(), Available: true, OK: true, ImageDifference: &none, TextDifference: &none})
	for _, name := range devices {
		if name == "auto" || name == "reference" {
			continue
		}
		check, err := p.checkDevice(ctx, name, want)
		if err != nil {
			return d, err
		}
		d.Devices = append(d.Devices, check)
		d.OK = d.OK && (check.OK || !check.Available)
	}
	d.Auto = p.explainAuto(ctx)
	return d, nil
}

// explainAuto says what --device auto takes.
func (p *program) explainAuto(ctx context.Context) string {
	cpu := p.openCPU(kernels.F32)
	defer cpu.Close()
	d, why := gpu.Faster(ctx, cpu)
	if d == nil {
		return "cpu: " + reason(errors.New(why))
	}
	d.Close()
	return "gpu: " + why
}

// checkDevice compares a device with the reference. The error is for an interruption only.
func (p *program) checkDevice(ctx context.Context, name string, want [2][][]float32) (deviceCheck, error) {
	check := deviceCheck{Device: name}
	of := program{device: name, precision: "auto", threads: p.threads}
	device, err := of.openDevice(ctx)
	if err != nil {
		check.Available = errors.Is(err, webgpu.ErrSelfTest) // it is there, and computes something else
		check.Reason = reason(err)
		return check, nil
	}
	defer device.Close()
	check.Name, check.Available, check.Adapter = device.Name(), true, adapterOf(device)
	got, err := selfTest(ctx, device)
	if ctx.Err() != nil {
		return check, ctx.Err()
	}
	if err != nil {
		check.Reason = reason(err)
		return check, nil
	}
	picture, text := difference(want[0], got[0]), difference(want[1], got[1])
	check.OK = picture <= allowedDifference && text <= allowedDifference
	if !check.OK {
		check.Reason = fmt.Sprintf("differs from the reference by more than %g", allowedDifference)
	}
	if !math.IsInf(picture, 0) && !math.IsInf(text, 0) {
		check.ImageDifference, check.TextDifference = &picture, &text
	}
	return check, p.checkPrecisions(ctx, name, want, &check)
}

// checkPrecisions measures what a device's other precisions cost. That they compute exactly what they should is for the device's
// own self-test; here they must give about the same vectors.
func (p *program) checkPrecisions(ctx context.Context, name string, want [2][][]float32, check *deviceCheck) error {
	for _, precision := range kernels.Precisions()[1:] {
		of := program{device: name, precision: precision.String(), threads: p.threads}
		device, err := of.openDevice(ctx)
		if err != nil {
			return err
		}
		if device.Precision() != precision {
			check.OK, check.Reason = false, device.Name()
			device.Close()
			continue
		}
		got, err := selfTest(ctx, device)
		device.Close()
		if err != nil {
			return err
		}
		picture, text := difference(want[0], got[0]), difference(want[1], got[1])
		if picture > allowedRounded || text > allowedRounded {
			check.OK = false
			check.Reason = fmt.Sprintf("in %s it differs from the reference by more than %g", precision, allowedRounded)
			continue
		}
		check.Precisions = append(check.Precisions, precisionCheck{precision.String(), picture, text})
	}
	return nil
}

// selfTest embeds a picture of soft waves and some texts with the built-in model.
func selfTest(ctx context.Context, device kernels.Device) ([2][][]float32, error) {
	var results [2][][]float32
	m, err := core.OpenFS(ctx, embedded.Model(), core.Options{Device: device})
	if err != nil {
		return results, err
	}
	defer m.Close()
	info, err := m.Info()
	if err != nil {
		return results, err
	}
	side := info.Image.ImageSize
	pixels := make([]float32, side*side*3)
	for i := range pixels {
		x, y, channel := i/3%side, i/3/side, i%3
		pixels[i] = float32(2 * math.Sin(float64(x*(channel+1))/9) * math.Cos(float64(y)/7))
	}
	if results[0], err = m.EmbedPixels(ctx, []core.Pixels{{Values: pixels}}); err != nil {
		return results, err
	}
	results[1], err = m.EmbedTexts(ctx, []string{"a photo of a dog", "pizza", ""})
	return results, err
}

// difference is the largest one between two lists of vectors; infinite if one has a value that is no number.
func difference(a, b [][]float32) float64 {
	largest := 0.0
	for i := range a {
		for j := range a[i] {
			d := math.Abs(float64(a[i][j]) - float64(b[i][j]))
			if math.IsNaN(d) {
				return math.Inf(1)
			}
			largest = max(largest, d)
		}
	}
	return largest
}

// cpuFeatures are the extensions of the instruction set that matter for products of matrices.
func cpuFeatures() []string {
	x, a := &cpu.X86, &cpu.ARM64
	list := []string{}
	for _, f := range []struct {
		name string
		has  bool
	}{
		{"sse4.1", x.HasSSE41}, {"avx", x.HasAVX}, {"avx2", x.HasAVX2}, {"fma", x.HasFMA}, {"f16c", x.HasF16C},
		{"avx512f", x.HasAVX512F}, {"avx512bw", x.HasAVX512BW}, {"avx512vl", x.HasAVX512VL}, {"avx512vnni", x.HasAVX512VNNI},
		{"avx512bf16", x.HasAVX512BF16}, {"avxvnni", x.HasAVXVNNI}, {"amx-tile", x.HasAMXTile}, {"amx-int8", x.HasAMXInt8},
		{"amx-bf16", x.HasAMXBF16},
		{"asimd", a.HasASIMD}, {"fphp", a.HasFPHP}, {"asimdhp", a.HasASIMDHP}, {"asimddp", a.HasASIMDDP}, {"i8mm", a.HasI8MM},
		{"sve", a.HasSVE}, {"sve2", a.HasSVE2},
	} {
		if f.has {
			list = append(list, f.name)
		}
	}
	return list
}

func (d diagnosis) print(out io.Writer) {
	fmt.Fprintf(out, "goclip %s, %s, %s/%s, %d cores (%d in use)\n", d.Version, d.Go, d.OS, d.Arch, d.Cores, d.MaxProcs)
	features := strings.Join(d.CPUFeatures, " ")
	if features == "" {
		features = "none that matter"
	}
	fmt.Fprintf(out, "CPU features: %s\nkernel levels: %s\n\n", features, strings.Join(d.Levels, " "))
	for _, c := range d.Devices {
		state := "ok"
		switch {
		case !c.Available:
			state = "not there"
		case !c.OK:
			state = "WRONG"
		}
		fmt.Fprintf(out, "%-10s %-10s %s\n", c.Device, state, shown(c.Name))
		if c.ImageDifference != nil && c.Device != "reference" {
			fmt.Fprintf(out, "%22slargest difference from the reference: picture %.1e, text %.1e\n", "", *c.ImageDifference, *c.TextDifference)
		}
		for _, p := range c.Precisions {
			fmt.Fprintf(out, "%22swith --precision %s: picture %.1e, text %.1e\n", "", p.Precision, p.ImageDifference, p.TextDifference)
		}
		if a := c.Adapter; a != nil {
			a.print(out)
		}
		if c.Reason != "" {
			fmt.Fprintf(out, "%22s%s\n", "", shown(c.Reason))
		}
	}
	fmt.Fprintf(out, "\n--device auto takes the %s\n", shown(d.Auto))
}

// print shows the adapter below its device.
func (a *adapter) print(out io.Writer) {
	line := func(format string, arguments ...any) {
		fmt.Fprintf(out, "%22s"+format+"\n", append([]any{""}, arguments...)...)
	}
	line("adapter: %s, %s, %s, driver %s", shown(a.Name), a.Type, a.Backend, shown(a.Driver))
	line("limits: buffers of %s, bindings of %s, workgroups of %d with %d KiB", mebibytes(int64(a.MaxBuffer)), mebibytes(int64(a.MaxBinding)),
		a.WorkgroupInvocations, a.WorkgroupMemory>>10)
	if len(a.Features) > 0 {
		line("features: %s", shown(strings.Join(a.Features, " ")))
	}
	line("tiles: %s for few rows, %s for many; self-test within %.1e", a.Tiles.Few, a.Tiles.Many, a.SelfTest)
}
