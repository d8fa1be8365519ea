package checkpoint

import (
	"strconv"
	"strings"
)

// storageTypes are PyTorch's storage classes. The untyped one counts bytes.
var storageTypes = map[string]DType{
	"torch.DoubleStorage": F64, "torch.FloatStorage": F32, "torch.HalfStorage": F16, "torch.BFloat16Storage": BF16,
	"torch.LongStorage": I64, "torch.IntStorage": I32, "torch.ShortStorage": I16, "torch.CharStorage": I8,
	"torch.ByteStorage": U8, "torch.BoolStorage": Bool,
	"torch.ComplexFloatStorage": C64, "torch.ComplexDoubleStorage": C128,
	"torch.UntypedStorage": U8, "torch.storage.UntypedStorage": U8,
}

// elementTypes are PyTorch's dtypes, as tensors without a storage class of their own and saved settings name them.
var elementTypes = map[string]DType{
	"torch.float64": F64, "torch.float32": F32, "torch.float16": F16, "torch.bfloat16": BF16,
	"torch.int64": I64, "torch.int32": I32, "torch.int16": I16, "torch.int8": I8,
	"torch.uint64": U64, "torch.uint32": U32, "torch.uint16": U16, "torch.uint8": U8, "torch.bool": Bool,
	"torch.float8_e4m3fn": F8E4M3, "torch.float8_e5m2": F8E5M2, "torch.float8_e8m0fnu": F8E8M0,
	"torch.complex64": C64, "torch.complex128": C128,
}

// functions are what REDUCE may call. None does more than put its arguments together.
var functions = map[function]func(u *unpickler, arguments tuple){
	"collections.OrderedDict":                    (*unpickler).orderedDict,
	"torch._utils._rebuild_tensor":               (*unpickler).rebuildTensor,
	"torch._utils._rebuild_tensor_v2":            (*unpickler).rebuildTensor,
	"torch._utils._rebuild_tensor_v3":            (*unpickler).rebuildTensor,
	"torch._utils._rebuild_parameter":            (*unpickler).first,
	"torch._utils._rebuild_parameter_with_state": (*unpickler).first,
	"torch.Size":                         (*unpickler).first,
	"torch.device":                       (*unpickler).device,
	"torch.jit._pickle.build_intlist":    (*unpickler).first,
	"torch.jit._pickle.build_doublelist": (*unpickler).first,
	"torch.jit._pickle.build_boollist":   (*unpickler).first,
	"torch.jit._pickle.build_tensorlist": (*unpickler).first,
	"torch.jit._pickle.restore_type_tag": (*unpickler).first,
}

// global pushes what a name stands for. A name that is not known here is refused: a pickle can name anything that
// Python can import.
func (u *unpickler) global(from, name string) {
	full := from + "." + name
	if !u.spend(costObject + len(full)) {
		return
	}
	if dtype, ok := storageTypes[full]; ok {
		u.push(storageType{dtype})
	} else if dtype, ok := elementTypes[full]; ok {
		u.push(elementType{dtype})
	} else if functions[function(full)] != nil {
		u.push(function(full))
	} else if strings.HasPrefix(full, "__torch__.") {
		u.push(class(full))
	} else {
		u.refused("names the global %s, which goclip does not run; a checkpoint needs tensors alone: "+
			"save model.state_dict() or use safetensors", printable(full))
	}
}

// printable quotes a name from a file if it is not plain.
func printable(name string) string {
	plain := !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' })
	if plain && len(name) <= 200 {
		return name
	}
	return strconv.Quote(name[:min(len(name), 200)])
}

// reduce calls a function.
func (u *unpickler) reduce(callee, arguments any) {
	if u.err != nil {
		return
	}
	name, ok := callee.(function)
	if !ok {
		u.fail("calls what is no function")
		return
	}
	values, ok := arguments.(tuple)
	if !ok {
		u.fail("calls %s without a tuple of arguments", name)
		return
	}
	functions[name](u, values)
}

// first gives back the first argument: what PyTorch adds around a value does not matter here.
func (u *unpickler) first(arguments tuple) {
	if len(arguments) == 0 {
		u.fail("a call without an argument")
		return
	}
	u.push(arguments[0])
}

func (u *unpickler) device(tuple) { u.push(opaque("torch.device")) }

// orderedDict makes a dictionary, empty or, as Python 2 wrote it, from a list of pairs.
func (u *unpickler) orderedDict(arguments tuple) {
	var values []any
	if len(arguments) > 0 {
		pairs, ok := arguments[0].(*list)
		if !ok {
			u.fail("an OrderedDict of what is no list")
			return
		}
		for _, p := range pairs.items {
			kv, ok := sequence(p)
			if !ok || len(kv) != 2 || !u.spend(2*costSlot) {
				u.fail("an OrderedDict of what are no pairs")
				return
			}
			values = append(values, kv...)
		}
	}
	u.pushDict(values)
}

// sequence is the items of a tuple or list.
func sequence(value any) ([]any, bool) {
	switch v := value.(type) {
	case tuple:
		return v, true
	case *list:
		return v.items, true
	}
	return nil, false
}

// instantiate makes an empty instance of a TorchScript class. Its code is never looked at.
func (u *unpickler) instantiate(of, arguments any) {
	if u.err != nil {
		return
	}
	c, ok := of.(class)
	if values, isTuple := arguments.(tuple); !ok || !isTuple || len(values) > 0 {
		u.fail("makes an instance of what is no TorchScript class")
		return
	}
	if u.spend(2 * costObject) {
		u.push(&module{class: c, attributes: &dict{}})
	}
}

// build gives an instance its attributes.
func (u *unpickler) build(instance, state any) {
	if u.err != nil {
		return
	}
	switch v := instance.(type) {
	case *dict: // attributes of an OrderedDict: a state_dict has its versions there
	case *module:
		d, ok := state.(*dict)
		if !ok {
			u.fail("the class %s has a state of its own (quantized?), which is not known", printable(string(v.class)))
		} else if u.spend(len(d.entries) * costPair) {
			v.attributes.entries = append(v.attributes.entries, d.entries...)
		}
	default:
		u.fail("sets attributes of what has none")
	}
}
