//go:build !js && (!amd64 || purego)

package preprocess

// packed stands where there are no vector instructions for resampling.
type packed struct{}

func (*packed) packAcross(*axis, int)                                {}
func (*packed) packDown(*axis)                                       {}
func (*packed) across(out0, out1, row0, row1 []byte, mode Mode) bool { return false }
func (*packed) down(out []byte, i int, rows [][]byte) bool           { return false }
