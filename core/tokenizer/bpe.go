package tokenizer

import (
	"slices"
	"sync"
)

// bpe joins the bytes of a piece into tokens.
type bpe struct {
	inner  [256]int32       // id of each byte within a piece, none if the vocabulary lacks it
	final  [256]int32       // id of each byte that ends a piece
	ranks  map[uint64]int32 // rank of the merge of two ids
	joined []int32          // id that the merge of a rank gives
	// rounds makes all occurrences of a pair merge before new pairs are looked at, as OpenAI's code does; Hugging Face's
	// takes the best pair after every single merge. In a vocabulary that was trained both give the same.
	rounds bool
}

// none marks an id or rank that does not exist.
const none = -1

func pairOf(left, right int32) uint64 { return uint64(uint32(left))<<32 | uint64(uint32(right)) }

// merging is the state of one piece: a linked list of symbols and a heap of the pairs that can be merged. Long pieces
// cost n log n.
type merging struct {
	symbols []symbol
	heap    []uint64 // rank of a pair, then the index of its left symbol
	waiting []uint64 // pairs for the next round
}

type symbol struct {
	id         int32
	prev, next int32 // neighbours, none at the ends
	rank       int32 // rank of the pair with the next symbol, none if it is no merge or the symbol is gone
}

var mergings = sync.Pool{New: func() any { return new(merging) }}

// keptSymbols bounds what a pooled merging holds on to.
const keptSymbols = 1 << 12

// encode appends the ids of a piece, which must not be empty.
func (b *bpe) encode(ids []int32, piece string) []int32 {
	last := len(piece) - 1
	if last == 0 {
		return append(ids, b.final[piece[0]])
	}
	m := mergings.Get().(*merging)
	m.reset(len(piece))
	for i := range last {
		m.add(b.inner[piece[i]])
	}
	m.add(b.final[piece[last]])
	return m.finish(b, ids)
}

// reset makes room for so many symbols.
func (m *merging) reset(n int) {
	m.symbols, m.heap, m.waiting = m.symbols[:0], m.heap[:0], m.waiting[:0]
	m.symbols, m.waiting = slices.Grow(m.symbols, n), slices.Grow(m.waiting, n)
}

// add puts a symbol behind the others.
func (m *merging) add(id int32) {
	n := int32(len(m.symbols))
	m.symbols = append(m.symbols, symbol{id: id, prev: n - 1, next: n + 1})
}

// finish merges what can be merged, appends the ids and gives the state back.
func (m *merging) finish(b *bpe, ids []int32) []int32 {
	last := len(m.symbols) - 1
	m.symbols[last].next, m.symbols[last].rank = none, none
	for i := range int32(last) {
		m.rate(b, i)
	}
	m.release()
	m.run(b)
	for i := int32(0); i != none; i = m.symbols[i].next {
		ids = append(ids, m.symbols[i].id)
	}
	if cap(m.symbols) <= keptSymbols {
		mergings.Put(m)
	}
	return ids
}

// rate looks up the rank of the pair that begins at i and lets it wait for its turn.
func (m *merging) rate(b *bpe, i int32) {
	s := &m.symbols[i]
	s.rank = none
	if s.next == none {
		return
	}
	if rank, ok := b.ranks[pairOf(s.id, m.symbols[s.next].id)]; ok {
		s.rank = rank
		m.waiting = append(m.waiting, uint64(rank)<<32|uint64(i))
	}
}

// run merges the best pair, the leftmost of equals, until none is left.
func (m *merging) run(b *bpe) {
	round := int32(none)
	for {
		if len(m.heap) == 0 || !b.rounds || int32(m.heap[0]>>32) != round {
			m.release()
		}
		if len(m.heap) == 0 {
			return
		}
		best := m.pop()
		rank, i := int32(best>>32), int32(uint32(best))
		if m.symbols[i].rank != rank {
			continue
		}
		round = rank
		m.merge(b, i)
	}
}

// merge joins symbol i with the next one.
func (m *merging) merge(b *bpe, i int32) {
	s := &m.symbols[i]
	gone := &m.symbols[s.next]
	s.id, s.next, gone.rank = b.joined[s.rank], gone.next, none
	if s.next != none {
		m.symbols[s.next].prev = i
	}
	m.rate(b, i)
	if s.prev != none {
		m.rate(b, s.prev)
	}
}

// release moves the waiting pairs to the heap.
func (m *merging) release() {
	m.heap = slices.Grow(m.heap, len(m.waiting))
	for _, w := range m.waiting {
		m.heap = append(m.heap, w)
		for i := len(m.heap) - 1; i > 0 && m.heap[i] < m.heap[(i-1)/2]; i = (i - 1) / 2 {
			m.heap[i], m.heap[(i-1)/2] = m.heap[(i-1)/2], m.heap[i]
		}
	}
	m.waiting = m.waiting[:0]
}

func (m *merging) pop() uint64 {
	top, last := m.heap[0], len(m.heap)-1
	m.heap[0] = m.heap[last]
	m.heap = m.heap[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child+1 < last && m.heap[child+1] < m.heap[child] {
			child++
		}
		if child >= last || m.heap[i] <= m.heap[child] {
			return top
		}
		m.heap[i], m.heap[child] = m.heap[child], m.heap[i]
		i = child
	}
}
