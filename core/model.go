package core

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/goclip/goclip/core/preprocess"
	"github.com/goclip/goclip/core/tokenizer"
	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/core/zoo"
	"github.com/goclip/goclip/kernels"
)

// Towers chooses the halves of a model.
type Towers uint8

// The halves, which can be added up; none means both.
const (
	ImageTower Towers = 1 << iota
	TextTower
)

// Options say how a model is opened.
type Options struct {
	// Device computes. Several models may share one; closing it is its owner's business.
	Device kernels.Device
	// Fallback, if set, is asked for another device when one fails for good: lost, out of memory, or not capable of the model. The
	// model's weights then are read again, and whoever waits for a result does not notice. Closing that device is its owner's
	// business too. An error says that there is none.
	Fallback func(failed error) (kernels.Device, error)
	// Relocate, if set, gives the model's place once more for a Fallback, and a function that ends its use. Without it the place
	// that the model was opened at must stay readable.
	Relocate func() (Location, func(), error)
	// Towers that are loaded; the other one's weights are never read. 0 loads all that the model has.
	Towers Towers
	// Dialect of the tokenizer, if not the one that fits the kind of checkpoint.
	Dialect *tokenizer.Dialect
	// Merges, if set, reads CLIP's merges for a model that has no tokenizer of its own (tokenizer.OfMerges). A js program needs
	// it: only others carry them.
	Merges func() (string, error)
	// Admit, if set, is told what the towers need before any weight is read. Its error ends the opening.
	Admit func(Need) error
	// Progress, if set, is told how many of the model's weights are loaded.
	Progress func(loaded, total int)
}

// ErrUnsupportedModel: the model is of a family that goclip does not compute. The message names what was seen.
var ErrUnsupportedModel = zoo.ErrUnsupported

// ErrNoTower: the model has, or was opened with, only the other tower.
var ErrNoTower = errors.New("the model has no such tower")

// Model is an opened CLIP model. Its methods may be called from several goroutines.
type Model struct {
	zoo     *zoo.Model
	devices *devices

	image *imageRunner // nil: no image tower
	text  *textRunner  // nil: no text tower

	preprocess    preprocess.Config
	preprocessErr error // why pictures cannot be prepared; tensors still can be run
	tokenizer     tokenizer.Tokenizer
	tokenizerErr  error // why texts cannot be tokenized; ids still can be run

	closed sync.Once
}

// Open opens a model folder or checkpoint file on disk.
func Open(ctx context.Context, path string, o Options) (*Model, error) {
	l, err := Locate(path)
	if err != nil {
		return nil, err
	}
	return OpenAt(ctx, l, o)
}

// OpenFS opens the model folder at the root of a file system: embedded files, or files that come over the network.
func OpenFS(ctx context.Context, fsys fs.FS, o Options) (*Model, error) {
	return OpenAt(ctx, Location{Dir: fsys, Name: "the model"}, o)
}

// OpenAt opens a model that Locate found.
func OpenAt(ctx context.Context, l Location, o Options) (*Model, error) {
	if o.Device == nil {
		return nil, fmt.Errorf("core: no device: set Options.Device, for instance to simd.New(simd.Options{})")
	}
	z, err := zoo.Open(l.Dir, l.File)
	if err != nil {
		return nil, fmt.Errorf("core: %s: %w", l.Name, err)
	}
	m := &Model{zoo: z, devices: &devices{current: o.Device, next: o.Fallback}}
	if err = m.admit(o); err == nil {
		err = m.load(ctx, l, o)
	}
	// The weights are with the device now: a mapped file or a browser's blob need not stay open.
	if closeErr := z.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		m.Close()
		return nil, fmt.Errorf("core: %s: %w", l.Name, err)
	}
	if m.text != nil {
		dialect := dialectOf(z.Source)
		if o.Dialect != nil {
			dialect = *o.Dialect
		}
		m.tokenizer, m.tokenizerErr = openTokenizer(l, dialect, m.text.tower.Entries(), z.Tokens, o.Merges)
	}
	if m.image != nil {
		m.preprocess, m.preprocessErr = openPreprocess(l, &z.Config)
		if m.preprocessErr == nil {
			m.preprocessErr = m.checkPicture()
		}
	}
	return m, nil
}

func (m *Model) admit(o Options) error {
	if o.Admit == nil {
		return nil
	}
	n, err := needOf(&m.zoo.Config, o.Towers)
	if err != nil {
		return err
	}
	return o.Admit(n)
}

// load reads the weights of the towers that are wanted, one tensor at a time. What the device does not take goes to the next
// one, both towers together.
func (m *Model) load(ctx context.Context, l Location, o Options) error {
	for {
		device := m.devices.present()
		err := m.loadOn(ctx, device, l, o)
		if err == nil || ctx.Err() != nil {
			return err
		}
		m.release()
		if _, err = m.devices.after(device, err); err != nil {
			return err
		}
	}
}

func (m *Model) loadOn(ctx context.Context, device kernels.Device, l Location, o Options) error {
	wanted := func(t Towers) bool { return o.Towers == 0 || o.Towers&t != 0 }
	var parts []part
	if m.zoo.Image != nil && wanted(ImageTower) {
		m.image = &imageRunner{tower: m.zoo.Image, runner: runner{device: device, devices: m.devices, weights: tower.Weights{}}}
		parts = append(parts, part{m.zoo.Image.Params(), true, &m.image.runner})
	}
	if m.zoo.Text != nil && wanted(TextTower) {
		m.text = &textRunner{tower: m.zoo.Text, runner: runner{device: device, devices: m.devices, weights: tower.Weights{}}}
		parts = append(parts, part{m.zoo.Text.Params(), false, &m.text.runner})
	}
	if len(parts) == 0 {
		return fmt.Errorf("%w: %s", ErrNoTower, map[Towers]string{ImageTower: "no image tower", TextTower: "no text tower"}[o.Towers])
	}
	done, total := 0, 0
	for _, p := range parts {
		total += len(p.params)
	}
	for _, p := range parts {
		p.runner.reload = m.reloading(l, o, p)
		err := m.loadPart(ctx, m.zoo, p, func() {
			if done++; o.Progress != nil {
				o.Progress(done, total)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// part is one tower's share of loading.
type part struct {
	params []tower.Param
	image  bool
	runner *runner
}

func (m *Model) loadPart(ctx context.Context, z *zoo.Model, p part, progress func()) error {
	whole, err := p.loadTables(ctx, z, progress)
	if err != nil {
		return err
	}
	return z.Load(whole, p.image, func(param tower.Param, values, bias []float32) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		progress()
		if p.image && m.image.keeps(param, values) {
			return nil
		}
		w, err := p.runner.device.Load(kernels.WeightSpec{Name: param.Name, Role: param.Role, Shape: param.Shape, Values: values, Bias: bias})
		if err != nil {
			return err
		}
		p.runner.weights[param.Name] = w
		return nil
	})
}

// loadTables loads the tables that the device takes in parts, and returns the parameters that are left. An image tower has none: what it
// looks up may stay with the host.
func (p part) loadTables(ctx context.Context, z *zoo.Model, progress func()) ([]tower.Param, error) {
	loader, ok := p.runner.device.(kernels.PartLoader)
	if !ok || p.image {
		return p.params, nil
	}
	var rest []tower.Param
	for _, param := range p.params {
		values := z.Parts(param, p.image)
		if values == nil {
			rest = append(rest, param)
			continue
		}
		s := kernels.WeightSpec{Name: param.Name, Role: param.Role, Shape: param.Shape}
		w, err := loader.LoadParts(s, func(use func([]float32) error) error {
			return values(func(some []float32) error { return errors.Join(ctx.Err(), use(some)) })
		})
		if err != nil {
			return nil, err
		}
		p.runner.weights[param.Name] = w
		progress()
	}
	return rest, nil
}

// checkPicture makes sure that preprocessing gives what the tower takes. A tower for pictures of any shape takes as many
// patches as it gives.
func (m *Model) checkPicture() error {
	want := m.image.tower.Picture()
	c := m.preprocess
	if flexible, ok := m.image.tower.(tower.Flexible); ok {
		if values := 3 * c.PatchSize * c.PatchSize; c.Resize != preprocess.NaFlex || values != want.Width() {
			return fmt.Errorf("core: the preprocessing configuration (%v) does not make patches of %d values, which the image tower takes", c, want.Width())
		}
		m.image.tower = flexible.Within(c.MaxPatches)
		return m.image.tower.Check()
	}
	if height, width := c.Size(); height != want[0] || width != want[1] {
		return fmt.Errorf("core: the preprocessing configuration makes pictures of %d x %d pixels, the image tower takes %d x %d",
			width, height, want[1], want[0])
	}
	return nil
}

// Embedding is the width of the model's embeddings.
func (m *Model) Embedding() int {
	if m.image != nil {
		return m.image.tower.Embedding()
	}
	return m.text.tower.Embedding()
}

// Device is what computes the model now: that of Options, or what Fallback gave.
func (m *Model) Device() kernels.Device { return m.devices.present() }

// Close frees the model's weights on the device.
func (m *Model) Close() error {
	m.closed.Do(m.release)
	return nil
}

func (m *Model) release() {
	if m.image != nil {
		m.image.close()
	}
	if m.text != nil {
		m.text.close()
	}
}
