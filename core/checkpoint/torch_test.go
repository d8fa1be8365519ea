package checkpoint

import (
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// writtenByPyTorch are the files of testdata, which make.py let PyTorch write, and how many tensors each has.
var writtenByPyTorch = map[string]struct {
	format  string
	tensors int
}{
	"zip.pt":             {FormatPyTorch, 19},
	"protocol4.pt":       {FormatPyTorch, 19},
	"protocol5.pt":       {FormatPyTorch, 19},
	"legacy.pt":          {FormatPyTorchLegacy, 19},
	"training.pt":        {FormatPyTorch, 19},
	"training-legacy.pt": {FormatPyTorchLegacy, 19},
	"untyped.pt":         {FormatPyTorch, 5},
	"script.pt":          {FormatTorchScript, 7},
	"kinds.safetensors":  {FormatSafetensors, 24},
}

func TestWrittenByPyTorch(t *testing.T) {
	folder := os.DirFS("testdata")
	expect, err := Open(folder, "expect.safetensors")
	require.NoError(t, err)
	defer expect.Close()
	for name, want := range writtenByPyTorch {
		data, err := fs.ReadFile(folder, name)
		require.NoError(t, err)
		for how, fsys := range map[string]fs.FS{
			"disk": folder, "ReaderAt": memory(name, data), "Reader": sequential{memory(name, data)},
		} {
			t.Run(name+" by "+how, func(t *testing.T) {
				c, err := Open(fsys, name)
				require.NoError(t, err)
				defer c.Close()
				require.Equal(t, want.format, c.Format())
				require.Len(t, c.Tensors(), want.tensors)
				for _, info := range c.Tensors() {
					checkTensor(t, c, expect, info)
				}
			})
		}
	}
}

// checkTensor compares a tensor with the one of the same name that expect has.
func checkTensor(t *testing.T, c, expect *Checkpoint, info Info) {
	t.Helper()
	if !info.DType.Readable() {
		_, err := c.Floats(info.Name, nil)
		require.ErrorContains(t, err, info.DType.String())
		require.Contains(t, []DType{F8E4M3, C64}, info.DType)
		return
	}
	wanted, ok := expect.Lookup(info.Name)
	require.True(t, ok, info.Name)
	require.Equal(t, wanted.Shape, info.Shape, info.Name)
	want, err := expect.Floats(info.Name, nil)
	require.NoError(t, err)
	got, err := c.Floats(info.Name, nil)
	require.NoError(t, err)
	require.Equal(t, want, got, info.Name)
	if info.DType.Integer() {
		want, err := expect.Ints(info.Name)
		require.NoError(t, err)
		got, err := c.Ints(info.Name)
		require.NoError(t, err)
		require.Equal(t, want, got, info.Name)
	}
}

// TestTypesOfPyTorch: a tensor's name in make.py says its type.
func TestTypesOfPyTorch(t *testing.T) {
	for _, name := range []string{"zip.pt", "legacy.pt", "untyped.pt", "kinds.safetensors"} {
		c, err := Open(os.DirFS("testdata"), name)
		require.NoError(t, err)
		for _, info := range c.Tensors() {
			want := F32
			switch info.Name {
			case "f16", "bf16", "f64", "i64", "i32", "i16", "i8", "u8", "u16", "u32", "u64", "bool", "c64":
				want = DType(strings.ToUpper(info.Name))
			case "f8":
				want = F8E4M3
			}
			require.Equal(t, want, info.DType, info.Name)
			require.Equal(t, name, info.File)
		}
		require.NoError(t, c.Close())
	}
}

func TestRefusesClasses(t *testing.T) {
	for name, global := range map[string]string{
		"refused.pt":        "argparse.Namespace",
		"refused-module.pt": "torch.nn.modules.linear.Linear",
	} {
		_, err := Open(os.DirFS("testdata"), name)
		require.ErrorContains(t, err, "checkpoint: "+name+": pickle names the global "+global+", which goclip does not run; ")
	}
}

// TestMetadata: the texts of a safetensors file, of which the caller gets a copy.
func TestMetadata(t *testing.T) {
	c, err := Open(os.DirFS("testdata"), "kinds.safetensors")
	require.NoError(t, err)
	defer c.Close()
	want := map[string]string{"format": "pt", "note": `a "quoted" word`}
	require.Equal(t, want, c.Metadata())
	c.Metadata()["format"] = "changed"
	require.Equal(t, want, c.Metadata())
}

// TestReuse: a buffer that is large enough is used, one that is not is replaced.
func TestReuse(t *testing.T) {
	c, err := Open(os.DirFS("testdata"), "zip.pt")
	require.NoError(t, err)
	defer c.Close()
	large, small := make([]float32, 3, 100), make([]float32, 3)
	got, err := c.Floats("f16", large)
	require.NoError(t, err)
	require.Len(t, got, 24)
	require.Same(t, &large[0], &got[0])
	got, err = c.Floats("f16", small)
	require.NoError(t, err)
	require.NotSame(t, &small[0], &got[0])
	require.Zero(t, small[2])
}

func TestClosed(t *testing.T) {
	c, err := Open(os.DirFS("testdata"), "zip.pt")
	require.NoError(t, err)
	_, err = c.Floats("nothing", nil)
	require.ErrorContains(t, err, `checkpoint: zip.pt: has no tensor "nothing"`)
	require.NoError(t, c.Close())
	require.NoError(t, c.Close())
	_, err = c.Floats("f16", nil)
	require.ErrorIs(t, err, fs.ErrClosed)
	_, err = c.Ints("i64")
	require.ErrorIs(t, err, fs.ErrClosed)
	_, ok := c.Lookup("f16")
	require.True(t, ok)
}

// TestHostileLegacy: the parts of an old torch.save file that are not as they should be.
func TestHostileLegacy(t *testing.T) {
	magic := string(legacyMagic)
	version, machine := proto("M\xe9\x03"), proto(dictOf(text("little_endian"), "\x88"))
	storage := group(text("storage"), globalName("torch", "FloatStorage"), text("0"), text("cpu"), number(2), "N") + "Q"
	model := proto(dictOf(text("w"), tensorOf(storage, 0, []int64{2}, []int64{1})))
	keys := proto("](", text("0"), "e")
	count, data := "\x02\x00\x00\x00\x00\x00\x00\x00", "\x00\x00\x80\x3f\x00\x00\x00\x40"
	v, err := openBytes(t, []byte(magic+version+machine+model+keys+count+data)).Floats("w", nil)
	require.NoError(t, err)
	require.Equal(t, []float32{1, 2}, v)
	for says, file := range map[string]string{
		"version other than 1001":               magic + proto("M\xea\x03") + machine + model + keys + count + data,
		"not little-endian":                     magic + version + proto(dictOf(text("little_endian"), "\x89")) + model + keys + count + data,
		"no state_dict":                         magic + version + machine + proto("N") + keys + count + data,
		"list of storages is not":               magic + version + machine + model + proto("N") + count + data,
		`storage "0" is not in the file`:        magic + version + machine + model + proto("]") + count + data,
		"storage 1 belongs to no tensor":        magic + version + machine + model + proto("](", text("1"), "e") + count + data,
		"the storage  belongs to no tensor":     magic + version + machine + model + proto("](", "N", "e") + count + data,
		"3 elements where its tensors need 2":   magic + version + machine + model + keys + "\x03" + count[1:] + data,
		`storage "0": 8 bytes at 228 are not`:   magic + version + machine + model + keys + count[1:],
		"not inside the file of":                magic + version + machine + model + keys + count + data[1:],
		"pickle names the global os.system":     magic + version + machine + proto(globalName("os", "system")) + keys,
		"the pickle at byte 15: pickle ends":    magic,
		"the pickle at byte 21: pickle byte 1:": magic + version + "\xff",
	} {
		t.Run(says, func(t *testing.T) { refuses(t, []byte(file), says) })
	}
}
