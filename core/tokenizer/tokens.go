package tokenizer

import (
	"slices"
	"strings"
)

// longestToken is how many bytes a token of CLIP's BPE may have: finding its merge takes the square of that.
const longestToken = 1024

// OfTokens returns CLIP's tokenizer for a vocabulary that is a list of tokens by id, without merges, as GGUF files have it.
// CLIP's training numbered the merges' results in the order of the merges: each token is what the merges before it leave
// in two pieces, and these two are its merge.
func OfTokens(tokens []string, dialect Dialect) (Tokenizer, error) {
	v := &vocabulary{files: "the list of tokens", ids: make(map[string]int32, len(tokens))}
	if t, err := asCarried(tokens, dialect); t != nil || err != nil {
		return t, err
	}
	if len(tokens) > most {
		return nil, v.errorf("%d tokens; at most %d are read", len(tokens), most)
	}
	ranks := map[pair]int{}
	for id, token := range tokens {
		if _, ok := v.ids[token]; ok {
			return nil, v.errorf("the token %q is there twice", token)
		}
		v.ids[token] = int32(id)
		if token == startOfText || token == endOfText {
			continue
		}
		if len(token) > longestToken {
			return nil, v.errorf("token %d has %d bytes", id, len(token))
		}
		switch pieces := split(token, ranks); len(pieces) {
		case 0, 1:
		case 2:
			merge := pair{pieces[0], pieces[1]}
			ranks[merge] = len(v.merges)
			v.merges = append(v.merges, merge)
		default:
			return nil, v.errorf("token %d, %q, is no merge of two before it: this is not CLIP's BPE", id, token)
		}
	}
	if _, ok := v.ids[endOfText]; !ok {
		return nil, v.errorf("there is no %s: this is not CLIP's vocabulary", endOfText)
	}
	return build(v, clipSettings(), dialect)
}

// asCarried is CLIP where the tokens are those of the vocabulary that the program carries, whose merges need no search; nil
// where they are not.
func asCarried(tokens []string, dialect Dialect) (Tokenizer, error) {
	if len(carriedMerges) == 0 {
		return nil, nil
	}
	v, err := carriedVocabulary()
	if err != nil || !isVocabulary(tokens, v) {
		return nil, err
	}
	return CLIP(dialect)
}

// isVocabulary reports whether tokens are exactly a vocabulary's.
func isVocabulary(tokens []string, v *vocabulary) bool {
	if len(tokens) != len(v.ids) {
		return false
	}
	for id, token := range tokens {
		if have, ok := v.ids[token]; !ok || int(have) != id {
			return false
		}
	}
	return true
}

// split applies merges to a token's characters, the earliest first, until none fits.
func split(token string, ranks map[pair]int) []string {
	stem, final := strings.CutSuffix(token, endOfWord)
	pieces := strings.Split(stem, "")
	if final && len(pieces) > 0 {
		pieces[len(pieces)-1] += endOfWord
	}
	for {
		best, at := -1, -1
		for i := range len(pieces) - 1 {
			if rank, ok := ranks[pair{pieces[i], pieces[i+1]}]; ok && (at < 0 || rank < best) {
				best, at = rank, i
			}
		}
		if at < 0 {
			return pieces
		}
		pieces[at] += pieces[at+1]
		pieces = slices.Delete(pieces, at+1, at+2)
	}
}

// clipSettings are those of CLIP's own vocabulary.
func clipSettings() *settings {
	s := &settings{start: startOfText, end: endOfText, unknown: endOfText, pad: endOfText}
	for _, token := range []string{startOfText, endOfText} {
		s.added = append(s.added, addedToken{Content: token, Normalized: true})
	}
	return s
}
