// Package gpu opens the GPU for programs that people run: tuned once for each adapter, which the user's cache folder remembers,
// and taken without being asked for only where it is a real one and was measured to be faster than the CPU.
package gpu

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/goclip/goclip/internal/speed"
	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/kernels/webgpu"
)

// Open opens the GPU; with software any adapter, also one that computes on the CPU. A real one gets the tiles that were measured
// to be fastest on it, now or earlier.
func Open(ctx context.Context, precision kernels.Precision, software bool) (*webgpu.Device, error) {
	return open(ctx, webgpu.Options{AllowSoftware: software, Precision: precision})
}

func open(ctx context.Context, o webgpu.Options) (*webgpu.Device, error) {
	d, err := webgpu.Open(o)
	if err != nil || d.Info().Software {
		return d, err
	}
	known := remember()
	key := adapterKey(d)
	if d.SetTiles(ctx, known.Tiles[key]) {
		return d, nil
	}
	// A GPU that cannot be tuned computes nevertheless.
	if tiles, err := d.Tune(ctx); err == nil {
		known.Tiles[key] = tiles
		known.keep()
	}
	if err := ctx.Err(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// adapterKey tells adapters apart as far as their speed goes.
func adapterKey(d *webgpu.Device) string {
	i := d.Info()
	return fmt.Sprintf("%s, %s, %s, %s", i.Adapter, i.Backend, i.Driver, d.Precision())
}

// A verdict about an adapter holds for a week. That there is none, or that it does not work, may change sooner.
const (
	verdictHolds = 7 * 24 * time.Hour
	failureHolds = time.Hour
)

// Faster opens the GPU if it is a real one and faster than the other device in the same precision. Otherwise it gives nil and the
// reason. Either outcome is remembered, as looking takes a moment.
func Faster(ctx context.Context, cpu kernels.Device) (*webgpu.Device, string) {
	if !present() {
		return nil, "there is no GPU"
	}
	return faster(ctx, cpu, openReal, time.Now())
}

// openReal opens a GPU that is one.
func openReal(ctx context.Context, precision kernels.Precision) (*webgpu.Device, error) {
	return Open(ctx, precision, false)
}

func faster(ctx context.Context, cpu kernels.Device, open func(context.Context, kernels.Precision) (*webgpu.Device, error), now time.Time) (*webgpu.Device, string) {
	verdict, ok := remember().verdict(cpu.Name(), now)
	if ok && !verdict.Take {
		return nil, verdict.Reason
	}
	d, err := open(ctx, cpu.Precision())
	if err == nil && ok && verdict.Adapter == adapterKey(d) {
		return d, verdict.Reason
	}
	holds := verdictHolds
	if err == nil {
		verdict, err = judge(ctx, d, cpu, judgedPictures)
	}
	if err != nil {
		verdict, holds = judgement{Reason: err.Error()}, failureHolds
	} else {
		verdict.Adapter = adapterKey(d)
	}
	if !verdict.Take && d != nil {
		d.Close()
		d = nil
	}
	if ctx.Err() == nil {
		known := remember() // open may have added tiles
		verdict.Until = now.Add(holds)
		known.Verdicts[cpu.Name()] = verdict
		known.keep()
	}
	return d, verdict.Reason
}

// judgedPictures is the size of the batch that is measured.
const judgedPictures = 8

// judge measures both devices.
func judge(ctx context.Context, gpu, cpu kernels.Device, pictures int) (judgement, error) {
	mine, err := speed.Block(ctx, gpu, pictures)
	if err != nil {
		return judgement{}, err
	}
	other, err := speed.Block(ctx, cpu, pictures)
	if err != nil {
		return judgement{}, err
	}
	ratio := other.Seconds() / mine.Seconds()
	return judgement{Take: ratio >= speed.Worthwhile,
		Reason: fmt.Sprintf("%s computes a block of ViT-B/32 in %.2g of the CPU's time", gpu.Name(), 1/ratio)}, nil
}
