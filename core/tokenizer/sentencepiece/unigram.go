package sentencepiece

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"unicode/utf8"
)

// Unigram cuts a text into the pieces whose scores add up to the largest sum (Kudo 2018). What no piece covers is
// unknown: a run of unknown characters becomes one id, or with byte fallback an id for each byte.
type Unigram struct {
	pieces  trie
	scores  []float64
	unknown int32
	penalty float64     // score of an unknown character
	bytes   *[256]int32 // ids of bytes; nil: no fallback
	single  bool
}

// unknownPenalty is how much worse than the worst piece an unknown character is.
const unknownPenalty = 10

// NewUnigram makes a model of its pieces. single adds scores up in float32, as SentencePiece does; Hugging Face's
// implementation uses float64.
func NewUnigram(pieces []Piece, unknown int32, byteFallback, single bool) (*Unigram, error) {
	u := &Unigram{scores: make([]float64, len(pieces)), unknown: unknown, single: single}
	lowest, highest := math.Inf(1), math.Inf(-1)
	for _, p := range pieces {
		if p.Kind == Normal {
			lowest, highest = min(lowest, float64(p.Score)), max(highest, float64(p.Score))
		}
	}
	if math.IsInf(lowest, 0) {
		return nil, fmt.Errorf("there is no piece that a text can be of")
	}
	u.penalty = u.round(lowest - unknownPenalty)
	for id, p := range pieces {
		u.scores[id] = float64(p.Score)
		switch p.Kind {
		case UserDefined:
			u.scores[id] = u.round(float64(len(p.Text))*highest - 0.1)
		case Normal:
		default:
			continue
		}
		u.pieces.add(p.Text, int32(id))
	}
	if !byteFallback {
		return u, nil
	}
	u.bytes = new([256]int32)
	byText := make(map[string]int32, len(pieces))
	for id, p := range pieces {
		byText[p.Text] = int32(id)
	}
	for b := range u.bytes {
		id, ok := byText[fmt.Sprintf("<0x%02X>", b)]
		if !ok {
			return nil, fmt.Errorf("there is no piece for the byte %#02x", b)
		}
		u.bytes[b] = id
	}
	return u, nil
}

func (u *Unigram) round(score float64) float64 {
	if u.single {
		return float64(float32(score))
	}
	return score
}

// ending is the best way to cut a text up to some byte.
type ending struct {
	score float64
	start int32 // where the last piece begins; none: not reached
	id    int32
}

const none = -1

var endings = sync.Pool{New: func() any { return new([]ending) }}

// keptEndings bounds what the pool holds on to.
const keptEndings = 1 << 14

// Encode appends the ids of a text in which "▁" stands for spaces.
func (u *Unigram) Encode(ids []int32, text string) []int32 {
	if text == "" {
		return ids
	}
	pooled := endings.Get().(*[]ending)
	best := slices.Grow((*pooled)[:0], len(text)+1)[:len(text)+1]
	for i := range best {
		best[i] = ending{start: none}
	}
	u.search(best, text)
	ids = u.trace(ids, best, text)
	if cap(best) <= keptEndings {
		*pooled = best
		endings.Put(pooled)
	}
	return ids
}

// search fills in the best way to reach every byte at which a piece ends.
func (u *Unigram) search(best []ending, text string) {
	for at := 0; at < len(text); {
		_, size := utf8.DecodeRuneInString(text[at:])
		soFar := best[at].score
		offer := func(id int32, score float64, end int) {
			if sum := u.round(soFar + score); best[end].start == none || sum > best[end].score {
				best[end] = ending{sum, int32(at), id}
			}
		}
		covered := false
		u.pieces.prefixes(text[at:], func(id int32, length int) {
			offer(id, u.scores[id], at+length)
			covered = covered || length == size
		})
		if !covered {
			offer(u.unknown, u.penalty, at+size)
		}
		at += size
	}
}

// trace walks back from the end, then turns the ids round.
func (u *Unigram) trace(ids []int32, best []ending, text string) []int32 {
	first := len(ids)
	for at := int32(len(text)); at > 0; at = best[at].start {
		e := best[at]
		switch {
		case e.id != u.unknown:
			ids = append(ids, e.id)
		case u.bytes != nil:
			for i := at - 1; i >= e.start; i-- {
				ids = append(ids, u.bytes[text[i]])
			}
		case len(ids) == first || ids[len(ids)-1] != u.unknown:
			ids = append(ids, u.unknown)
		}
	}
	slices.Reverse(ids[first:])
	return ids
}

// trie holds pieces by their bytes. The children of a node are found through a table of node and byte.
type trie struct {
	ids  []int32 // id of the piece that ends at a node, none otherwise
	next map[uint64]int32
	root [256]int32 // children of the root, 0: none
}

func (t *trie) add(text string, id int32) {
	if t.next == nil {
		t.next, t.ids = map[uint64]int32{}, []int32{none}
	}
	at := int32(0)
	for i := range len(text) {
		child := t.child(at, text[i])
		if child == 0 {
			child = int32(len(t.ids))
			t.ids = append(t.ids, none)
			if at == 0 {
				t.root[text[i]] = child
			} else {
				t.next[uint64(at)<<8|uint64(text[i])] = child
			}
		}
		at = child
	}
	t.ids[at] = id
}

func (t *trie) child(at int32, b byte) int32 {
	if at == 0 {
		return t.root[b]
	}
	return t.next[uint64(at)<<8|uint64(b)]
}

// prefixes calls see for every piece that text begins with, the shortest first.
func (t *trie) prefixes(text string, see func(id int32, length int)) {
	at := int32(0)
	for i := range len(text) {
		if at = t.child(at, text[i]); at == 0 {
			return
		}
		if id := t.ids[at]; id != none {
			see(id, i+1)
		}
	}
}
