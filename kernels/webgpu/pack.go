package webgpu

import (
	"encoding/binary"
	"math"

	"github.com/goclip/goclip/kernels"
)

// part is a range of a product's outputs, in a buffer of its own: all of them, unless the matrix is larger than what a shader may
// see of one buffer. It holds, for each number of a row in turn, what it is multiplied with for each output, four outputs to a
// quad, as the shaders product and grouped read it; behind that the bias, and in int8 the scales.
type part struct {
	memory
	first, width int // outputs
	quads        int // of outputs, the last one filled up with zeros
	bias, scales int // where they begin, in quads of float32
}

// quadBytes is what four numbers of a format take. In int8 four numbers of a row share a word, and a quad of outputs 16 bytes.
func quadBytes(format kernels.Precision) int {
	switch format {
	case kernels.F16, kernels.BF16:
		return 8
	}
	return 16
}

// layers is how many quads lie behind each other for one quad of outputs: the numbers of a row, in int8 the words, of which
// product_int8 reads four at a time.
func layers(format kernels.Precision, depth int) int {
	if format == kernels.Int8 {
		return 4 * ((depth + 15) / 16)
	}
	return depth
}

// partsOf divides a matrix so that no part has more than so many bytes. None is narrower than a tile of the shader.
func partsOf(label string, width, depth int, format kernels.Precision, limit uint64) []*part {
	perQuad := uint64(layers(format, depth))*uint64(quadBytes(format)) + 2*16
	widest := max(int(limit/perQuad)*4, narrowestPart)
	if widest < width {
		widest = widest / narrowestPart * narrowestPart
	}
	var parts []*part
	for first := 0; first < width; first += widest {
		p := &part{first: first, width: min(widest, width-first)}
		p.quads = (p.width + 3) / 4
		p.bias = (layers(format, depth)*quadBytes(format)*p.quads + 15) / 16
		p.scales = p.bias + p.quads
		p.memory = memory{label: label, bytes: 16 * uint64(p.scales)}
		if format == kernels.Int8 {
			p.bytes += 16 * uint64(p.quads)
		}
		parts = append(parts, p)
	}
	return parts
}

// narrowestPart is the least number of outputs of a part that is not the only one.
const narrowestPart = 64

// packed visits the bytes of a part in pieces, with the place of each. Every piece but the last is a multiple of 4 long.
func (p *part) packed(s kernels.WeightSpec, format kernels.Precision, yield func(at uint64, data []byte) error) error {
	depth := len(s.Values) / s.Shape[0]
	values := s.Values[p.first*depth : (p.first+p.width)*depth]
	tail := make([]float32, p.bytes/4-4*uint64(p.bias))
	if s.Bias != nil {
		copy(tail, s.Bias[p.first:p.first+p.width])
	}
	var err error
	if format == kernels.Int8 {
		err = p.packWhole(values, depth, tail[4*p.quads:], yield)
	} else {
		err = p.packLayers(values, depth, format, yield)
	}
	if err != nil {
		return err
	}
	return yield(16*uint64(p.bias), bytesOf(tail))
}

// layersAtOnce is how many numbers of every row are turned round together, so that each row is read in runs.
const layersAtOnce = 64

func (p *part) packLayers(values []float32, depth int, format kernels.Precision, yield func(uint64, []byte) error) error {
	pitch := 4 * p.quads
	size := quadBytes(format) / 4
	block := make([]byte, min(layersAtOnce, depth)*pitch*size)
	for first := 0; first < depth; first += layersAtOnce {
		n := min(layersAtOnce, depth-first)
		for o := range p.width {
			row := values[o*depth+first:][:n]
			for k, v := range row {
				at := block[(k*pitch+o)*size:]
				switch format {
				case kernels.F16:
					binary.LittleEndian.PutUint16(at, kernels.Float16(v))
				case kernels.BF16:
					binary.LittleEndian.PutUint16(at, kernels.BFloat16(v))
				default:
					binary.LittleEndian.PutUint32(at, math.Float32bits(v))
				}
			}
		}
		if err := yield(uint64(first*pitch*size), block[:n*pitch*size]); err != nil {
			return err
		}
	}
	return nil
}

// packWhole quantizes the rows, puts four numbers of each into a word, and fills the scales in.
func (p *part) packWhole(values []float32, depth int, scales []float32, yield func(uint64, []byte) error) error {
	pitch := 4 * p.quads
	whole := make([]byte, layers(kernels.Int8, depth)*pitch*4)
	row := make([]int8, depth)
	for o := range p.width {
		scales[o] = kernels.QuantizeRow(row, values[o*depth:(o+1)*depth])
		for k, q := range row {
			whole[(k/4*pitch+o)*4+k%4] = byte(q)
		}
	}
	return yield(0, whole)
}
