//go:build (amd64 && !purego) || js

package preprocess

import "github.com/goclip/goclip/core/preprocess/internal/lanes"

// useVectors says whether rows are resampled by vector instructions; tests set it.
var useVectors = lanes.Available()

// packed holds the weights of both axes in the order in which package lanes takes them.
type packed struct {
	acrossReady, downReady bool
	first, groups          []int32 // of each output: the first byte of its inputs, and its groups of weights
	reach                  int     // bytes of a row that may be read
	acrossWeights          []int16
	downWeights            []int16
	start                  []int // of each output, where its weights for down begin
	pointers               []*byte
	padded                 [2][]byte
}

const (
	lowBits     = 8
	largeWeight = 1 << (15 + lowBits) // does not fit into 16 bits without its lowest
)

// split returns a weight without its lowest bits, and these.
func split(w int32) (high, low int16) { return int16(w >> lowBits), int16(w & (1<<lowBits - 1)) }

func (a *axis) small() bool {
	for _, w := range a.fixed {
		if w < -largeWeight || w >= largeWeight {
			return false
		}
	}
	return true
}

// packAcross prepares for rows of pixels of n bytes.
func (v *packed) packAcross(a *axis, n int) {
	if v.acrossReady = useVectors && (n == 1 || n == 3 || n == 4) && a.small(); !v.acrossReady {
		return
	}
	v.first, v.groups, v.acrossWeights, v.reach = v.first[:0], v.groups[:0], v.acrossWeights[:0], 0
	group, span := 4, 16
	if n == 1 {
		group = 16
	}
	for i, first := range a.first {
		weights := a.fixed[a.start[i]:a.start[i+1]]
		groups := (len(weights) + group - 1) / group
		v.first, v.groups = append(v.first, int32(first*n)), append(v.groups, int32(groups))
		v.reach = max(v.reach, first*n+(groups-1)*group*n+span)
		at := func(k int) (high, low int16) {
			if k < len(weights) {
				return split(weights[k])
			}
			return 0, 0
		}
		for g := range groups {
			if n == 1 {
				v.acrossWeights = append(v.acrossWeights, make([]int16, 2*group)...)
				both := v.acrossWeights[len(v.acrossWeights)-2*group:]
				for k := range group {
					both[k], both[group+k] = at(g*group + k)
				}
				continue
			}
			for k := g * group; k < (g+1)*group; k += 2 {
				high0, low0 := at(k)
				high1, low1 := at(k + 1)
				v.acrossWeights = append(v.acrossWeights, high0, high1, low0, low1)
			}
		}
	}
}

// across resamples two rows, unless it cannot.
func (v *packed) across(out0, out1, row0, row1 []byte, mode Mode) bool {
	n := mode.bytes()
	if !v.acrossReady || len(v.first) == 0 {
		return false
	}
	row0, row1 = v.readable(row0, 0), v.readable(row1, 1)
	outputs := len(v.first)
	_, _ = out0[outputs*n-1], out1[outputs*n-1]
	switch n {
	case 1:
		lanes.AcrossGray(&out0[0], &row0[0], &v.first[0], &v.groups[0], &v.acrossWeights[0], outputs)
		lanes.AcrossGray(&out1[0], &row1[0], &v.first[0], &v.groups[0], &v.acrossWeights[0], outputs)
	case 3:
		lanes.AcrossRGB(&out0[0], &out1[0], &row0[0], &row1[0], &v.first[0], &v.groups[0], &v.acrossWeights[0], outputs)
	case 4:
		lanes.AcrossRGBA(&out0[0], &out1[0], &row0[0], &row1[0], &v.first[0], &v.groups[0], &v.acrossWeights[0], outputs)
	}
	return true
}

// readable returns a row with as much memory behind it as whole groups reach: what is there has weight zero.
func (v *packed) readable(row []byte, turn int) []byte {
	if cap(row) >= v.reach {
		return row
	}
	v.padded[turn] = grow(v.padded[turn], v.reach)
	copy(v.padded[turn], row)
	return v.padded[turn]
}

func (v *packed) packDown(a *axis) {
	if v.downReady = useVectors && a.small(); !v.downReady {
		return
	}
	v.start, v.downWeights = v.start[:0], v.downWeights[:0]
	for i := range a.first {
		v.start = append(v.start, len(v.downWeights))
		weights := a.fixed[a.start[i]:a.start[i+1]]
		for k := 0; k < len(weights); k += 2 {
			high0, low0 := split(weights[k])
			high1, low1 := int16(0), int16(0)
			if k+1 < len(weights) {
				high1, low1 = split(weights[k+1])
			}
			v.downWeights = append(v.downWeights, high0, high1, low0, low1)
		}
	}
}

// down resamples the i-th row from the rows that it is made of, unless it cannot.
func (v *packed) down(out []byte, i int, rows [][]byte) bool {
	const narrowest = 32
	if !v.downReady || len(out) < narrowest || len(rows) == 0 {
		return false
	}
	v.pointers = v.pointers[:0]
	for _, row := range rows {
		v.pointers = append(v.pointers, &row[:len(out)][0])
	}
	if len(rows)%2 != 0 {
		v.pointers = append(v.pointers, v.pointers[0])
	}
	lanes.Down(&out[0], &v.pointers[0], &v.downWeights[v.start[i]], len(v.pointers)/2, len(out))
	clear(v.pointers)
	return true
}
