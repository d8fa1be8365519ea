package simd

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/goclip/goclip/internal/hardware"
	"github.com/goclip/goclip/kernels"
)

// TestLevelsOfTheMachine fails in CI where a level that its machines have is not used.
func TestLevelsOfTheMachine(t *testing.T) {
	for _, name := range names[1:] {
		t.Run(name, func(t *testing.T) {
			if l, note := choose(name); l.name != name {
				hardware.Missing(t, name, fmt.Errorf("%s", note))
			}
		})
	}
}

// Products at sizes round every edge: of tiles, panels, blocks of a sum, blocks of rows, and of what workers share.
func TestProducts(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	values := func(n int) []float32 {
		list := make([]float32, n)
		for i := range list {
			list[i] = float32(rng.NormFloat64())
		}
		return list
	}
	for _, l := range levels() {
		var sizes [][3]int // rows, length, outputs
		for rows := 1; rows <= 2*l.rows()+1; rows++ {
			sizes = append(sizes, [3]int{rows, 7, l.columns + rows%3 - 1}, [3]int{rows, 64 + rows, 3*l.columns + rows%5})
		}
		for _, length := range []int{1, 8, 9, 65, 79, 80, blockDepth - 1, blockDepth, blockDepth + 1, 2*blockDepth + 8} {
			sizes = append(sizes, [3]int{l.rows() + 1, length, l.columns + 1})
		}
		for _, rows := range []int{blockRows - 1, blockRows, blockRows + 1, 2*blockRows + 3, 50*blockRows + 1} {
			sizes = append(sizes, [3]int{rows, 5, 2*l.columns + 1}, [3]int{rows, 67, 2*l.columns + 1})
		}
		for _, o := range []Options{{Threads: 1}, {Threads: 3}, {Threads: 3, Precision: kernels.F16}, {Threads: 3, Precision: kernels.BF16},
			{Threads: 1, Precision: kernels.Int8}, {Threads: 3, Precision: kernels.Int8}} {
			o.Level = l.name
			d := New(o)
			for _, s := range sizes {
				x, w, bias, residual := values(s[0]*s[1]), values(s[1]*s[2]), values(s[2]), values(s[0]*s[2])
				g := kernels.NewGraph()
				m, err := d.Load(kernels.WeightSpec{Name: "w", Role: kernels.Matrix, Shape: kernels.Shape{s[2], s[1]}, Values: w, Bias: bias})
				if err != nil {
					t.Fatal(err)
				}
				y := g.Add(g.Linear(g.Floats(s[0], s[1]), m), g.Floats(s[0], s[2]))
				p, err := kernels.Compile(d, g, y)
				if err != nil {
					t.Fatal(err)
				}
				out := make([]float32, s[0]*s[2])
				if err := p.Run(context.Background(), kernels.Inputs{Floats: [][]float32{x, residual}}, [][]float32{out}); err != nil {
					t.Fatal(err)
				}
				if f := d.weight(m.ID).form; f.precision != kernels.F32 {
					x, w = rounded(f.precision, x, s[1], f.precision != kernels.F16), rounded(f.precision, w, s[1], true)
				}
				for i := range out {
					row, o := i/s[2], i%s[2]
					sum, size := float64(bias[o])+float64(residual[i]), 1.0
					for k := range s[1] {
						product := float64(x[row*s[1]+k]) * float64(w[o*s[1]+k])
						sum, size = sum+product, size+math.Abs(product)
					}
					if off := math.Abs(float64(out[i]) - sum); !(off <= 1e-6*size) {
						t.Fatalf("%s: %d x %d to %d: value %d is %v, want %v", d.Name(), s[0], s[1], s[2], i, out[i], sum)
					}
				}
				d.Unload(m)
			}
		}
	}
}

// A matrix that float16 has no room for stays in float32, and says nothing wrong of the others.
func TestHalfKeepsLargeValues(t *testing.T) {
	for _, l := range levels() {
		d := New(Options{Level: l.name, Precision: kernels.F16})
		for _, c := range []struct {
			value float32
			half  bool
		}{{65504, true}, {-65519, true}, {65520, false}, {-1e6, false}} {
			w, err := d.Load(kernels.WeightSpec{Name: "w", Role: kernels.Matrix, Shape: kernels.Shape{1, 2}, Values: []float32{1, c.value}})
			if err != nil {
				t.Fatal(err)
			}
			if got := d.weight(w.ID).form.precision == kernels.F16; got != c.half {
				t.Errorf("%s: a matrix with %v in float16: %v, want %v", l.name, c.value, got, c.half)
			}
		}
	}
}
