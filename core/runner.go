package core

import (
	"context"
	"errors"
	"sync"

	"github.com/goclip/goclip/core/tower"
	"github.com/goclip/goclip/kernels"
)

// largestBatch is the most inputs that one program takes.
const largestBatch = 32

// largestProgram bounds the memory of one program's buffers, in float32 values (512 MiB): a larger batch would not
// compute faster.
const largestProgram = 128 << 20

// keptPrograms is how many programs a tower keeps compiled.
const keptPrograms = 8

var errClosed = errors.New("core: the model is closed")

// runner keeps a tower's weights and the programs compiled from it, one for each size of batch.
type runner struct {
	device  kernels.Device
	devices *devices
	weights tower.Weights
	reload  func(context.Context) error // reads weights for device
	unread  bool                        // device has not all of them

	mu       sync.Mutex
	closed   bool
	programs []*program // the most recently used last
	limits   map[key]int
}

// key tells programs of one tower apart.
type key struct {
	items, length int
	hidden        bool
}

// program is a compiled tower with memory for what goes in and comes out.
type program struct {
	key
	kernels.Program
	in      kernels.Inputs
	outputs []tower.Output
	out     [][]float32
}

// recording writes a tower into a graph.
type recording func(g *kernels.Graph, items int) []tower.Output

// program finds or compiles the program for a key. The caller holds mu.
func (r *runner) program(k key, record recording) (*program, error) {
	if r.closed {
		return nil, errClosed
	}
	for i, p := range r.programs {
		if p.key == k {
			r.programs = append(append(r.programs[:i:i], r.programs[i+1:]...), p)
			return p, nil
		}
	}
	g := kernels.NewGraph()
	outputs := record(g, k.items)
	tensors := make([]kernels.Tensor, len(outputs))
	out := make([][]float32, len(outputs))
	for i, o := range outputs {
		tensors[i], out[i] = o.Tensor, make([]float32, o.Tensor.Shape.Elements())
	}
	compiled, err := kernels.Compile(r.device, g, tensors...)
	if err != nil {
		return nil, err
	}
	if len(r.programs) == keptPrograms {
		r.programs[0].Close()
		r.programs = r.programs[1:]
	}
	p := &program{key: k, Program: compiled, outputs: outputs, out: out}
	r.programs = append(r.programs, p)
	return p, nil
}

// batch says how many of the remaining inputs the next program takes and for how many it is compiled: powers of two, so
// that few programs serve all, the last one filled up when little of it stays empty.
func batch(remaining, limit int) (take, items int) {
	items = 1
	for items*2 <= min(remaining, limit) {
		items *= 2
	}
	if remaining < limit && remaining*4 > items*2*3 {
		return remaining, items * 2
	}
	return items, items
}

// limit is the largest batch whose buffers stay within largestProgram, for programs of one length. The caller holds mu.
func (r *runner) limit(length int, hidden bool, record recording) (int, error) {
	k := key{length: length, hidden: hidden}
	if items, ok := r.limits[k]; ok {
		return items, nil
	}
	items := largestBatch
	for ; items > 1; items /= 2 {
		g := kernels.NewGraph()
		var tensors []kernels.Tensor
		for _, o := range record(g, items) {
			tensors = append(tensors, o.Tensor)
		}
		plan, err := kernels.Footprint(g, tensors...)
		if err != nil {
			return 0, err
		}
		total := 0
		for _, n := range plan.Buffers {
			total += n
		}
		if total <= largestProgram {
			break
		}
	}
	return r.limitTo(k, items), nil
}

// limitTo remembers a limit. The caller holds mu.
func (r *runner) limitTo(k key, items int) int {
	if r.limits == nil {
		r.limits = map[key]int{}
	}
	r.limits[k] = items
	return items
}

// close frees programs and weights. It waits for a run in progress.
func (r *runner) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.release()
}

// release frees what the device holds for the tower. The caller holds mu.
func (r *runner) release() {
	for _, p := range r.programs {
		p.Close()
	}
	r.programs = nil
	for name, w := range r.weights {
		r.device.Unload(w)
		delete(r.weights, name)
	}
}

// emit is told the results of a batch: item i of count, for every output.
type emit func(p *program, count int)

// textRunner runs a text tower.
type textRunner struct {
	runner
	tower tower.Language
}

// lengthStep is what the number of positions is rounded up to when a batch of short texts needs only some of them.
const lengthStep = 8

// run computes texts, each a full row of ids with padding, in batches.
func (r *textRunner) run(ctx context.Context, texts []tower.TextIDs, hidden bool, done emit) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return errClosed
	}
	if err := r.ready(ctx); err != nil {
		return err
	}
	for len(texts) > 0 {
		padded := len(texts[0].IDs)
		limit, err := r.limit(padded, hidden, r.record(padded, hidden))
		if err != nil {
			return err
		}
		take, items := batch(len(texts), limit)
		length := r.length(texts[:take], hidden)
		p, err := r.runner.run(ctx, key{items, length, hidden}, r.record(length, hidden), func(p *program) { r.fill(p, texts[:take]) })
		if errors.Is(err, errSmaller) {
			r.halve(padded, hidden, items)
			continue
		}
		if err != nil {
			return err
		}
		done(p, take)
		texts = texts[take:]
	}
	return nil
}

func (r *textRunner) record(length int, hidden bool) recording {
	return func(g *kernels.Graph, items int) []tower.Output {
		return r.tower.Record(g, r.weights, items, length, hidden)
	}
}

// length is the number of positions that these texts need.
func (r *textRunner) length(texts []tower.TextIDs, hidden bool) int {
	padded := len(texts[0].IDs)
	if hidden {
		return padded
	}
	needed := 0
	for _, text := range texts {
		needed = max(needed, r.tower.Needed(text))
	}
	return min(padded, (needed+lengthStep-1)/lengthStep*lengthStep)
}

// fill writes the ids of a batch and what the tower derives from them. Places without a text repeat the first one, so
// that their integers are in range.
func (r *textRunner) fill(p *program, texts []tower.TextIDs) {
	derived := r.tower.Derived(p.length)
	if p.in.Ints == nil {
		p.in.Ints = append(p.in.Ints, make([]int32, p.items*p.length))
		for _, n := range derived {
			p.in.Ints = append(p.in.Ints, make([]int32, p.items*n))
		}
	}
	part := func(input, item, n int) []int32 { return p.in.Ints[input][item*n : (item+1)*n] }
	out := make([][]int32, len(derived))
	for i := range p.items {
		text := texts[0]
		if i < len(texts) {
			text = texts[i]
		}
		ids := part(0, i, p.length)
		copy(ids, text.IDs)
		for j, n := range derived {
			out[j] = part(j+1, i, n)
		}
		r.tower.Derive(tower.TextIDs{IDs: ids, Seen: min(text.Seen, len(ids))}, out)
	}
}
