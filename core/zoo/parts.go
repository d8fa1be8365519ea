package zoo

import (
	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/kernels"
)

// Parts is what hands over the values of a table some at a time and in their order, in a slice that is used again, if the checkpoint has the
// table as the tower wants it; nil: Load has to assemble it, or it is no table.
func (m *Model) Parts(p tower.Param, image bool) func(use func(part []float32) error) error {
	if p.Role != kernels.Table || p.Bias {
		return nil
	}
	name, ok := m.scheme(image).mustRule(p).stored()
	if !ok {
		return nil
	}
	return func(use func([]float32) error) error { return m.Checkpoint.FloatParts(name, use) }
}

// stored is the name of the one tensor that the checkpoint has for a parameter; false: it has to be made of something.
func (r rule) stored() (name string, ok bool) {
	terms := r.terms()
	t := terms[0]
	if r.known != nil || len(terms) > 1 || len(t.values) != 1 || len(t.bias) > 0 || t.layout != asIs || t.blank || t.minus {
		return "", false
	}
	if t.before.stem+t.after.stem != "" || len(t.scales) > 0 || t.values[0].of > 0 {
		return "", false
	}
	return t.values[0].name, true
}
