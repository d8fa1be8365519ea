package zoo

import (
	"runtime"

	"github.com/goclip/goclip/core/tower"
)

// keptRoom bounds the memory, in values, that one weight leaves for the next: a matrix of a large tower. Tables of vocabularies are
// larger, and come once.
const keptRoom = 4 << 20

// assembled is a parameter that has been read, or why it has not.
type assembled struct {
	param        tower.Param
	values, bias []float32
	room         []float32 // where the values lie, perhaps
	err          error
}

// Load reads the weights of one tower, one at a time and in their order, and hands each to load, which may not keep the slices.
// Where there is a second core, the next weight is read in the meantime. It ends at the first error.
func (m *Model) Load(params []tower.Param, image bool, load func(p tower.Param, values, bias []float32) error) error {
	scheme := m.scheme(image)
	read := func(p tower.Param, room []float32) assembled {
		if n := p.Shape.Elements(); n <= keptRoom && n > cap(room) {
			room = make([]float32, n)
		}
		values, bias, err := scheme.mustRule(p).assemble(m.Checkpoint, p, room)
		return assembled{p, values, bias, room, err}
	}
	if runtime.GOMAXPROCS(0) == 1 {
		var room []float32
		for _, p := range params {
			a := read(p, room)
			if a.err != nil {
				return a.err
			}
			if err := load(p, a.values, a.bias); err != nil {
				return err
			}
			room = a.room
		}
		return nil
	}
	return ahead(params, read, load)
}

// scheme is where the checkpoint has the parameters of a tower.
func (m *Model) scheme(image bool) names {
	if image {
		return m.image
	}
	return m.text
}

// ahead reads one weight while load has the one before.
func ahead(params []tower.Param, read func(tower.Param, []float32) assembled, load func(tower.Param, []float32, []float32) error) error {
	ready, rooms, stop := make(chan assembled), make(chan []float32, 2), make(chan struct{})
	rooms <- nil
	rooms <- nil
	go func() {
		defer close(ready)
		for _, p := range params {
			select {
			case room := <-rooms:
				ready <- read(p, room)
			case <-stop:
				return
			}
		}
	}()
	// What is being read when load fails is waited for: nobody reads the checkpoint when Load has returned.
	defer func() {
		close(stop)
		for range ready {
		}
	}()
	for a := range ready {
		if a.err != nil {
			return a.err
		}
		if err := load(a.param, a.values, a.bias); err != nil {
			return err
		}
		rooms <- a.room
	}
	return nil
}
