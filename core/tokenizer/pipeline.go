package tokenizer

// pipeline is a tokenizer made of the steps that transformers' have: the text is cleaned, strings that are tokens of their
// own are taken out, what lies between is normalized and cut into tokens, and the special tokens are put round the whole.
type pipeline struct {
	clean           func(text string) string // of the whole text; nil: nothing
	raw, normalized matcher                  // added tokens that are looked for before and after normalization
	normalize       func(text string) string // of a stretch between added tokens
	// cut appends the ids of a normalized stretch; first: the text begins with it.
	cut func(ids []int32, stretch string, first bool) []int32

	before, after []int32 // special tokens round every text
	once          bool    // the tokens after the text are not put behind an equal one
	fill          bool    // the padding is part of what the tower gets: it cannot be told from the tokens
	replace       map[int32]int32
	pad           int32
	size          int
}

func (p *pipeline) Pad() int32 { return p.pad }

func (p *pipeline) Size() int { return p.size }

func (p *pipeline) Encode(text string, context int) (ids []int32, truncated bool) {
	text = valid(text)
	if p.clean != nil {
		text = p.clean(text)
	}
	ids = append(make([]int32, 0, 32), p.before...)
	full := func() bool { return context > 0 && len(ids)+len(p.after) > context }
	first := true
	token := func(id int32) bool {
		ids, first = append(ids, id), false
		return !full()
	}
	p.raw.split(text, func(stretch string) bool {
		return p.normalized.split(p.normalize(stretch), func(stretch string) bool {
			ids, first = p.cut(ids, stretch, first), false
			return !full()
		}, token)
	}, token)
	if truncated = full(); truncated {
		ids = ids[:max(0, context-len(p.after))]
	}
	if !p.once || len(ids) == 0 || ids[len(ids)-1] != p.after[0] {
		ids = append(ids, p.after...)
	}
	for i, id := range ids {
		if to, ok := p.replace[id]; ok {
			ids[i] = to
		}
	}
	for p.fill && len(ids) < context {
		ids = append(ids, p.pad)
	}
	return ids, truncated
}

// addTokens registers the added tokens of a repository, whose ids v knows.
func (p *pipeline) addTokens(added []addedToken, ids map[string]int32, normalize func(string) string) {
	for _, token := range added {
		id, ok := ids[token.Content]
		if !ok || token.Content == "" {
			continue
		}
		switch found := (matched{token, id}); {
		case !token.Normalized:
			p.raw.add(token.Content, found)
		case normalize(token.Content) != "":
			p.normalized.add(normalize(token.Content), found)
		}
	}
}
