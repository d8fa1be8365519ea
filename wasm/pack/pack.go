package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Parts of the binary format: https://webassembly.github.io/spec/core/binary/modules.html
const (
	preamble    = "\x00asm\x01\x00\x00\x00"
	dataSection = 11
	opConst     = 0x41 // i32.const
	opEnd       = 0x0b
)

// longestGap is how many zeros are filled in between two pieces of data, in bytes.
const longestGap = 1 << 10

// piece is what a module puts in its memory when it starts.
type piece struct {
	at   int64
	data []byte
}

// pack joins the pieces of a module's data.
func pack(module []byte) ([]byte, error) {
	rest, ok := bytes.CutPrefix(module, []byte(preamble))
	if !ok {
		return nil, errors.New("this is no wasm module")
	}
	packed := []byte(preamble)
	for in := bytes.NewReader(rest); in.Len() > 0; {
		id, _ := in.ReadByte()
		section, err := readBytes(in)
		if err != nil {
			return nil, fmt.Errorf("section %d: %w", id, err)
		}
		if id == dataSection {
			pieces, err := readPieces(section)
			if err != nil {
				return nil, fmt.Errorf("the data: %w", err)
			}
			section = writePieces(join(pieces))
		}
		packed = append(packed, id)
		packed = binary.AppendUvarint(packed, uint64(len(section)))
		packed = append(packed, section...)
	}
	return packed, nil
}

func readPieces(section []byte) ([]piece, error) {
	in := bytes.NewReader(section)
	count, err := binary.ReadUvarint(in)
	if err != nil {
		return nil, err
	}
	var pieces []piece
	for range count {
		var start [2]byte // memory 0, whose address a constant gives
		if _, err := io.ReadFull(in, start[:]); err != nil {
			return nil, err
		}
		if start != [2]byte{0, opConst} {
			return nil, fmt.Errorf("piece %d has no constant address in the first memory", len(pieces))
		}
		at, err := readSigned(in)
		if err != nil {
			return nil, err
		}
		if end, err := in.ReadByte(); err != nil || end != opEnd {
			return nil, fmt.Errorf("piece %d has no constant address", len(pieces))
		}
		data, err := readBytes(in)
		if err != nil {
			return nil, err
		}
		pieces = append(pieces, piece{at, data})
	}
	if in.Len() > 0 {
		return nil, fmt.Errorf("%d bytes follow", in.Len())
	}
	return pieces, nil
}

// join fills short gaps between pieces. Memory is zero before it is filled, so that nothing changes. A piece that overlaps the
// one before it or comes before it stays as it is.
func join(pieces []piece) []piece {
	var joined []piece
	for _, p := range pieces {
		if len(joined) > 0 {
			last := &joined[len(joined)-1]
			if gap := p.at - last.at - int64(len(last.data)); gap >= 0 && gap <= longestGap {
				last.data = append(append(last.data, make([]byte, gap)...), p.data...)
				continue
			}
		}
		joined = append(joined, piece{p.at, bytes.Clone(p.data)})
	}
	return joined
}

func writePieces(pieces []piece) []byte {
	section := binary.AppendUvarint(nil, uint64(len(pieces)))
	for _, p := range pieces {
		section = append(section, 0, opConst)
		section = appendSigned(section, p.at)
		section = append(section, opEnd)
		section = binary.AppendUvarint(section, uint64(len(p.data)))
		section = append(section, p.data...)
	}
	return section
}

// readBytes reads a length and as many bytes.
func readBytes(in *bytes.Reader) ([]byte, error) {
	length, err := binary.ReadUvarint(in)
	if err != nil {
		return nil, err
	}
	if length > uint64(in.Len()) {
		return nil, io.ErrUnexpectedEOF
	}
	data := make([]byte, length)
	_, err = io.ReadFull(in, data)
	return data, err
}

// readSigned reads a signed LEB128 number, which is not the zigzag of encoding/binary.
func readSigned(in *bytes.Reader) (int64, error) {
	var n int64
	for shift := 0; shift < 63; shift += 7 {
		b, err := in.ReadByte()
		if err != nil {
			return 0, err
		}
		n |= int64(b&0x7f) << shift
		if b < 0x80 {
			if b&0x40 != 0 {
				n |= -1 << (shift + 7)
			}
			return n, nil
		}
	}
	return 0, errors.New("a number is too long")
}

func appendSigned(to []byte, n int64) []byte {
	for {
		b := byte(n & 0x7f)
		n >>= 7
		if n == 0 && b&0x40 == 0 || n == -1 && b&0x40 != 0 {
			return append(to, b)
		}
		to = append(to, b|0x80)
	}
}
