package tokenizer

import (
	"fmt"
	"slices"
)

// vocabulary is a byte-level BPE as its files give it, before it is checked.
type vocabulary struct {
	files  string // where it comes from, for errors
	ids    map[string]int32
	merges []pair
}

// most is the number of tokens, and of merges, that a file may have.
const most = 1 << 21

// pair is the two symbols that a merge joins.
type pair struct{ left, right string }

func (v *vocabulary) errorf(format string, values ...any) error {
	return fmt.Errorf("tokenizer: %s: %w", v.files, fmt.Errorf(format, values...))
}

// checkIDs makes sure that the ids are 0 to size-1, each of one token.
func (v *vocabulary) checkIDs() error {
	owners := make([]string, len(v.ids))
	taken := make([]bool, len(v.ids))
	beyond, twice := culprits{}, culprits{}
	for token, id := range v.ids {
		switch {
		case id < 0 || int(id) >= len(taken):
			beyond.add(id)
		case taken[id]:
			twice.add(id)
		default:
			taken[id], owners[id] = true, token
		}
	}
	switch {
	case twice.count > 0:
		return v.errorf("%d tokens have the id of another, the first id is %d of %q", twice.count, twice.first, owners[twice.first])
	case beyond.count > 0:
		return v.errorf("the ids of %d tokens must be 0 to %d: %d are beyond, the first is %d, while %d is missing",
			len(v.ids), len(v.ids)-1, beyond.count, beyond.first, slices.Index(taken, false))
	}
	return nil
}

// culprits counts wrong ids and keeps the lowest.
type culprits struct {
	count int
	first int32
}

func (c *culprits) add(id int32) {
	if c.count == 0 || id < c.first {
		c.first = id
	}
	c.count++
}

// absentees counts symbols that the vocabulary lacks and keeps the first.
type absentees struct {
	count int
	first string
}

// bpe checks the vocabulary and returns the tokenizer's table. Bytes that the vocabulary lacks are an error unless
// unknown is an id to write for them.
func (v *vocabulary) bpe(unknown int32) (*bpe, error) {
	if err := v.checkIDs(); err != nil {
		return nil, err
	}
	b := &bpe{}
	var missing absentees
	for c, symbol := range alphabet {
		b.inner[c] = v.find(symbol, unknown, &missing)
		b.final[c] = v.find(symbol+endOfWord, unknown, &missing)
	}
	if missing.count > 0 && unknown == none {
		return nil, v.errorf("%d of the 512 symbols of single bytes are missing, the first is %q", missing.count, missing.first)
	}
	return b, v.mergeTable(b)
}

// mergeTable fills in the merges.
func (v *vocabulary) mergeTable(b *bpe) error {
	b.ranks, b.joined = make(map[uint64]int32, len(v.merges)), make([]int32, len(v.merges))
	missing := absentees{}
	incomplete := 0
	for rank, m := range v.merges {
		before := missing.count
		left, right := v.find(m.left, none, &missing), v.find(m.right, none, &missing)
		b.joined[rank] = v.find(m.left+m.right, none, &missing)
		b.ranks[pairOf(left, right)] = int32(rank)
		if missing.count > before {
			incomplete++
		}
	}
	if incomplete > 0 {
		return v.errorf("vocabulary and merges disagree: %d of %d merges have a symbol without an id, the first is %.40q",
			incomplete, len(v.merges), missing.first)
	}
	return nil
}

// find returns the id of a symbol; one without is reported and gets the id instead.
func (v *vocabulary) find(symbol string, instead int32, missing *absentees) int32 {
	id, ok := v.ids[symbol]
	if ok {
		return id
	}
	if missing.count == 0 {
		missing.first = symbol
	}
	missing.count++
	return instead
}

// longestAdded is the number of bytes that an added token may have. Every place of a text may begin one.
const longestAdded = 256

// addListed adds the added tokens whose id the files tell.
func (v *vocabulary) addListed(added []addedToken) error {
	for _, token := range added {
		if len(token.Content) > longestAdded {
			return v.errorf("the added token %.40q… has more than %d bytes", token.Content, longestAdded)
		}
		if token.ID == nil || token.Content == "" {
			continue
		}
		if id, known := v.ids[token.Content]; known && id != *token.ID {
			return v.errorf("the added token %.40q has id %d, but %d in the vocabulary", token.Content, *token.ID, id)
		} else if !known {
			v.ids[token.Content] = *token.ID
		}
	}
	return nil
}

// addOthers gives the next ids to added tokens that have none yet.
func (v *vocabulary) addOthers(added []addedToken) {
	for _, token := range added {
		if _, known := v.ids[token.Content]; !known && token.Content != "" {
			v.ids[token.Content] = int32(len(v.ids))
		}
	}
}

// ends are the ids around every text.
type ends struct{ start, end int32 }

func (v *vocabulary) ends(s *settings) (e ends, err error) {
	if e.start, err = v.special("start", s.start, "<start_of_text>"); err != nil {
		return ends{}, err
	}
	e.end, err = v.special("end", s.end, "<end_of_text>")
	return e, err
}

// special returns the id of a token that no tower can do without, under its configured name or open_clip's.
func (v *vocabulary) special(role string, names ...string) (int32, error) {
	for _, name := range names {
		if id, ok := v.ids[name]; ok {
			return id, nil
		}
	}
	return 0, v.errorf("the %s token %.40q is not in the vocabulary", role, names[0])
}
