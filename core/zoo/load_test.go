package zoo

import (
	"errors"
	"os"
	"runtime"
	"slices"
	"testing"

	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/internal/oracle"
	"github.com/stretchr/testify/require"
)

// Weights come in their order and whole, on one core and on two, and whatever the receiver does to their memory afterwards.
func TestLoad(t *testing.T) {
	for _, name := range []string{"hf-clip-vit", "openclip-convnext"} {
		m, err := open(t, os.DirFS(oracle.Path(t, "models", name)))
		require.NoError(t, err)
		params := m.Image.Params()
		want := loaded(t, m, params, 1)
		for i, p := range params {
			require.Len(t, want[i], p.Shape.Elements(), p.Name)
		}
		require.Equal(t, want, loaded(t, m, params, 2), name)
	}
}

func loaded(t *testing.T, m *Model, params []tower.Param, cores int) (list [][]float32) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
	require.NoError(t, m.Load(params, true, func(p tower.Param, values, bias []float32) error {
		require.Equal(t, params[len(list)].Name, p.Name)
		list = append(list, slices.Clone(values))
		for i := range values {
			values[i] = -1
		}
		return nil
	}))
	return list
}

func TestLoadEndsAtTheFirstError(t *testing.T) {
	m, err := open(t, os.DirFS(oracle.Path(t, "models", "hf-clip-vit")))
	require.NoError(t, err)
	params, full := m.Image.Params(), errors.New("full")
	for _, cores := range []int{1, 2} {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		count := 0
		load := func(tower.Param, []float32, []float32) error {
			if count++; count == 3 {
				return full
			}
			return nil
		}
		require.ErrorIs(t, m.Load(params, true, load), full)
		require.Equal(t, 3, count)
	}
	require.NoError(t, m.Close())
	for _, cores := range []int{1, 2} {
		runtime.GOMAXPROCS(cores)
		err := m.Load(params, true, func(tower.Param, []float32, []float32) error { return errors.New("nothing to load") })
		require.ErrorContains(t, err, "closed")
	}
}
