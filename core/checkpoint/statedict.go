package checkpoint

import (
	"errors"
	"fmt"
)

// namedTensor is a tensor under the name that a state_dict gives it.
type namedTensor struct {
	name string
	*tensor
}

// wrappers are the keys under which training programs put the state_dict beside their own state: open_clip and
// Lightning, then others.
var wrappers = []string{"state_dict", "model_state_dict", "model"}

// stateDict finds the named tensors in what a pickle built: those of a dictionary, perhaps inside another, or of a tree
// of TorchScript modules. What is no tensor is left out, as load_state_dict would do with a version or a counter.
func stateDict(root any) (tensors []namedTensor, format string, err error) {
	c := collector{}
	switch v := root.(type) {
	case *module:
		format = FormatTorchScript
		if err = c.modules(v.attributes, ""); err == nil && len(c.tensors) == 0 {
			err = errors.New("no tensor in the TorchScript modules")
		}
	case *dict:
		format = FormatPyTorch
		err = c.dictionary(unwrap(v))
	case *tensor:
		err = errors.New("the pickle holds one tensor without a name, not a model's state_dict()")
	default:
		err = errors.New("the pickle holds no state_dict: save model.state_dict() with torch.save")
	}
	return c.tensors, format, err
}

// unwrap goes down to the state_dict.
func unwrap(d *dict) *dict {
	for range 4 {
		inner := (*dict)(nil)
		for _, key := range wrappers {
			if v, ok := d.get(key).(*dict); ok && inner == nil {
				inner = v
			}
		}
		if inner == nil {
			break
		}
		d = inner
	}
	return d
}

// collector gathers named tensors. Modules may be shared, so that a small pickle describes a huge tree: steps counts
// the attributes that were looked at.
type collector struct {
	tensors []namedTensor
	steps   int
}

func (c *collector) add(name string, t *tensor) error {
	if len(name) > maxName {
		return fmt.Errorf("the tensor %q…: a name of more than %d bytes", name[:60], maxName)
	}
	if len(c.tensors) == maxTensors {
		return fmt.Errorf("more than %d tensors", maxTensors)
	}
	c.tensors = append(c.tensors, namedTensor{name, t})
	return nil
}

func (c *collector) dictionary(d *dict) error {
	for _, e := range d.entries {
		name, isName := e.key.(string)
		t, isTensor := e.value.(*tensor)
		if !isName || !isTensor {
			continue
		}
		if err := c.add(name, t); err != nil {
			return err
		}
	}
	if len(c.tensors) > 0 {
		return nil
	}
	var keys []string
	for _, e := range d.entries[:min(len(d.entries), 8)] {
		if key, ok := e.key.(string); ok {
			keys = append(keys, key[:min(len(key), 60)])
		}
	}
	return fmt.Errorf("no tensor in the dictionary of %d keys (%q…): save model.state_dict() with torch.save",
		len(d.entries), keys)
}

// modules joins the names of attributes with dots, as PyTorch's state_dict() does.
func (c *collector) modules(attributes *dict, prefix string) error {
	if len(prefix) > maxName { // a level adds at least its dot
		return errors.New("modules nested too deep")
	}
	for _, e := range attributes.entries {
		if c.steps++; c.steps > 8*maxTensors {
			return errors.New("too many modules")
		}
		name, ok := e.key.(string)
		if !ok {
			continue
		}
		var err error
		switch v := e.value.(type) {
		case *tensor:
			err = c.add(prefix+name, v)
		case *module:
			err = c.modules(v.attributes, prefix+name+".")
		}
		if err != nil {
			return err
		}
	}
	return nil
}
