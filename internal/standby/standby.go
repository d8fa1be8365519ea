// Package standby says what computes after a device that failed: a GPU that was lost is opened again, once, and after that the CPU computes.
package standby

import (
	"errors"

	"github.com/goclip/goclip/kernels"
)

// Devices are those that compute a model, one after the other. All are closed together, since what used one that failed may still hold on
// to it.
type Devices struct {
	// Reopen opens a lost GPU again, and CPU the device after which there is none.
	Reopen func(lost kernels.Device, failed error) (kernels.Device, error)
	CPU    func(failed error) (kernels.Device, error)

	opened   []kernels.Device
	reopened bool
	last     bool
}

// Use makes a device the one that computes. last says that there is none after it.
func (d *Devices) Use(device kernels.Device, last bool) {
	d.opened, d.last = append(d.opened, device), last
}

// Current is the device that computes.
func (d *Devices) Current() kernels.Device { return d.opened[len(d.opened)-1] }

// Next gives the device after the current one, which failed and is closed: what still uses it has to go on with the next one, too. Where
// there is none, the error is failed itself. It is a core.Options.Fallback.
func (d *Devices) Next(failed error) (kernels.Device, error) {
	if d.last {
		return nil, failed
	}
	lost := d.Current()
	lost.Close()
	if errors.Is(failed, kernels.ErrDeviceLost) && !d.reopened {
		d.reopened = true
		again, err := d.Reopen(lost, failed)
		if err == nil {
			d.Use(again, false)
			return again, nil
		}
		failed = err
	}
	cpu, err := d.CPU(failed)
	if err != nil {
		return nil, err
	}
	d.Use(cpu, true)
	return cpu, nil
}

// Close closes all devices, the ones that failed too.
func (d *Devices) Close() error {
	var err error
	for _, device := range d.opened {
		err = errors.Join(err, device.Close())
	}
	return err
}
