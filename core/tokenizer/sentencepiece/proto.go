package sentencepiece

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// errCutOff: a message ends within one of its fields.
var errCutOff = errors.New("the file ends within a field")

// The wire types of protobuf's encoding.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// field is one field of a protobuf message. number is its value for the types of fixed size, data for wireBytes.
type field struct {
	id     uint64
	wire   uint64
	number uint64
	data   []byte
}

func (f field) float() float32 { return math.Float32frombits(uint32(f.number)) }

// fields calls see for every field of a message. What a field means, and whether it is of the right type, see decides:
// fields that it does not know are skipped, as protobuf wants it.
func fields(message []byte, see func(field) error) error {
	for len(message) > 0 {
		key, n := binary.Uvarint(message)
		if n <= 0 {
			return errCutOff
		}
		message = message[n:]
		f := field{id: key >> 3, wire: key & 7}
		size := 0
		switch f.wire {
		case wireVarint:
			if f.number, size = binary.Uvarint(message); size <= 0 {
				return errCutOff
			}
		case wireFixed64:
			if size = 8; len(message) < size {
				return errCutOff
			}
			f.number = binary.LittleEndian.Uint64(message)
		case wireFixed32:
			if size = 4; len(message) < size {
				return errCutOff
			}
			f.number = uint64(binary.LittleEndian.Uint32(message))
		case wireBytes:
			length, n := binary.Uvarint(message)
			if n <= 0 || length > uint64(len(message)-n) {
				return errCutOff
			}
			size = n + int(length)
			f.data = message[n:size]
		default:
			return fmt.Errorf("field %d has the unknown wire type %d", f.id, f.wire)
		}
		message = message[size:]
		if err := see(f); err != nil {
			return err
		}
	}
	return nil
}

// want makes sure that a field that is known by its number is of the right type.
func (f field) want(wire uint64) error {
	if f.wire != wire {
		return fmt.Errorf("field %d has wire type %d, want %d: this is no SentencePiece model", f.id, f.wire, wire)
	}
	return nil
}
