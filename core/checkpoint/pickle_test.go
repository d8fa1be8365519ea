package checkpoint

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestHarmlessPickles: forms that PyTorch has written at one time or another.
func TestHarmlessPickles(t *testing.T) {
	w := floats4()
	scalarType := globalName("torch", "float16")
	for name, pickle := range map[string]string{
		"dictionary":            proto(dictOf(text("w"), w)),
		"one item at a time":    proto("}", text("w"), w, "s"),
		"protocol 0 dictionary": proto("(", text("w"), w, "d"),
		"Python 2 strings":      proto(dictOf("U\x01w", w)),
		"OrderedDict of pairs":  proto(globalName("collections", "OrderedDict"), "(](](", text("w"), w, "eetR"),
		"with attributes":       proto(globalName("collections", "OrderedDict"), ")R(", text("w"), w, "u}", text("_metadata"), "}sb"),
		"parameter":             proto(dictOf(text("w"), globalName("torch._utils", "_rebuild_parameter"), group(w, "\x88", "}"), "R")),
		"wrapped":               proto(dictOf(text("epoch"), "K\x03", text("state_dict"), dictOf(text("w"), w))),
		"wrapped twice":         proto(dictOf(text("model"), dictOf(text("state_dict"), dictOf(text("w"), w)))),
		"wrapped beside a tensor": proto(dictOf(text("rng"), tensorOf(storageOf("FloatStorage", "0", 4), 0, []int64{4}, []int64{1}),
			text("model_state_dict"), dictOf(text("w"), w))),
		"other values": proto(dictOf(text("w"), w, text("step"), "K\x01", text("none"), "N", text("list"), "](K\x01K\x02e", "K\x07", w,
			text("type"), scalarType, text("float"), "G\x3f\xf0\x00\x00\x00\x00\x00\x00", text("bytes"), "C\x02ab", text("big"), "\x8a\x09"+repeat("\xff", 9),
			text("device"), globalName("torch", "device"), "(", text("cpu"), "tR", text("size"), globalName("torch", "Size"), "((K\x01K\x02ttR")),
		"memo":              proto(text("w"), "q\x000", floats4(), "r\x01\x00\x00\x000", "}(", "h\x00", "j\x01\x00\x00\x00", "u"),
		"memoize":           proto(text("w"), "\x940}(", "h\x00", w, "u"),
		"pop to a mark":     proto("(", w, w, "1", dictOf(text("w"), w)),
		"module prefix":     proto(dictOf(text("module.w"), w)),
		"TorchScript":       proto(moduleOf("M", text("w"), w, text("training"), "\x89")),
		"TorchScript lists": proto(moduleOf("M", text("w"), w, text("sizes"), globalName("torch.jit._pickle", "build_intlist"), "(](K\x01K\x02etR")),
		"stack global":      proto("}", text("w"), "\x8c\x0ctorch._utils", "\x8c\x12_rebuild_tensor_v2\x93", group(storageOf("FloatStorage", "0", 4), "K\x00", "K\x04\x85", "K\x01\x85", "\x89", "N"), "Rs"),
		"frame":             "\x80\x04\x95\x00\x01\x00\x00\x00\x00\x00\x00" + dictOf(text("w"), w) + stop,
	} {
		t.Run(name, func(t *testing.T) {
			c := openBytes(t, torchFile(t, pickle))
			require.Equal(t, []Info{{Name: "w", DType: F32, Shape: []int{4}, File: "f"}}, c.Tensors())
			v, err := c.Floats("w", nil)
			require.NoError(t, err)
			require.Equal(t, []float32{1.5, -2, 0, 4}, v)
		})
	}
}

func TestModuleTree(t *testing.T) {
	half := tensorOf(storageOf("FloatStorage", "0", 4), 1, []int64{2}, []int64{2})
	leaf := moduleOf("torch.nn.Leaf", text("weight"), half)
	c := openBytes(t, torchFile(t, proto(moduleOf("M", text("visual"), moduleOf("V", text("0"), leaf, text("proj"), floats4()), text("a"), leaf))))
	var names []string
	for _, info := range c.Tensors() {
		names = append(names, info.Name)
	}
	require.Equal(t, []string{"a.weight", "visual.0.weight", "visual.proj"}, names)
	require.Equal(t, FormatTorchScript, c.Format())
	v, err := c.Floats("a.weight", nil)
	require.NoError(t, err)
	require.Equal(t, []float32{-2, 4}, v)
}

// TestViews: offsets and strides, checked against what PyTorch's as_strided gives for the elements 1.5, -2, 0, 4.
func TestViews(t *testing.T) {
	for name, c := range map[string]struct {
		offset        int64
		size, strides []int64
		want          []float32
	}{
		"whole":                {0, []int64{2, 2}, []int64{2, 1}, []float32{1.5, -2, 0, 4}},
		"transposed":           {0, []int64{2, 2}, []int64{1, 2}, []float32{1.5, 0, -2, 4}},
		"scalar":               {3, nil, nil, []float32{4}},
		"last row":             {2, []int64{1, 2}, []int64{77, 1}, []float32{0, 4}},
		"stride of one is any": {0, []int64{2, 1, 2}, []int64{1, math.MaxInt64, 2}, []float32{1.5, 0, -2, 4}},
		"column":               {1, []int64{2, 1}, []int64{2, 5}, []float32{-2, 4}},
		"repeated":             {3, []int64{2, 3}, []int64{0, 0}, []float32{4, 4, 4, 4, 4, 4}},
		"overlapping":          {0, []int64{3, 2}, []int64{1, 1}, []float32{1.5, -2, -2, 0, 0, 4}},
		"empty":                {4, []int64{0, 3}, []int64{3, 1}, []float32{}},
		"empty and huge":       {0, []int64{math.MaxInt64, 0}, []int64{1, 1}, []float32{}},
	} {
		t.Run(name, func(t *testing.T) {
			f := openBytes(t, torchFile(t, proto(dictOf(text("w"), tensorOf(storageOf("FloatStorage", "0", 4), c.offset, c.size, c.strides)))))
			v, err := f.Floats("w", nil)
			require.NoError(t, err)
			require.Equal(t, c.want, v)
		})
	}
}

func TestHostileTensors(t *testing.T) {
	const huge = math.MaxInt64
	view := func(offset int64, size, strides []int64) string {
		return tensorOf(storageOf("FloatStorage", "0", 4), offset, size, strides)
	}
	for _, c := range []struct{ name, says, tensor string }{
		{"one element too many", "do not fit", view(0, []int64{5}, []int64{1})},
		{"offset one too far", "do not fit", view(1, []int64{4}, []int64{1})},
		{"offset outside", "do not fit", view(4, []int64{1}, []int64{1})},
		{"scalar outside", "do not fit", view(4, nil, nil)},
		{"negative offset", "do not fit", view(-1, []int64{1}, []int64{1})},
		{"negative scalar offset", "do not fit", view(-1, nil, nil)},
		{"negative size", "do not fit", view(0, []int64{-1}, []int64{1})},
		{"negative stride", "do not fit", view(3, []int64{2}, []int64{-1})},
		{"stride too far", "do not fit", view(0, []int64{2, 2}, []int64{3, 1})},
		{"stride overflows", "do not fit", view(0, []int64{3}, []int64{huge/2 + 1})},
		{"strides add up to an overflow", "do not fit", view(0, []int64{2, 2, 2}, []int64{huge / 2, huge / 2, 2})},
		{"size overflows", "do not fit", view(0, []int64{1 << 32, 1 << 32}, []int64{0, 0})},
		{"offset overflows", "do not fit", view(huge, []int64{1}, []int64{1})},
		{"repeated beyond reason", "repeats 4 stored elements", view(0, []int64{1 << 40}, []int64{0})},
		{"sizes without strides", "not of the form", view(0, []int64{1}, nil)},
		{"too many dimensions", "not of the form", view(0, make([]int64, 65), make([]int64, 65))},
		{"storage larger than its member", "needs 5 elements", tensorOf(storageOf("FloatStorage", "0", 5), 0, []int64{4}, []int64{1})},
		{"storage that overflows", "needs 4611686018427387904 elements", tensorOf(storageOf("DoubleStorage", "0", 1<<62), 0, []int64{1}, []int64{1})},
		{"negative storage", "not of the form", tensorOf(storageOf("FloatStorage", "0", -1), 0, nil, nil)},
		{"missing storage", `tensor "w": the zip archive has no member archive/data/7`, tensorOf(storageOf("FloatStorage", "7", 4), 0, []int64{4}, []int64{1})},
		{"storage outside the folder", "no member", tensorOf(storageOf("FloatStorage", "../data.pkl", 1), 0, nil, nil)},
		{"storage of two types", "4 x F32 and 4 x F16", floats4() + "0" + tensorOf(storageOf("HalfStorage", "0", 4), 0, nil, nil)},
		{"no storage", "not of the form", globalName("torch._utils", "_rebuild_tensor_v2") + group("N", "K\x00", ")", ")") + "R"},
		{"too few arguments", "a tensor of 1 arguments", globalName("torch._utils", "_rebuild_tensor_v2") + group("N") + "R"},
		{"a storage's view", "a storage that is not", group(text("storage"), globalName("torch", "FloatStorage"), text("0"), text("cpu"), "K\x04", ")") + "Q"},
		{"a storage class by name", "a storage that is not", group(text("storage"), text("FloatStorage"), text("0"), text("cpu"), "K\x04") + "Q"},
		{"a module from outside", "no storage", group(text("module"), "N", "N", "N", "N") + "Q"},
	} {
		t.Run(c.name, func(t *testing.T) {
			refuses(t, torchFile(t, proto(dictOf(text("w"), c.tensor))), c.says)
		})
	}
}

func TestHostilePickles(t *testing.T) {
	for _, c := range []struct{ name, says, pickle string }{
		{"calls a function", "pickle names the global os.system, which goclip does not run; ", proto(globalName("os", "system"), text("true"), "\x85R")},
		{"calls by stack", "pickle names the global posix.system, which", proto(text("posix"), text("system"), "\x93", text("true"), "\x85R")},
		{"hides in attributes", "pickle names the global builtins.exec, which", proto(moduleOf("M", text("w"), globalName("builtins", "exec")))},
		{"name with a line end", `pickle names the global "a\nb.c", which`, proto(text("a\nb"), text("c"), "\x93")},
		{"name like TorchScript", "names the global __torch__x.M", proto(globalName("__torch__x", "M"), ")\x81")},
		{"torch.load itself", "names the global torch.load", proto(globalName("torch", "load"), text("x"), "\x85R")},
		{"name without end", "ends too early", proto("cos")},
		{"endless name", "more than 1024 bytes", proto("c" + repeat("a", 2000))},
		{"name that is no text", "no text", proto("NN\x93")},
		{"instance of a function", "no TorchScript class", proto(globalName("collections", "OrderedDict"), ")\x81")},
		{"instance with arguments", "no TorchScript class", proto(globalName("__torch__", "M"), "(K\x01t\x81")},
		{"calls a class", "calls what is no function", proto(globalName("__torch__", "M"), ")R")},
		{"calls a number", "calls what is no function", proto("K\x01)R")},
		{"calls without a tuple", "without a tuple", proto(globalName("collections", "OrderedDict"), "NR")},
		{"calls without arguments", "without an argument", proto(globalName("torch", "Size"), ")R")},
		{"quantized state", "__torch__.Packed has a state of its own", proto(globalName("__torch__", "Packed"), ")\x81K\x01b")},
		{"attributes of a number", "attributes of what has none", proto("K\x01}b")},
		{"unknown instruction", "the instruction 0xff", proto("\xff")},
		{"persistent id by text", "the instruction 0x50", proto("P0\n")},
		{"extension registry", "the instruction 0x82", proto("\x82\x01")},
		{"buffer from outside", "the instruction 0x97", proto("\x97")},
		{"protocol to come", "protocol 6", "\x80\x06}."},
		{"pops nothing", "where there is none", proto("0")},
		{"looks below a mark", "where there is none", proto("K\x01(q\x00")},
		{"pops below a mark", "fewer", proto("K\x01(\x85")},
		{"tuple of too few", "fewer", proto("K\x01\x86")},
		{"closes nothing", "not opened", proto("t")},
		{"leaves nothing", "where there is none", proto()},
		{"leaves two", "more than one value", proto("}}")},
		{"leaves a mark", "more than one value", proto("(}")},
		{"memo not there", "number 3 before", proto("h\x03")},
		{"memo too large", "more than 2097152 values", proto("Nr\xff\xff\xff\xff")},
		{"odd dictionary", "without a value", proto("}(K\x01u")},
		{"key of a number", "no dictionary", proto("K\x01K\x02K\x03s")},
		{"append to a number", "no list", proto("K\x01K\x02a")},
		{"text longer than the file", "ends too early", proto("X\xff\xff\xff\xffabc")},
		{"text longer than anything", "length", proto("\x8d" + repeat("\xff", 8) + "abc")},
		{"one tensor", "without a name", proto(floats4())},
		{"a list", "no state_dict", proto("](", floats4(), "e")},
		{"nothing but numbers", `keys (["a"]`, proto(dictOf(text("a"), "K\x01"))},
		{"empty", "no tensor", proto("}")},
		{"empty module", "no tensor", proto(moduleOf("M"))},
		{"name too long", "more than 1024 bytes", proto(dictOf(text(repeat("n", 1025)), floats4()))},
		{"name twice", `the tensor "w" is there twice`, proto(dictOf(text("w"), floats4(), text("w"), floats4()))},
		{"name twice in modules", `the tensor "a.w" is there twice`, proto(moduleOf("M", text("a"), moduleOf("M", text("w"), floats4()), text("a.w"), floats4()))},
		{"module inside itself", "nested too deep", proto(globalName("__torch__", "M"), ")\x81q\x00}", text("m"), "h\x00sb")},
	} {
		t.Run(c.name, func(t *testing.T) { refuses(t, torchFile(t, c.pickle), c.says) })
	}
}

// TestPickleBombs: the most that a pickle of the largest size can ask for.
func TestPickleBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("builds files of 60 MB")
	}
	const size = maxPickle - 1000
	shared := globalName("__torch__", "M") + ")\x81"
	level := shared + "}(" + text("a") + "h\x00" + text("b") + "h\x00ub" + "q\x00"
	for name, c := range map[string]struct{ says, pickle string }{
		"lists":       {"224 MiB", proto(repeat("]", size))},
		"numbers":     {"224 MiB", proto(repeat("K\x01", size/2))},
		"floats":      {"224 MiB", proto(repeat("G12345678", size/9))},
		"marks":       {"224 MiB", proto(repeat("(", size))},
		"tuples":      {"224 MiB", proto("N" + repeat("\x85", size))},
		"one text":    {"no state_dict", proto(text(repeat("x", size)))},
		"memo":        {"more than one value", proto(repeat("Nr\xff\xff\x1f\x00", size/6/100))},
		"wide tuples": {"224 MiB", proto(")q\x00" + repeat("("+repeat("h\x00", 1<<12)+"t", 1<<11))},
		"attributes":  {"224 MiB", proto(dictOf(repeat("K\x01N", 1<<18)) + "q\x00" + repeat(shared+"h\x00b0", 1<<16))},
		"tree":        {"too many modules", proto(shared + "q\x000" + repeat(level+"0", 60) + level)},
		"tensors": {"more than 131072 tensors", proto(floats4() + "q\x000" + globalName("torch._utils", "_rebuild_tensor_v2") + "q\x01" +
			group(storageOf("FloatStorage", "0", 4), "K\x00", ")", ")") + "q\x02" + repeat("h\x01h\x02R0", maxTensors))},
		"shared tensors": {"more than 131072 tensors", proto(moduleOf("M", text("w"), floats4()) + "q\x000" +
			repeat(level+"0", 20) + level)},
	} {
		t.Run(name, func(t *testing.T) { refuses(t, torchFile(t, c.pickle), c.says) })
	}
	t.Run("larger than allowed", func(t *testing.T) {
		refuses(t, torchFile(t, proto(repeat("N0", maxPickle/2))), "at most 67108864 are read")
	})
}

// TestManyTensors: the limits leave room for large models.
func TestManyTensors(t *testing.T) {
	var items strings.Builder
	const tensors = 100_000
	for i := range tensors {
		put := sprint("r%s", string(binary.LittleEndian.AppendUint32(nil, uint32(i))))
		items.WriteString(text(sprint("visual.transformer.resblocks.%d.attn.in_proj_weight", i)) + put + tensorOf(storageOf("FloatStorage", "0", 4), 0, []int64{2, 2}, []int64{2, 1}))
	}
	c := openBytes(t, torchFile(t, proto(dictOf(items.String()))))
	require.Len(t, c.Tensors(), tensors)
}
