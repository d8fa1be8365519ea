package sentencepiece

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Kind is what a piece is for, in the numbers of sentencepiece_model.proto.
type Kind uint8

// The kinds.
const (
	Normal      Kind = 1
	Unknown     Kind = 2
	Control     Kind = 3
	UserDefined Kind = 4
	Unused      Kind = 5
	Byte        Kind = 6
)

// Piece is an entry of the vocabulary. Its id is its place.
type Piece struct {
	Text  string
	Score float32
	Kind  Kind
}

// Algorithm is how a model cuts a text, in the numbers of sentencepiece_model.proto.
type Algorithm uint8

// The algorithms that goclip computes.
const (
	UnigramModel Algorithm = 1
	BPEModel     Algorithm = 2
)

// Model is what a model file says.
type Model struct {
	Pieces       []Piece
	Algorithm    Algorithm
	ByteFallback bool
	UnknownID    int32

	bytes      int // of all pieces
	normalizer normalizer
	unigram    *Unigram // for UnigramModel
}

// What a file may have: most pieces, longest bytes in one of them, and text bytes in all.
const (
	most    = 1 << 21
	longest = 1 << 8
	allText = 16 << 20
)

// The fields of ModelProto, TrainerSpec, NormalizerSpec and SentencePiece that matter.
const (
	modelPieces, modelTrainer, modelNormalizer           = 1, 2, 3
	pieceText, pieceScore, pieceKind                     = 1, 2, 3
	trainerType, trainerSuffix, trainerBytes, trainerUnk = 3, 24, 35, 40
	normalizerMap, normalizerPrefix, normalizerSpaces    = 2, 3, 4
	normalizerEscape                                     = 5
)

// Parse reads a model file.
func Parse(file []byte) (*Model, error) {
	m := &Model{Algorithm: UnigramModel, normalizer: normalizer{prefix: true, trim: true}}
	err := fields(file, func(f field) error {
		switch f.id {
		case modelPieces, modelTrainer, modelNormalizer:
			if err := f.want(wireBytes); err != nil {
				return err
			}
		}
		switch f.id {
		case modelPieces:
			return m.piece(f.data)
		case modelTrainer:
			return m.trainer(f.data)
		case modelNormalizer:
			return m.normalization(f.data)
		}
		return nil
	})
	if err == nil {
		err = m.finish()
	}
	if err != nil {
		return nil, fmt.Errorf("sentencepiece: %w", err)
	}
	return m, nil
}

func (m *Model) piece(message []byte) error {
	p := Piece{Kind: Normal}
	err := fields(message, func(f field) error {
		switch f.id {
		case pieceText:
			p.Text = string(f.data)
			return f.want(wireBytes)
		case pieceScore:
			p.Score = f.float()
			return f.want(wireFixed32)
		case pieceKind:
			p.Kind = Kind(f.number)
			return f.want(wireVarint)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("piece %d: %w", len(m.Pieces), err)
	}
	if len(m.Pieces) == most {
		return fmt.Errorf("there are more than %d pieces", most)
	}
	if m.bytes += len(p.Text); len(p.Text) > longest || m.bytes > allText {
		return fmt.Errorf("piece %d, %.40q…: pieces may have %d bytes each and %d together", len(m.Pieces), p.Text, longest, allText)
	}
	if p.Score != p.Score || p.Text == "" || !utf8.ValidString(p.Text) {
		return fmt.Errorf("piece %d, %.40q, has no usable text or score", len(m.Pieces), p.Text)
	}
	m.Pieces = append(m.Pieces, p)
	return nil
}

func (m *Model) trainer(message []byte) error {
	return fields(message, func(f field) error {
		switch f.id {
		case trainerType:
			m.Algorithm = Algorithm(f.number)
		case trainerBytes:
			m.ByteFallback = f.number != 0
		case trainerSuffix:
			if f.number != 0 {
				return fmt.Errorf("spaces at the end of pieces are not supported")
			}
		case trainerUnk:
			m.UnknownID = int32(f.number)
		default:
			return nil
		}
		return f.want(wireVarint)
	})
}

func (m *Model) normalization(message []byte) error {
	return fields(message, func(f field) (err error) {
		switch f.id {
		case normalizerMap:
			if err := f.want(wireBytes); err != nil || len(f.data) == 0 {
				return err
			}
			m.normalizer.charsmap, err = NewCharsmap(f.data)
			return err
		case normalizerPrefix:
			m.normalizer.prefix = f.number != 0
		case normalizerSpaces:
			m.normalizer.trim = f.number != 0
		case normalizerEscape:
			if f.number == 0 {
				return fmt.Errorf("models whose pieces hold spaces as they are are not supported")
			}
		}
		return nil
	})
}

// finish checks what the fields say together.
func (m *Model) finish() error {
	if len(m.Pieces) == 0 {
		return fmt.Errorf("there are no pieces: this is no SentencePiece model")
	}
	if m.Algorithm != UnigramModel && m.Algorithm != BPEModel {
		return fmt.Errorf("model type %d is neither unigram (1) nor BPE (2)", m.Algorithm)
	}
	for id, p := range m.Pieces {
		if p.Kind == Unknown {
			m.UnknownID = int32(id)
		}
		if p.Kind == UserDefined {
			m.normalizer.keep.add(p.Text, int32(id))
		}
	}
	if int(m.UnknownID) >= len(m.Pieces) || m.UnknownID < 0 {
		return fmt.Errorf("there is no piece for what is unknown")
	}
	if m.Algorithm == UnigramModel {
		var err error
		m.unigram, err = NewUnigram(m.Pieces, m.UnknownID, m.ByteFallback, true)
		return err
	}
	return nil
}

// HasPrefix reports whether texts begin with "▁".
func (m *Model) HasPrefix() bool { return m.normalizer.prefix }

// DropPrefix lets texts begin without the "▁" that the model's file asks for.
func (m *Model) DropPrefix() { m.normalizer.prefix = false }

// Normalize is the text that is cut into pieces, with "▁" for spaces.
func (m *Model) Normalize(text string) string { return m.normalizer.normalize(text) }

// Encode appends the ids of a text, without any for its beginning or end. It is for UnigramModel.
func (m *Model) Encode(ids []int32, text string) []int32 {
	return m.unigram.Encode(ids, m.Normalize(text))
}

// normalizer is SentencePiece's Normalizer.
type normalizer struct {
	charsmap *Charsmap // nil: characters stay as they are
	keep     trie      // pieces of the user, which stay as they are
	prefix   bool      // "▁" before the text
	trim     bool      // no spaces at the ends, single ones inside
}

// space is how pieces write a space.
const space = "▁"

func (n *normalizer) normalize(text string) string {
	var out strings.Builder
	out.Grow(len(text) + len(space))
	if n.trim {
		for text != "" {
			head, size := n.head(text)
			if head != " " {
				break
			}
			text = text[size:]
		}
	}
	if text == "" {
		return ""
	}
	if n.prefix {
		out.WriteString(space)
	}
	afterSpace := n.trim
	for text != "" {
		head, size := n.head(text)
		text = text[size:]
		if afterSpace {
			head = strings.TrimLeft(head, " ")
		}
		if head != "" {
			out.WriteString(strings.ReplaceAll(head, " ", space))
			afterSpace = n.trim && strings.HasSuffix(head, " ")
		}
	}
	result := out.String()
	if n.trim {
		for strings.HasSuffix(result, space) {
			result = result[:len(result)-len(space)]
		}
	}
	return result
}

// head is what the beginning of a text, of so many bytes, turns into.
func (n *normalizer) head(text string) (string, int) {
	kept := 0
	n.keep.prefixes(text, func(_ int32, length int) { kept = length })
	if kept > 0 {
		return text[:kept], kept
	}
	if n.charsmap != nil {
		if to, size := n.charsmap.Longest(text); size > 0 {
			return to, size
		}
	}
	r, size := utf8.DecodeRuneInString(text)
	if r == utf8.RuneError {
		return "\uFFFD", size
	}
	return text[:size], size
}
