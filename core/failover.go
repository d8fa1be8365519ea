package core

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/core/zoo"
	"github.com/goclip/goclip/kernels"
)

// devices are those of a model: the one that computes, and the way to another one when it fails.
type devices struct {
	mu      sync.Mutex
	current kernels.Device
	next    func(failed error) (kernels.Device, error) // nil: there is no other one
}

// failedDevice reports whether an error says that the device, and not what it was asked for, is at fault.
func failedDevice(err error) bool {
	return errors.Is(err, kernels.ErrDeviceLost) || errors.Is(err, kernels.ErrTooLarge) || errors.Is(err, kernels.ErrIncapable)
}

// after gives the device that serves in place of one that failed with err: the one that another tower of the model has gone on
// to, or the next one. The error is err where there is none.
func (d *devices) after(failed kernels.Device, err error) (kernels.Device, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !failedDevice(err) {
		return nil, err
	}
	if d.current != failed {
		return d.current, nil
	}
	if d.next == nil {
		return nil, err
	}
	device, none := d.next(err)
	if errors.Is(none, err) {
		return nil, err
	}
	if none != nil {
		return nil, fmt.Errorf("%w (and there is no other device: %w)", err, none)
	}
	d.current = device
	return device, nil
}

func (d *devices) present() kernels.Device {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.current
}

// errSmaller says that a batch is to be tried in two halves.
var errSmaller = errors.New("core: the batch is too large for the device")

// run computes one batch. When the device fails the tower is read again for the next one, which computes the batch instead. A
// batch of several items that is too large for the device gives errSmaller. fill writes the inputs. The caller holds mu.
func (r *runner) run(ctx context.Context, k key, record recording, fill func(*program)) (*program, error) {
	for {
		p, err := r.program(k, record)
		if errors.Is(err, kernels.ErrTooLarge) && k.items > 1 {
			return nil, errSmaller
		}
		if err == nil {
			fill(p)
			err = p.Run(ctx, p.in, p.out)
		}
		if err == nil || ctx.Err() != nil {
			return p, err
		}
		if err = r.moveOn(err); err == nil {
			err = r.ready(ctx)
		}
		if err != nil {
			return nil, err
		}
	}
}

// moveOn takes the next device, which has no weights yet.
func (r *runner) moveOn(failed error) error {
	device, err := r.devices.after(r.device, failed)
	if err != nil {
		return err
	}
	r.release()
	r.device, r.unread = device, true
	return nil
}

// ready makes sure that the device has the tower's weights. After a failure in the middle of reading them they are read from the
// beginning, by the next device if this one is at fault. The caller holds mu.
func (r *runner) ready(ctx context.Context) error {
	for r.unread {
		r.weights = tower.Weights{}
		err := r.reload(ctx)
		if r.unread = err != nil; !r.unread {
			return nil
		}
		r.release()
		err = fmt.Errorf("core: reading the model again for %s: %w", r.device.Name(), err)
		if ctx.Err() != nil {
			return err
		}
		if err = r.moveOn(err); err != nil {
			return err
		}
	}
	return nil
}

// halve remembers that a batch was too large for the device, and gives the next smaller limit.
func (r *runner) halve(length int, hidden bool, items int) int {
	return r.limitTo(key{length: length, hidden: hidden}, items/2)
}

// reloading reads a tower's weights again, for the device that its runner has now.
func (m *Model) reloading(l Location, o Options, p part) func(context.Context) error {
	return func(ctx context.Context) error {
		if o.Relocate != nil {
			again, done, err := o.Relocate()
			if err != nil {
				return err
			}
			defer done()
			l = again
		}
		z, err := zoo.Open(l.Dir, l.File)
		if err != nil {
			return err
		}
		err = m.loadPart(ctx, z, p, func() {})
		return errors.Join(err, z.Close())
	}
}
