package webgpu

import (
	"fmt"

	"github.com/goclip/goclip/kernels"
	"github.com/goclip/goclip/shaders"
)

// tile is how the work of a product is divided: a workgroup's invocations, and the results that each one computes.
type tile struct {
	lanesX, lanesY int
	rows, quads    int // of an invocation: rows, and fours of outputs
}

// tall and wide are what a workgroup computes: rows, and outputs.
func (t tile) tall() int { return t.lanesY * t.rows }
func (t tile) wide() int { return t.lanesX * t.quads * 4 }

// sharedBytes is the memory that a workgroup shares: a step of 16 of both operands, and where the rows begin.
func (t tile) sharedBytes() int { return 16 * (5*t.tall() + 4*t.wide() + t.tall()) }

// grid is how many workgroups compute a result.
func (t tile) grid(count, width int) [2]uint32 {
	return [2]uint32{uint32((width + t.wide() - 1) / t.wide()), uint32((count + t.tall() - 1) / t.tall())}
}

// String names the tile by its size and by the results of one invocation.
func (t tile) String() string { return fmt.Sprintf("%dx%d/%d", t.tall(), t.wide(), 4*t.rows*t.quads) }

// tiles lists the ways that are tried: the small ones first, which give a GPU something to do in all its parts when there are few
// rows, then those that read less from memory for each product.
var tiles = []tile{
	{8, 8, 2, 1},   // 16 x 32
	{8, 8, 4, 1},   // 32 x 32
	{16, 16, 4, 1}, // 64 x 64
	{8, 8, 8, 2},   // 64 x 64 by fewer invocations
	{16, 16, 8, 2}, // 128 x 128
}

// Tiles are those that a device takes for products of few and of many rows, by name, such as 32x32/16.
type Tiles struct {
	Few  string `json:"few"`
	Many string `json:"many"`
}

// untuned serve where nobody has measured.
var untuned = chosenTiles{few: tiles[1], many: tiles[2]}

type chosenTiles struct{ few, many tile }

func (c chosenTiles) names() Tiles { return Tiles{Few: c.few.String(), Many: c.many.String()} }

// manyRows is from how many rows on a product takes the tile for many.
const manyRows = 128

// of chooses the tile for a product of so many rows.
func (c chosenTiles) of(count int) tile {
	if count < manyRows {
		return c.few
	}
	return c.many
}

// fitting lists the tiles that the device's workgroups are large enough for.
func (d *Device) fitting() []tile {
	var list []tile
	for _, t := range tiles {
		if t.lanesX*t.lanesY <= int(d.info.WorkgroupInvocations) && t.sharedBytes() <= int(d.info.WorkgroupMemory) {
			list = append(list, t)
		}
	}
	return list
}

// tooWide is the error for filters that no single buffer holds and that cannot be divided.
func tooWide(outputs int) error {
	return fmt.Errorf("webgpu: filters of some channels each for %d outputs: %w", outputs, kernels.ErrTooLarge)
}

// constants are the shader's.
func (t tile) constants() []shaders.Constant {
	list := []shaders.Constant{}
	for _, c := range []struct {
		name  string
		value int
	}{
		{"LANES_X", t.lanesX}, {"LANES_Y", t.lanesY}, {"ROWS", t.rows}, {"QUADS", t.quads}, {"LANES", t.lanesX * t.lanesY},
		{"TALL", t.tall()}, {"WIDE", t.lanesX * t.quads}, {"SUMS", t.rows * t.quads}, {"XS", 5 * t.tall()}, {"WS", 4 * t.wide()},
	} {
		list = append(list, shaders.Constant{Name: c.name, Value: uint32(c.value)})
	}
	return list
}
