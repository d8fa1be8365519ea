package kerneltest

import (
	"context"
	"math"
	"testing"

	"github.com/goclip/goclip/kernels"
)

// guardValues stand before and behind every buffer: a multiple of 16, so that buffers stay aligned.
const guardValues = 64

// guard stands between the suite and a device. It puts every buffer of a plan into a larger one filled with poison, and
// looks after each Run whether the poison outside is still there. Poison of NaN shows up in results when a step reads
// what it should not; poison of a plain number shows when it writes where it should not.
type guard struct {
	kernels.Device
	t      *testing.T
	poison float32
}

func (g *guard) Begin(plan kernels.Plan) (kernels.Encoder, error) {
	larger := kernels.Plan{Ints: plan.Ints}
	for _, n := range plan.Buffers {
		larger.Buffers = append(larger.Buffers, n+2*guardValues)
	}
	inner, err := g.Device.Begin(larger)
	if err != nil {
		return nil, err
	}
	return &guardedEncoder{inner: inner, guard: g, plan: plan}, nil
}

// guardedEncoder moves every reference into the middle of its larger buffer.
type guardedEncoder struct {
	inner kernels.Encoder
	guard *guard
	plan  kernels.Plan
}

func shift(r kernels.Ref) kernels.Ref {
	if r.Kind == kernels.Value {
		r.Offset += guardValues
	}
	return r
}

func shiftEpilogue(e kernels.Epilogue) kernels.Epilogue {
	if e.Residual != nil {
		r := shift(*e.Residual)
		e.Residual = &r
	}
	return e
}

func (e *guardedEncoder) Embed(dst kernels.Ref, table kernels.Weight, ids kernels.IntInput) {
	e.inner.Embed(shift(dst), table, ids)
}

func (e *guardedEncoder) Linear(dst, x kernels.Ref, w kernels.Weight, ep kernels.Epilogue) {
	e.inner.Linear(shift(dst), shift(x), w, shiftEpilogue(ep))
}

func (e *guardedEncoder) Conv2D(dst, x kernels.Ref, w kernels.Weight, win kernels.Window, ep kernels.Epilogue) {
	e.inner.Conv2D(shift(dst), shift(x), w, win, shiftEpilogue(ep))
}

func (e *guardedEncoder) Attention(dst, q, k, v kernels.Ref, a kernels.Attend) {
	e.inner.Attention(shift(dst), shift(q), shift(k), shift(v), a)
}

func (e *guardedEncoder) LayerNorm(dst, x kernels.Ref, w kernels.Weight, eps float32) {
	e.inner.LayerNorm(shift(dst), shift(x), w, eps)
}

func (e *guardedEncoder) Rotate(dst, x, cos, sin kernels.Ref) {
	e.inner.Rotate(shift(dst), shift(x), shift(cos), shift(sin))
}

func (e *guardedEncoder) Map(dst, x kernels.Ref, act kernels.Act) {
	e.inner.Map(shift(dst), shift(x), act)
}

func (e *guardedEncoder) Zip(dst, x, y kernels.Ref, op kernels.Binary) {
	e.inner.Zip(shift(dst), shift(x), shift(y), op)
}

func (e *guardedEncoder) Pool(dst, x kernels.Ref, win kernels.Window) {
	e.inner.Pool(shift(dst), shift(x), win)
}

func (e *guardedEncoder) Mean(dst, x kernels.Ref, lengths kernels.IntInput) {
	e.inner.Mean(shift(dst), shift(x), lengths)
}

func (e *guardedEncoder) Concat(dst, x, y kernels.Ref) {
	e.inner.Concat(shift(dst), shift(x), shift(y))
}

func (e *guardedEncoder) Gather(dst, x kernels.Ref, rows kernels.IntInput) {
	e.inner.Gather(shift(dst), shift(x), rows)
}

func (e *guardedEncoder) Normalize(dst, x kernels.Ref) { e.inner.Normalize(shift(dst), shift(x)) }

// Finish makes whole buffers the inputs and outputs of the device's program.
func (e *guardedEncoder) Finish(inputs, outputs []kernels.Ref) (kernels.Program, error) {
	p := &guardedProgram{guard: e.guard, plan: e.plan, inputs: inputs, outputs: outputs}
	var whole []kernels.Ref
	for i, n := range e.plan.Buffers {
		n += 2 * guardValues
		whole = append(whole, kernels.Ref{Kind: kernels.Value, Index: i, Item: n, Row: n, Shape: kernels.Shape{1, n}})
		p.before = append(p.before, make([]float32, n))
		p.after = append(p.after, make([]float32, n))
	}
	inner, err := e.inner.Finish(whole, whole)
	p.inner = inner
	return p, err
}

type guardedProgram struct {
	inner           kernels.Program
	guard           *guard
	plan            kernels.Plan
	inputs, outputs []kernels.Ref
	before, after   [][]float32
}

func (p *guardedProgram) Run(ctx context.Context, in kernels.Inputs, out [][]float32) error {
	for _, buffer := range p.before {
		for i := range buffer {
			buffer[i] = p.guard.poison
		}
	}
	for i, ref := range p.inputs {
		copy(p.before[ref.Index][guardValues:], in.Floats[i])
	}
	if err := p.inner.Run(ctx, kernels.Inputs{Floats: p.before, Ints: in.Ints}, p.after); err != nil {
		return err
	}
	for b, n := range p.plan.Buffers {
		for i, v := range p.after[b] {
			if (i < guardValues || i >= guardValues+n) && v != p.guard.poison && !math.IsNaN(float64(p.guard.poison)) {
				p.guard.t.Errorf("buffer %d of %d values: something wrote at %d", b, n, i-guardValues)
				break
			}
		}
	}
	for i, ref := range p.outputs {
		at := out[i]
		for item := range ref.Shape.Items() {
			for row := range ref.Shape.Rows() {
				from := shift(ref).At(item, row)
				at = at[copy(at, p.after[ref.Index][from:from+ref.Shape.Width()]):]
			}
		}
	}
	return nil
}

func (p *guardedProgram) Close() error { return p.inner.Close() }
