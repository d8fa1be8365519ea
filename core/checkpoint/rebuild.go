package checkpoint

import (
	"fmt"
	"math"
)

// persistent makes a storage of what torch.save notes in its place: ("storage", class, key, device, elements), and
// before 1.6 a view, which is None since 0.4.
func (u *unpickler) persistent(id any) {
	if u.err != nil {
		return
	}
	values, _ := id.(tuple)
	if len(values) != 5 && len(values) != 6 || values[0] != "storage" {
		u.fail("refers to something outside that is no storage")
		return
	}
	kind, ok1 := values[1].(storageType)
	key, ok2 := values[2].(string)
	elements, ok3 := values[4].(int64)
	if !ok1 || !ok2 || !ok3 || elements < 0 || len(key) > maxName || len(values) == 6 && values[5] != nil {
		u.fail("a storage that is not of the form (\"storage\", class, key, device, elements)")
		return
	}
	s := u.storages[key]
	if s == nil {
		if !u.spend(costTensor + len(key)) {
			return
		}
		s = &storage{key: key, dtype: kind.dtype, elements: elements}
		u.storages[key] = s
	}
	if s.dtype != kind.dtype || s.elements != elements {
		u.fail("the storage %q is %d x %s and %d x %s", key, s.elements, s.dtype, elements, kind.dtype)
		return
	}
	u.push(s)
}

// rebuildTensor makes a tensor of (storage, offset, size, stride, …), the arguments of torch._utils._rebuild_tensor and
// _v2; _v3 has an element type in the seventh place and an untyped storage.
func (u *unpickler) rebuildTensor(arguments tuple) {
	if len(arguments) < 4 {
		u.fail("a tensor of %d arguments", len(arguments))
		return
	}
	s, ok1 := arguments[0].(*storage)
	offset, ok2 := arguments[1].(int64)
	size, ok3 := integers(arguments[2])
	strides, ok4 := integers(arguments[3])
	if !ok1 || !ok2 || !ok3 || !ok4 || len(size) != len(strides) || len(size) > maxDims {
		u.fail("a tensor that is not of the form (storage, offset, size, stride)")
		return
	}
	t := &tensor{storage: s, dtype: s.dtype, offset: offset, strides: strides}
	if len(arguments) > 6 {
		if e, ok := arguments[6].(elementType); ok {
			t.dtype = e.dtype
		}
	}
	if u.tensors++; u.tensors > maxTensors {
		u.fail("more than %d tensors", maxTensors)
	}
	if !u.spend(costTensor + 2*8*len(size)) {
		return
	}
	if err := t.lay(size); err != nil {
		u.fail("the tensor in storage %q: %w", s.key, err)
		return
	}
	u.push(t)
}

// integers are those of a tuple or list.
func integers(value any) ([]int64, bool) {
	values, ok := sequence(value)
	if !ok || len(values) > maxDims {
		return nil, false
	}
	out := make([]int64, len(values))
	for i, v := range values {
		if out[i], ok = v.(int64); !ok {
			return nil, false
		}
	}
	return out, true
}

// lay checks that a tensor of this size lies inside its storage, without an overflow on the way, and drops strides that
// say nothing.
func (t *tensor) lay(size []int64) error {
	stored := t.storage.elements
	if t.dtype != t.storage.dtype { // an untyped storage counts bytes
		stored = t.storage.bytes() / int64(t.dtype.Size())
	}
	t.shape = make([]int, len(size))
	last := t.offset // the last element's place
	for i, d := range size {
		if d < 0 || d > math.MaxInt || t.strides[i] < 0 || t.offset < 0 {
			return t.outside(size)
		}
		t.shape[i] = int(d)
	}
	elements, ok := product(t.shape)
	if !ok || t.offset < 0 || t.offset > stored {
		return t.outside(size)
	}
	if elements == 0 {
		t.strides = nil
		return nil
	}
	for i, d := range size {
		if d > 1 && t.strides[i] > (stored-last)/(d-1) {
			return t.outside(size)
		}
		last += (d - 1) * t.strides[i]
	}
	if last >= stored {
		return t.outside(size)
	}
	if elements > stored && elements > maxRepeated {
		return fmt.Errorf("size %v repeats %d stored elements: save the tensor with .contiguous()", size, stored)
	}
	if t.rowMajor() {
		t.strides = nil
	}
	return nil
}

func (t *tensor) outside(size []int64) error {
	return fmt.Errorf("offset %d, size %v, strides %v do not fit its %d elements of %s",
		t.offset, size, t.strides, t.storage.elements, t.storage.dtype)
}

// rowMajor reports whether the strides are those of elements that follow each other. The stride of a dimension of 1
// does not count.
func (t *tensor) rowMajor() bool {
	next := int64(1)
	for i := len(t.shape) - 1; i >= 0; i-- {
		if t.shape[i] == 1 {
			continue
		}
		if t.strides[i] != next {
			return false
		}
		next *= int64(t.shape[i])
	}
	return true
}
