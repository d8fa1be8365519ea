package standby

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/kernels"
)

// named is a device that does nothing but to be closed.
type named struct {
	kernels.Device
	name   string
	closed int
}

func (n *named) Close() error {
	n.closed++
	return nil
}

var errLost = fmt.Errorf("in the middle: %w", kernels.ErrDeviceLost)

// devices begin with a GPU. reopened is what opening it again gives.
func devices(reopened error) (d *Devices, first *named, why map[string]error) {
	first, why = &named{name: "gpu"}, map[string]error{}
	d = &Devices{
		Reopen: func(lost kernels.Device, failed error) (kernels.Device, error) {
			why["again"] = failed
			return &named{name: lost.(*named).name + " again"}, reopened
		},
		CPU: func(failed error) (kernels.Device, error) {
			why["cpu"] = failed
			return &named{name: "cpu"}, nil
		},
	}
	d.Use(first, false)
	return d, first, why
}

func next(t *testing.T, d *Devices, failed error) string {
	device, err := d.Next(failed)
	require.NoError(t, err)
	require.Same(t, d.Current(), device)
	return device.(*named).name
}

func TestLostTwice(t *testing.T) {
	d, first, why := devices(nil)
	require.Equal(t, "gpu again", next(t, d, errLost))
	require.Equal(t, 1, first.closed)
	require.Equal(t, "cpu", next(t, d, errLost))
	require.Equal(t, map[string]error{"again": errLost, "cpu": errLost}, why)
	_, err := d.Next(errLost)
	require.Equal(t, errLost, err)
	require.Equal(t, "cpu", d.Current().(*named).name)
	require.NoError(t, d.Close())
	for _, device := range d.opened {
		require.Positive(t, device.(*named).closed)
	}
}

func TestTooSmall(t *testing.T) {
	d, _, why := devices(nil)
	require.Equal(t, "cpu", next(t, d, kernels.ErrTooLarge))
	require.NotContains(t, why, "again")
}

func TestGone(t *testing.T) {
	gone := errors.New("no adapter any more")
	d, _, why := devices(gone)
	require.Equal(t, "cpu", next(t, d, errLost))
	require.Equal(t, gone, why["cpu"])
}

func TestNoCPU(t *testing.T) {
	d, _, _ := devices(nil)
	none := errors.New("no memory")
	d.CPU = func(error) (kernels.Device, error) { return nil, none }
	_, err := d.Next(kernels.ErrTooLarge)
	require.Equal(t, none, err)
}
