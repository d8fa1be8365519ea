package sentencepiece

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/goclip/goclip/internal/oracle"
	"github.com/stretchr/testify/require"
)

func read(t testing.TB, folder, name string) []byte {
	data, err := os.ReadFile(oracle.Path(t, "tokenizers", folder, name))
	require.NoError(t, err)
	return data
}

// The normalized texts and the ids of sentencepiece itself.
func TestGolden(t *testing.T) {
	for folder, name := range map[string]string{"siglip": "spiece.model", "siglip_bytes": "spiece.model", "xlmr": "sentencepiece.bpe.model"} {
		m, err := Parse(read(t, folder, name))
		require.NoError(t, err)
		lines := strings.Split(strings.TrimSpace(string(oracle.Unpacked(t, "tokenizers", folder, "vectors.jsonl"))), "\n")
		require.Len(t, lines, 440)
		for _, line := range lines {
			var want struct {
				Text       string
				IDs        []int32 `json:"sp"`
				Normalized string  `json:"sp_normalized"`
			}
			require.NoError(t, json.Unmarshal([]byte(line), &want))
			require.Equal(t, want.Normalized, m.Normalize(want.Text), "%s %q", folder, want.Text)
			require.Equal(t, append([]int32{}, want.IDs...), m.Encode([]int32{}, want.Text), "%s %q", folder, want.Text)
		}
	}
}

// message writes protobuf fields: a number, or bytes.
func message(fields ...any) []byte {
	var out []byte
	for i := 0; i < len(fields); i += 2 {
		id := uint64(fields[i].(int))
		switch v := fields[i+1].(type) {
		case int:
			out = binary.AppendUvarint(binary.AppendUvarint(out, id<<3|wireVarint), uint64(v))
		case float32:
			out = binary.LittleEndian.AppendUint32(binary.AppendUvarint(out, id<<3|wireFixed32), math.Float32bits(v))
		case string:
			out = append(binary.AppendUvarint(binary.AppendUvarint(out, id<<3|wireBytes), uint64(len(v))), v...)
		}
	}
	return out
}

func piece(text string, score float32, kind Kind) string {
	return string(message(pieceText, text, pieceScore, score, pieceKind, int(kind)))
}

func TestParseRefuses(t *testing.T) {
	unknown := piece("<unk>", 0, Unknown)
	for want, file := range map[string][]byte{
		"no pieces":                      nil,
		"ends within a field":            message(modelPieces, unknown)[:5],
		"wire type 0, want 2":            message(modelPieces, 1),
		"no usable text or score":        message(modelPieces, piece("", 0, Normal)),
		"pieces may have 256 bytes":      message(modelPieces, piece(strings.Repeat("a", 257), 0, Normal)),
		"piece 1":                        message(modelPieces, unknown, modelPieces, piece("\xff", 0, Normal)),
		"neither unigram (1) nor BPE":    message(modelPieces, unknown, modelTrainer, string(message(trainerType, 3))),
		"spaces at the end":              message(modelPieces, unknown, modelTrainer, string(message(trainerSuffix, 1))),
		"no piece for what is unknown":   message(modelPieces, piece("a", 0, Normal), modelTrainer, string(message(trainerUnk, 7))),
		"no piece for the byte 0x0":      message(modelPieces, unknown, modelPieces, piece("a", 0, Normal), modelTrainer, string(message(trainerBytes, 1))),
		"the character map has 3 bytes":  message(modelPieces, unknown, modelNormalizer, string(message(normalizerMap, "abc"))),
		"claims a trie of":               message(modelPieces, unknown, modelNormalizer, string(message(normalizerMap, "\x08\x00\x00\x00ab"))),
		"hold spaces as they are":        message(modelPieces, unknown, modelNormalizer, string(message(normalizerEscape, 0))),
		"no piece that a text can be of": message(modelPieces, unknown),
	} {
		_, err := Parse(file)
		require.ErrorContains(t, err, want)
	}
}

// Pieces of the user win over the character map and are never cut.
func TestUserDefined(t *testing.T) {
	m, err := Parse(message(modelPieces, piece("<unk>", 0, Unknown), modelPieces, piece("▁a", -1, Normal), modelPieces, piece("b", -2, Normal),
		modelPieces, piece("a  b", 0, UserDefined), modelPieces, piece("▁", -3, Normal)))
	require.NoError(t, err)
	require.Equal(t, "▁a▁▁b", m.Normalize("a  b"))
	require.Equal(t, []int32{1, 2}, m.Encode(nil, "ab"))
	require.Equal(t, []int32{4, 0, 2}, m.Encode(nil, "xyb"), "a run of unknown characters is one")
}

func FuzzParse(f *testing.F) {
	f.Add(message(modelPieces, piece("<unk>", 0, Unknown), modelPieces, piece("▁a", -1, Normal), modelTrainer, string(message(trainerType, 1)),
		modelNormalizer, string(message(normalizerMap, "\x08\x00\x00\x00\x00\x04\x00\x00\x61\x05\x00\x00x\x00"))), "a b")
	f.Add(read(f, "siglip", "spiece.model")[:4096], "ﬁ ①")
	f.Fuzz(func(t *testing.T, file []byte, text string) {
		m, err := Parse(file)
		if err != nil {
			return
		}
		normalized := m.Normalize(text)
		if m.Algorithm == UnigramModel && len(normalized) < 1<<12 {
			for _, id := range m.Encode(nil, text) {
				require.True(t, id >= 0 && int(id) < len(m.Pieces))
			}
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	m, err := Parse(read(b, "siglip", "spiece.model"))
	require.NoError(b, err)
	ids := make([]int32, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		ids = m.Encode(ids[:0], "a photo of two people riding a tandem bicycle down a cobbled street at dusk")
	}
}
