package zoo

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/core/checkpoint"
	"github.com/goclip/goclip/core/tower"
)

// npz makes a NumPy archive of zeros.
func npz(t testing.TB, list []checkpoint.Tensor) fstest.MapFS {
	t.Helper()
	var file bytes.Buffer
	archive := zip.NewWriter(&file)
	for _, tensor := range list {
		shape := ""
		for _, d := range tensor.Shape {
			shape += fmt.Sprintf("%d, ", d)
		}
		header := "{'descr': '<f4', 'fortran_order': False, 'shape': (" + shape + "), }\n"
		w, err := archive.CreateHeader(&zip.FileHeader{Name: tensor.Name + ".npy", Method: zip.Store})
		require.NoError(t, err)
		data := append([]byte("\x93NUMPY\x01\x00"), binary.LittleEndian.AppendUint16(nil, uint16(len(header)))...)
		data = append(data, header...)
		_, err = w.Write(append(data, make([]byte, 4*len(tensor.Floats))...))
		require.NoError(t, err)
	}
	require.NoError(t, archive.Close())
	return fstest.MapFS{"siglip.npz": {Data: file.Bytes()}}
}

// smallBigVision are the arrays of the smallest SigLIP, blocks stacked in one tower.
var smallBigVision = strings.NewReplacer("BLOCK/", "params/img/Transformer/encoderblock/", "TEXT/", "params/txt/Encoder_0/encoderblock_0/",
	"MAP/", "params/img/MAPHead_0/", "ATT/", "MultiHeadDotProductAttention_0/", "MLP/", "MlpBlock_0/").Replace(`params/t 1
params/b 1
params/img/embedding/kernel 2 2 3 4
params/img/embedding/bias 4
params/img/pos_embedding 1 4 4
BLOCK/LayerNorm_0/scale 2 4
BLOCK/LayerNorm_0/bias 2 4
BLOCK/LayerNorm_1/scale 2 4
BLOCK/LayerNorm_1/bias 2 4
BLOCK/ATT/query/kernel 2 4 2 2
BLOCK/ATT/query/bias 2 2 2
BLOCK/ATT/key/kernel 2 4 2 2
BLOCK/ATT/key/bias 2 2 2
BLOCK/ATT/value/kernel 2 4 2 2
BLOCK/ATT/value/bias 2 2 2
BLOCK/ATT/out/kernel 2 2 2 4
BLOCK/ATT/out/bias 2 4
BLOCK/MLP/Dense_0/kernel 2 4 6
BLOCK/MLP/Dense_0/bias 2 6
BLOCK/MLP/Dense_1/kernel 2 6 4
BLOCK/MLP/Dense_1/bias 2 4
params/img/Transformer/encoder_norm/scale 4
params/img/Transformer/encoder_norm/bias 4
MAP/probe 1 1 4
MAP/LayerNorm_0/scale 4
MAP/LayerNorm_0/bias 4
MAP/ATT/query/kernel 4 2 2
MAP/ATT/query/bias 2 2
MAP/ATT/key/kernel 4 2 2
MAP/ATT/key/bias 2 2
MAP/ATT/value/kernel 4 2 2
MAP/ATT/value/bias 2 2
MAP/ATT/out/kernel 2 2 4
MAP/ATT/out/bias 4
MAP/MLP/Dense_0/kernel 4 6
MAP/MLP/Dense_0/bias 6
MAP/MLP/Dense_1/kernel 6 4
MAP/MLP/Dense_1/bias 4
params/txt/Embed_0/embedding 5 3
params/txt/pos_embedding 1 7 3
TEXT/LayerNorm_0/scale 3
TEXT/LayerNorm_0/bias 3
TEXT/LayerNorm_1/scale 3
TEXT/LayerNorm_1/bias 3
TEXT/ATT/query/kernel 3 1 3
TEXT/ATT/query/bias 1 3
TEXT/ATT/key/kernel 3 1 3
TEXT/ATT/key/bias 1 3
TEXT/ATT/value/kernel 3 1 3
TEXT/ATT/value/bias 1 3
TEXT/ATT/out/kernel 1 3 3
TEXT/ATT/out/bias 3
TEXT/MLP/Dense_0/kernel 3 5
TEXT/MLP/Dense_0/bias 5
TEXT/MLP/Dense_1/kernel 5 3
TEXT/MLP/Dense_1/bias 3
params/txt/Encoder_0/encoder_norm/scale 3
params/txt/Encoder_0/encoder_norm/bias 3
params/txt/head/kernel 3 4
params/txt/head/bias 4`)

func TestBigVision(t *testing.T) {
	m, err := open(t, npz(t, parseTensors(smallBigVision)))
	require.NoError(t, err)
	image, text := m.Image.(tower.ViT), m.Text.(tower.Text)
	require.Equal(t, []int{4, 2, 2, 6, 4, 2}, []int{image.Width, image.Layers, image.Heads, image.Hidden, image.Image, image.Patch})
	require.Equal(t, []int{3, 1, 1, 5, 7, 4}, []int{text.Width, text.Layers, text.Heads, text.Vocabulary, text.Context, text.Projection})
	require.Equal(t, Sigmoid, m.Scores)
	load(t, m)

	for says, change := range map[string]*strings.Replacer{
		"first are a, params/b":                        strings.NewReplacer("params/img/", "params/imag/", "params/t ", "a "),
		"2 heads in the image tower's blocks and 1 in": strings.NewReplacer("MAPHead_0/MultiHeadDotProductAttention_0/query/kernel 4 2 2", "MAPHead_0/MultiHeadDotProductAttention_0/query/kernel 4 1 4"),
		"img/embedding/bias is [5], the configuration": strings.NewReplacer("embedding/bias 4", "embedding/bias 5"),
		"missing tensors: img/MAPHead_0/probe":         strings.NewReplacer("/probe", "/probes"),
		"txt/pos_embedding has shape [7 3]":            strings.NewReplacer("pos_embedding 1 7 3", "pos_embedding 7 3"),
		"the image tower gives 4 values and the text":  strings.NewReplacer("head/kernel 3 4", "head/kernel 3 5", "head/bias 4", "head/bias 5"),
	} {
		_, err := Open(npz(t, parseTensors(change.Replace(smallBigVision))), "")
		require.ErrorContains(t, err, says)
	}
}

// Sizes of released SigLIPs: only So400m's 384 pixels are no multiple of its patches.
func TestSigLIPSides(t *testing.T) {
	for _, c := range [][3]int{{16, 196, 224}, {16, 1024, 512}, {14, 256, 224}, {14, 729, 384}, {32, 64, 256}} {
		require.Equal(t, c[2], siglipSide(c[0], c[1]))
	}
}

// FuzzBigVision opens archives of arrays of any names and shapes. What opens must load.
func FuzzBigVision(f *testing.F) {
	f.Add(smallBigVision)
	f.Fuzz(func(t *testing.T, lines string) {
		m, err := Open(npz(t, parseTensors(lines)), "")
		if err != nil {
			return
		}
		defer m.Close()
		load(t, m)
	})
}
