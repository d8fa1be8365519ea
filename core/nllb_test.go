package core_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/core/checkpoint"
	"github.com/goclip/goclip/kernels/reference"
)

// weightsOf are tensors by name, in float64, with random values.
type weightsOf struct {
	random *rand.Rand
	values map[string][]float64
	list   []checkpoint.Tensor
}

func (w *weightsOf) add(name string, size float64, shape ...int) {
	n := 1
	for _, s := range shape {
		n *= s
	}
	t := checkpoint.Tensor{Name: name, Shape: shape, Floats: make([]float32, n)}
	w.values[name] = make([]float64, n)
	for i := range n {
		t.Floats[i] = float32(w.random.NormFloat64() * size)
		w.values[name][i] = float64(t.Floats[i])
	}
	w.list = append(w.list, t)
}

// linear is x·Wᵀ + b for one row.
func (w *weightsOf) linear(name string, x []float64) []float64 {
	weight, bias := w.values[name+".weight"], w.values[name+".bias"]
	out := make([]float64, len(weight)/len(x))
	for o := range out {
		for i, v := range x {
			out[o] += v * weight[o*len(x)+i]
		}
		if bias != nil {
			out[o] += bias[o]
		}
	}
	return out
}

func (w *weightsOf) norm(name string, x []float64) []float64 {
	mean, variance := 0.0, 0.0
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / float64(len(x))
	}
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = (v-mean)/math.Sqrt(variance+1e-5)*w.values[name+".weight"][i] + w.values[name+".bias"][i]
	}
	return out
}

// The sizes of the model that this test draws.
const (
	nllbWidth, nllbLayers, nllbHidden, nllbWords, nllbEmbedding = 128, 2, 96, 30, 64
	nllbHead                                                    = 64
)

// nllb is M2M100Encoder's arithmetic in plain float64 sums, after transformers' modeling_m2m_100.py, with open_clip's pooling
// of the first token and its projection.
func (w *weightsOf) nllb(ids []int64) []float64 {
	const prefix = "text.transformer."
	var seen []int64
	for _, id := range ids {
		if id != 1 {
			seen = append(seen, id)
		}
	}
	x := make([][]float64, len(seen))
	for t, id := range seen {
		x[t] = make([]float64, nllbWidth)
		for i := range x[t] {
			half := nllbWidth / 2
			angle := float64(t+2) * math.Exp(-math.Log(10000)/float64(half-1)*float64(i%half))
			place := math.Sin(angle)
			if i >= half {
				place = math.Cos(angle)
			}
			x[t][i] = w.values[prefix+"embed_tokens.weight"][int(id)*nllbWidth+i]*math.Sqrt(nllbWidth) + place
		}
	}
	for l := range nllbLayers {
		block := fmt.Sprintf("%slayers.%d.", prefix, l)
		var q, k, v [][]float64
		for _, row := range x {
			n := w.norm(block+"self_attn_layer_norm", row)
			q, k, v = append(q, w.linear(block+"self_attn.q_proj", n)), append(k, w.linear(block+"self_attn.k_proj", n)), append(v, w.linear(block+"self_attn.v_proj", n))
		}
		for t := range x {
			joined := make([]float64, nllbWidth)
			for h := 0; h < nllbWidth; h += nllbHead {
				scores, sum := make([]float64, len(x)), 0.0
				for s := range x {
					for i := h; i < h+nllbHead; i++ {
						scores[s] += q[t][i] * k[s][i] / math.Sqrt(nllbHead)
					}
					scores[s] = math.Exp(scores[s])
					sum += scores[s]
				}
				for s := range x {
					for i := h; i < h+nllbHead; i++ {
						joined[i] += scores[s] / sum * v[s][i]
					}
				}
			}
			for i, d := range w.linear(block+"self_attn.out_proj", joined) {
				x[t][i] += d
			}
		}
		for _, row := range x {
			inner := w.linear(block+"fc1", w.norm(block+"final_layer_norm", row))
			for i := range inner {
				inner[i] = max(0, inner[i])
			}
			for i, d := range w.linear(block+"fc2", inner) {
				row[i] += d
			}
		}
	}
	return w.linear("text.proj", w.norm(prefix+"layer_norm", x[0]))
}

func TestNLLBComputesWhatTransformersDoes(t *testing.T) {
	w := &weightsOf{random: rand.New(rand.NewPCG(7, 7)), values: map[string][]float64{}}
	layer := func(name string, out, in int) {
		w.add(name+".weight", 1/math.Sqrt(float64(in)), out, in)
		w.add(name+".bias", 0.1, out)
	}
	norm := func(name string) {
		w.add(name+".weight", 1, nllbWidth)
		w.add(name+".bias", 0.1, nllbWidth)
	}
	const prefix = "text.transformer."
	w.add(prefix+"embed_tokens.weight", 0.1, nllbWords, nllbWidth)
	w.add(prefix+"embed_positions.weights", 1, 4, nllbWidth) // old versions of transformers keep them; they are computed
	for l := range nllbLayers {
		block := fmt.Sprintf("%slayers.%d.", prefix, l)
		norm(block + "self_attn_layer_norm")
		for _, p := range []string{"q_proj", "k_proj", "v_proj", "out_proj"} {
			layer(block+"self_attn."+p, nllbWidth, nllbWidth)
		}
		norm(block + "final_layer_norm")
		layer(block+"fc1", nllbHidden, nllbWidth)
		layer(block+"fc2", nllbWidth, nllbHidden)
	}
	norm(prefix + "layer_norm")
	w.add("text.proj.weight", 0.1, nllbEmbedding, nllbWidth)
	var file bytes.Buffer
	require.NoError(t, checkpoint.WriteSafetensors(&file, w.list))
	config := fmt.Sprintf(`{"model_cfg": {"embed_dim": %d, "vision_cfg": {"image_size": 224, "layers": 1, "width": 64, "patch_size": 32},
		"text_cfg": {"hf_model_name": "facebook/nllb-200-distilled-600M", "hf_proj_type": "linear", "hf_pooler_type": "cls_pooler"}}}`, nllbEmbedding)

	device := reference.New(reference.Options{})
	m, err := core.OpenFS(context.Background(), fstest.MapFS{"open_clip_config.json": {Data: []byte(config)},
		"open_clip_model.safetensors": {Data: file.Bytes()}}, core.Options{Device: device})
	require.NoError(t, err)
	defer m.Close()
	texts := [][]int64{{9, 4, 5, 6, 2, 1, 1, 1}, {8, 2, 1, 1, 1, 1, 1, 1}, {9, 4, 5, 6, 7, 11, 29, 2}, {9, 5, 4, 6, 2, 1, 1, 1}}
	ids := checkpoint.Tensor{Name: "input_ids", Shape: []int{len(texts), len(texts[0])}}
	for _, text := range texts {
		ids.Ints = append(ids.Ints, text...)
	}
	out, err := m.RunTensors(context.Background(), []checkpoint.Tensor{ids}, false)
	require.NoError(t, err)
	features := out[slices.IndexFunc(out, func(t checkpoint.Tensor) bool { return t.Name == "text_features" })]
	for i, text := range texts {
		for j, want := range w.nllb(text) {
			require.InDelta(t, want, features.Floats[i*nllbEmbedding+j], 1e-4, "text %d, value %d", i, j)
		}
	}
}
