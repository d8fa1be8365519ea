package zoo

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goclip/goclip/kernels"
)

// hfHeader is what config.json says of itself.
type hfHeader struct {
	ModelType     string   `json:"model_type"`
	Architectures []string `json:"architectures"`
}

// has reports whether one of the architectures begins so.
func (h hfHeader) has(beginning string) bool {
	return slices.ContainsFunc(h.Architectures, func(a string) bool { return strings.HasPrefix(a, beginning) })
}

// huggingFaceModels are the readers of config.json by its model_type. Each has the file of its family.
var huggingFaceModels = map[string]func(hfHeader, []byte) (*Config, error){
	"clip":               readCLIP,
	"clip_text_model":    readCLIP,
	"clip_vision_model":  readCLIP,
	"align":              readALIGN,
	"align_vision_model": readALIGNVision,
	"chinese_clip":       readChineseCLIP,
	"siglip":             readSigLIP,
	"siglip2":            readSigLIP2,
}

// readHuggingFace reads config.json.
func readHuggingFace(data []byte) (*Config, error) {
	var h hfHeader
	if err := json.Unmarshal(data, &h); err != nil {
		return nil, err
	}
	read, ok := huggingFaceModels[h.ModelType]
	if !ok {
		return nil, fmt.Errorf("%w: model_type %q, architectures %q; goclip opens the model types %s", ErrUnsupported, h.ModelType, h.Architectures,
			strings.Join(slices.Sorted(maps.Keys(huggingFaceModels)), ", "))
	}
	return read(h, data)
}

// hfActs are the activation names of transformers.
var hfActs = map[string]kernels.Act{
	"quick_gelu": kernels.QuickGELU, "gelu": kernels.GELU, "gelu_new": kernels.GELUTanh,
	"gelu_pytorch_tanh": kernels.GELUTanh, "relu": kernels.ReLU, "silu": kernels.SiLU, "swish": kernels.SiLU,
}

func hfAct(name string) (kernels.Act, error) {
	act, ok := hfActs[name]
	if !ok {
		return 0, fmt.Errorf("%w: the activation hidden_act %q is not one that goclip computes", ErrUnsupported, name)
	}
	return act, nil
}

// given reports whether a part of a configuration is there and not null.
func given(part json.RawMessage) bool { return len(part) > 0 && string(part) != "null" }
