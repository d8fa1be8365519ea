package checkpoint

import (
	"encoding/binary"
	"encoding/json"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/internal/oracle"
)

// isWeights tells the files of a model folder that hold tensors.
func isWeights(name string) bool {
	return strings.HasSuffix(name, ".safetensors") || strings.HasSuffix(name, ".bin") || strings.HasSuffix(name, ".pt") ||
		strings.HasSuffix(name, ".index.json")
}

// TestOracleModels opens every checkpoint of the golden models and reads every tensor of it, mapped and unmapped.
func TestOracleModels(t *testing.T) {
	root := os.DirFS(oracle.Path(t, "models"))
	formats := map[string]int{}
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !isWeights(path) {
			return err
		}
		t.Run(path, func(t *testing.T) {
			mapped, err := Open(root, path)
			require.NoError(t, err)
			defer mapped.Close()
			data, err := fs.ReadFile(root, path)
			require.NoError(t, err)
			unmapped := mapped
			if !strings.HasSuffix(path, ".json") {
				unmapped = openBytes(t, data)
			}
			require.NotEmpty(t, mapped.Tensors())
			require.Len(t, unmapped.Tensors(), len(mapped.Tensors()))
			var dst []float32
			for _, info := range mapped.Tensors() {
				dst, err = mapped.Floats(info.Name, dst)
				require.NoError(t, err)
				require.Len(t, dst, info.Elements())
				again, err := unmapped.Floats(info.Name, nil)
				require.NoError(t, err)
				require.True(t, slices.Equal(dst, again), info.Name) // false for NaN too
				require.True(t, slices.Equal(dst, inParts(t, mapped, info.Name)), info.Name)
			}
			formats[mapped.Format()]++
		})
		return nil
	})
	require.NoError(t, err)
	for _, format := range []string{FormatSafetensors, FormatPyTorch, FormatTorchScript} {
		require.NotZero(t, formats[format], format)
	}
}

// inParts is a tensor as FloatParts gives it.
func inParts(t *testing.T, c *Checkpoint, name string) []float32 {
	var values []float32
	require.NoError(t, c.FloatParts(name, func(part []float32) error {
		values = append(values, part...)
		return nil
	}))
	return values
}

func TestShards(t *testing.T) {
	folder := oracle.Path(t, "models", "hf-clip-sharded-bf16")
	c, err := Open(os.DirFS(folder), "model.safetensors.index.json")
	require.NoError(t, err)
	defer c.Close()
	text, err := os.ReadFile(filepath.Join(folder, "model.safetensors.index.json"))
	require.NoError(t, err)
	var index struct {
		WeightMap map[string]string `json:"weight_map"`
	}
	require.NoError(t, json.Unmarshal(text, &index))
	require.Len(t, c.Tensors(), len(index.WeightMap))
	require.Equal(t, "pt", c.Metadata()["format"])
	for name, shard := range index.WeightMap {
		info, ok := c.Lookup(name)
		require.True(t, ok, name)
		require.Equal(t, shard, info.File)
		require.Equal(t, BF16, info.DType)
		alone, err := Open(os.DirFS(folder), shard)
		require.NoError(t, err)
		want, err := alone.Floats(name, nil)
		require.NoError(t, err)
		got, err := c.Floats(name, nil)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.NoError(t, alone.Close())
	}
}

// TestIntegers reads the position ids that old Hugging Face checkpoints hold.
func TestIntegers(t *testing.T) {
	c, err := Open(os.DirFS(oracle.Path(t, "models", "hf-clip-vit")), "model.safetensors")
	require.NoError(t, err)
	defer c.Close()
	ids, err := c.Ints("text_model.embeddings.position_ids")
	require.NoError(t, err)
	for i, id := range ids {
		require.EqualValues(t, i, id)
	}
	require.NotEmpty(t, ids)
	_, err = c.Ints("logit_scale")
	require.ErrorContains(t, err, `checkpoint: model.safetensors: tensor "logit_scale": elements of type "F32" cannot be read as integers`)
}

// TestStorageInPlace finds a tensor of a torch.save file by hand: the bytes of archive member data/0 begin where the
// name in its local header and the alignment after it end.
func TestStorageInPlace(t *testing.T) {
	path := oracle.Path(t, "models", "hf-clip-bin", "pytorch_model.bin")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	c, err := Open(os.DirFS(filepath.Dir(path)), "pytorch_model.bin")
	require.NoError(t, err)
	defer c.Close()
	at := strings.Index(string(data), "pytorch_model/data/0") - 30
	require.Equal(t, "PK\x03\x04", string(data[at:at+4]))
	at += 30 + int(binary.LittleEndian.Uint16(data[at+26:])) + int(binary.LittleEndian.Uint16(data[at+28:]))
	require.Zero(t, at%64, "PyTorch aligns storages")
	first := strings.Index(string(data), "X\x0b\x00\x00\x00logit_scale") // the first key of the state_dict
	require.Positive(t, first)
	scale, err := c.Floats("logit_scale", nil)
	require.NoError(t, err)
	require.Equal(t, []float32{math.Float32frombits(binary.LittleEndian.Uint32(data[at:]))}, scale)
}

// TestOpenAIScript: the extra buffers and names of a traced OpenAI model.
func TestOpenAIScript(t *testing.T) {
	c, err := Open(os.DirFS(oracle.Path(t, "models", "openai-rn50")), "RN50.pt")
	require.NoError(t, err)
	defer c.Close()
	require.Equal(t, FormatTorchScript, c.Format())
	v, err := c.Ints("context_length")
	require.NoError(t, err)
	require.Equal(t, []int64{77}, v)
	info, ok := c.Lookup("transformer.resblocks.0.attn.in_proj_weight")
	require.True(t, ok)
	require.Equal(t, F16, info.DType)
	require.Len(t, info.Shape, 2)
	require.Equal(t, 3*info.Shape[1], info.Shape[0])
	require.Equal(t, int64(2*info.Elements()), info.Bytes())
}
