package checkpoint

import "math"

// What a pickle builds. Besides these types, values are nil, bool, int64, float64 and string.
type (
	tuple []any
	list  struct{ items []any }
	dict  struct{ entries []pair }
	pair  struct{ key, value any }

	// module is an instance of a class of a TorchScript archive: nothing but its attributes.
	module struct {
		class      class
		attributes *dict
	}

	// class is the name of a TorchScript class, known to begin with "__torch__.".
	class string

	// function is the name of one of the functions in globals.go.
	function string

	// storageType is a class such as torch.HalfStorage.
	storageType struct{ dtype DType }

	// elementType is a constant such as torch.float16.
	elementType struct{ dtype DType }

	// opaque is a value that goclip has no use for, by what it is.
	opaque string

	// storage is a run of elements that tensors share; key names where its bytes are.
	storage struct {
		key      string
		dtype    DType
		elements int64
	}

	// tensor is a view of a storage, in elements, known to lie inside it.
	tensor struct {
		storage *storage
		dtype   DType
		offset  int64
		shape   []int
		strides []int64 // nil: row-major without gaps
	}
)

// bytes is the size of the storage; the largest there is if that overflows.
func (s *storage) bytes() int64 {
	size := int64(s.dtype.Size())
	if s.elements > math.MaxInt64/size {
		return math.MaxInt64
	}
	return s.elements * size
}

// What values cost, in bytes, as the unpickler counts them: what Go takes, rounded up.
const (
	costSlot   = 32 // a place in a stack or a list, with what growing leaves over
	costPair   = 64
	costBox    = 16
	costObject = 64
	costTensor = 256
)

// get returns the value of a key that is a string; nil if there is none.
func (d *dict) get(key string) any {
	for _, e := range d.entries {
		if e.key == key {
			return e.value
		}
	}
	return nil
}
