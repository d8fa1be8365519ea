// Package zoo knows the kinds of CLIP checkpoints: how each writes its configuration, how it names its tensors, and
// which tower of package tower they make.
//
//	config.json             Hugging Face        huggingface.go, which hands each model_type to a file of its own
//	open_clip_config.json   open_clip           openclip.go, which hands each kind of tower to a file of its own
//	no configuration        the tensors' shapes shapes.go, gguf.go, bigvision.go
//
// A configuration becomes towers in two steps: what it says alone, and what the checkpoint's tensors add or correct
// (tensors.go).
//
// Every naming scheme is one table onto the towers' canonical names (names.go). What has to be computed while loading
// (concatenating q, k and v, transposing, layer scale) is in recipe.go.
package zoo

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strings"

	"github.com/goclip/goclip/core/checkpoint"
	"github.com/goclip/goclip/core/internal/files"
	"github.com/goclip/goclip/core/tower"
)

// ErrUnsupported: the model is of a family that goclip does not compute. The message names what was seen.
var ErrUnsupported = errors.New("unsupported model")

// Scores is how logits become probabilities.
type Scores uint8

const (
	// Softmax over the labels: CLIP.
	Softmax Scores = iota
	// Sigmoid label by label: SigLIP, and every model with a logit bias.
	Sigmoid
)

// String is "softmax" or "sigmoid".
func (s Scores) String() string { return [...]string{"softmax", "sigmoid"}[s] }

// Source is the kind of checkpoint, which decides the tokenizer's dialect and the preprocessing's defaults.
type Source string

// The sources.
const (
	HuggingFace Source = "huggingface"
	OpenCLIP    Source = "open_clip"
	OpenAI      Source = "openai"
	Apple       Source = "apple"      // MobileCLIP as Apple published it
	GGUF        Source = "gguf"       // clip.cpp's conversion of transformers' CLIP
	BigVision   Source = "big_vision" // SigLIP as Google trained it
)

// Config is what a model folder says without its weights.
type Config struct {
	Source Source
	Family string         // "clip"
	Image  tower.Image    // nil: no image tower
	Text   tower.Language // nil: no text tower

	// Mean and Std are what pictures are normalised with, if the weights' file says it; nil: another file does.
	Mean, Std []float32
	// Tokens are the vocabulary by id, if the weights' file has it.
	Tokens []string

	image, text names
	build       build
	fixedScale  float64 // the logit scale of a model whose file has none; 0: it has one
	// temperature: logits are cosines divided by the tensor of this name, as ALIGN has it; otherwise logit_scale is the
	// logarithm of what multiplies them.
	temperature bool
}

// build makes the towers that a configuration describes. It is called without tensors first, and again with those of the
// checkpoint: prefixes differ between versions, some projections are only there if the file has them, and some
// configurations name an architecture whose sizes the tensors have.
type build func(t tensors) (towers, error)

// towers are what a configuration describes, with the names of their tensors.
type towers struct {
	image                 tower.Image
	text                  tower.Language
	imageNames, textNames names
}

// settle makes the towers and checks them.
func (c *Config) settle(t tensors) error {
	made, err := c.build(t)
	if err != nil {
		return err
	}
	c.Image, c.Text, c.image, c.text = made.image, made.text, made.imageNames, made.textNames
	return c.check(t)
}

// Parameters counts what the original implementation calls parameters: before anything is folded, each tensor once,
// without running statistics.
func (c *Config) Parameters() (image, text int) {
	count := func(params []tower.Param, scheme names) int {
		counted := map[string]bool{}
		total := 0
		for _, p := range params {
			for _, n := range scheme.mustRule(p).needs(p) {
				if !n.buffer && !counted[n.name] {
					counted[n.name] = true
					total += n.shape.Elements()
				}
			}
		}
		return total
	}
	if c.Image != nil {
		image = count(c.Image.Params(), c.image)
	}
	if c.Text != nil {
		text = count(c.Text.Params(), c.text)
	}
	return image, text
}

// ReadConfig reads the configuration of a model folder: config.json or open_clip_config.json. Without one the error is
// fs.ErrNotExist.
func ReadConfig(fsys fs.FS) (*Config, error) {
	for _, kind := range []configFile{openCLIPFile, huggingFaceFile} {
		c, err := readConfig(fsys, kind)
		if !errors.Is(err, fs.ErrNotExist) {
			return c, err
		}
	}
	return nil, fmt.Errorf("zoo: no config.json or open_clip_config.json: %w", fs.ErrNotExist)
}

// configFile is a configuration's name and its reader.
type configFile struct {
	name string
	read func([]byte) (*Config, error)
}

var (
	openCLIPFile    = configFile{"open_clip_config.json", readOpenCLIP}
	huggingFaceFile = configFile{"config.json", readHuggingFace}
)

func readConfig(fsys fs.FS, kind configFile) (*Config, error) {
	data, err := files.Read(fsys, kind.name, files.Config)
	if err != nil {
		return nil, fmt.Errorf("zoo: %w", err)
	}
	c, err := kind.read(data)
	if err != nil {
		return nil, fmt.Errorf("zoo: %s: %w", kind.name, err)
	}
	if err := c.settle(tensors{}); err != nil {
		return nil, fmt.Errorf("zoo: %s: %w", kind.name, err)
	}
	return c, nil
}

// Model is a configuration together with the checkpoint that fits it.
type Model struct {
	Config
	Checkpoint *checkpoint.Checkpoint
	Scores     Scores
	// LogitScale multiplies a cosine, LogitBias is added then. Models with one tower have 1 and 0.
	LogitScale, LogitBias float64
}

var (
	openCLIPWeights    = []string{"open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin"}
	huggingFaceWeights = []string{"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"}
)

// WeightFiles are the names that weights go by, the preferred first: open_clip's own where its configuration is. An index
// stands for the files that it names.
func WeightFiles(openCLIP bool) []string {
	if openCLIP {
		return slices.Concat(openCLIPWeights, huggingFaceWeights)
	}
	return slices.Concat(huggingFaceWeights, openCLIPWeights)
}

// Open reads a model folder, or one checkpoint file in it when file is not empty. It checks every tensor against the
// configuration and reports all mistakes together; no weight is read yet.
func Open(fsys fs.FS, file string) (*Model, error) {
	config, err := ReadConfig(fsys)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if file == "" {
		if file, err = findWeights(fsys, config != nil && config.Source == OpenCLIP); err != nil {
			return nil, err
		}
	}
	ckpt, err := checkpoint.Open(fsys, file)
	if err != nil {
		return nil, err
	}
	if config != nil && config.Source == OpenCLIP && huggingFaceTensors(ckpt) {
		// Some folders hold both kinds of weights, each with its configuration.
		if other, err := readConfig(fsys, huggingFaceFile); err == nil {
			config = other
		}
	}
	m, err := fit(config, ckpt, file)
	if err != nil {
		ckpt.Close()
		return nil, fmt.Errorf("zoo: %s: %w", file, err)
	}
	return m, nil
}

// huggingFaceTensors reports whether a checkpoint has transformers' tensor names.
func huggingFaceTensors(c *checkpoint.Checkpoint) bool {
	return slices.ContainsFunc(c.Tensors(), func(t checkpoint.Info) bool {
		return strings.HasPrefix(t.Name, "vision_model.") || strings.HasPrefix(t.Name, "text_model.")
	})
}

// findWeights picks the file that holds the weights.
func findWeights(fsys fs.FS, openCLIP bool) (string, error) {
	names := WeightFiles(openCLIP)
	for _, name := range names {
		info, err := fs.Stat(fsys, name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("zoo: %w", err)
		}
		if err == nil && !info.IsDir() {
			return name, nil
		}
	}
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return "", fmt.Errorf("zoo: %w", err)
	}
	var others []string
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, ".safetensors") || strings.HasSuffix(name, ".pt") || strings.HasSuffix(name, ".pth") ||
			strings.HasSuffix(name, ".bin") || strings.HasSuffix(name, ".gguf") || strings.HasSuffix(name, ".npz") {
			others = append(others, name)
		}
	}
	switch len(others) {
	case 1:
		return others[0], nil
	case 0:
		return "", fmt.Errorf("zoo: the folder has no weights: none of %s, and no other .safetensors, .pt, .bin, .gguf or .npz: %w",
			strings.Join(names, ", "), fs.ErrNotExist)
	}
	return "", fmt.Errorf("zoo: the folder has several checkpoints (%s): name the file that you mean", strings.Join(others, ", "))
}

// fit completes a configuration with what only the tensors tell and checks them.
func fit(config *Config, ckpt *checkpoint.Checkpoint, file string) (*Model, error) {
	if ckpt.Format() == checkpoint.FormatGGUF {
		var err error
		if config, err = fromGGUF(ckpt); err != nil {
			return nil, err
		}
	}
	if config == nil || ckpt.Format() == checkpoint.FormatNumPy {
		var err error
		if config, err = fromShapes(ckpt, file); err != nil {
			return nil, err
		}
	}
	if err := config.settle(tensors{ckpt}); err != nil {
		return nil, err
	}
	m := &Model{Config: *config, Checkpoint: ckpt, LogitScale: 1}
	m.dropAbsent()
	if err := m.verify(); err != nil {
		return nil, err
	}
	if err := m.readLogits(); err != nil {
		return nil, err
	}
	return m, nil
}

// dropAbsent leaves a tower out of which the checkpoint has nothing at all, beside one of which it has something: some
// files hold one tower of a model whose configuration describes both.
func (m *Model) dropAbsent() {
	if m.Image == nil || m.Text == nil {
		return
	}
	has := func(params []tower.Param, scheme names) bool {
		return slices.ContainsFunc(params, func(p tower.Param) bool {
			return slices.ContainsFunc(scheme.mustRule(p).needs(p), func(n need) bool {
				_, ok := m.Checkpoint.Lookup(n.name)
				return ok
			})
		})
	}
	switch image, text := has(m.Image.Params(), m.image), has(m.Text.Params(), m.text); {
	case text && !image:
		m.Image = nil
	case image && !text:
		m.Text = nil
	}
}

// check checks the towers. Without tensors the sizes of a named architecture may not yet be those of the model, so that
// only the tensors' sizes must fit together.
func (c *Config) check(t tensors) error {
	if c.Image != nil {
		if err := c.Image.Check(); err != nil {
			return fmt.Errorf("image tower: %w", err)
		}
	}
	if c.Text != nil {
		if err := c.Text.Check(); err != nil {
			return fmt.Errorf("text tower: %w", err)
		}
	}
	if !t.none() && c.Image != nil && c.Text != nil && c.Image.Embedding() != c.Text.Embedding() {
		return fmt.Errorf("the image tower gives %d values and the text tower %d: they cannot be compared",
			c.Image.Embedding(), c.Text.Embedding())
	}
	return nil
}

// readLogits reads the two scalars that turn a cosine into a logit. The scale is stored as its logarithm; nothing clamps
// it at inference.
func (m *Model) readLogits() error {
	if m.Image == nil || m.Text == nil {
		return nil
	}
	if _, ok := m.Checkpoint.Lookup(m.scaleName()); !ok && m.fixedScale > 0 {
		m.LogitScale = m.fixedScale
		return nil
	}
	scale, err := m.scalar(m.scaleName())
	if err != nil {
		return err
	}
	m.LogitScale = math.Exp(scale)
	if m.temperature {
		m.LogitScale = 1 / scale
	}
	if _, ok := m.Checkpoint.Lookup("logit_bias"); ok {
		m.Scores = Sigmoid
		if m.LogitBias, err = m.scalar("logit_bias"); err != nil {
			return err
		}
	}
	if math.IsInf(m.LogitScale, 0) || math.IsNaN(m.LogitScale) || math.IsInf(m.LogitBias, 0) || math.IsNaN(m.LogitBias) {
		return fmt.Errorf("%s %g or logit_bias %g is no usable number", m.scaleName(), scale, m.LogitBias)
	}
	return nil
}

func (c *Config) scaleName() string {
	if c.temperature {
		return "temperature"
	}
	return "logit_scale"
}

func (m *Model) scalar(name string) (float64, error) {
	v, err := m.Checkpoint.Floats(name, nil)
	if err != nil {
		return 0, err
	}
	if len(v) != 1 {
		return 0, fmt.Errorf("%s has %d values, want one", name, len(v))
	}
	return float64(v[0]), nil
}

// Close closes the checkpoint.
func (m *Model) Close() error { return m.Checkpoint.Close() }
