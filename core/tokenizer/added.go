package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// matcher finds added tokens in a text: of those that begin first the longest. It is a trie of their bytes.
type matcher struct {
	first  [256]bool // bytes that a token begins with
	nodes  []matcherNode
	tokens []matched
}

type matcherNode struct {
	next  map[byte]int32
	token int32 // index of the token that ends here, none otherwise
}

type matched struct {
	addedToken
	id int32
}

func (m *matcher) add(content string, token matched) {
	if len(m.nodes) == 0 {
		m.nodes = []matcherNode{{token: none}}
	}
	m.first[content[0]] = true
	at := int32(0)
	for i := range len(content) {
		next, ok := m.nodes[at].next[content[i]]
		if !ok {
			next = int32(len(m.nodes))
			m.nodes = append(m.nodes, matcherNode{token: none})
			if m.nodes[at].next == nil {
				m.nodes[at].next = make(map[byte]int32)
			}
			m.nodes[at].next[content[i]] = next
		}
		at = next
	}
	m.nodes[at].token = int32(len(m.tokens))
	m.tokens = append(m.tokens, token)
}

// longest returns the longest token that text begins with, nil if there is none, and its length.
func (m *matcher) longest(text string) (token *matched, length int) {
	at := int32(0)
	for i := range len(text) {
		next, ok := m.nodes[at].next[text[i]]
		if !ok {
			break
		}
		at = next
		if t := m.nodes[at].token; t != none {
			token, length = &m.tokens[t], i+1
		}
	}
	return token, length
}

// split calls stretch for every part of the text between added tokens and found for every token, in order, as long as
// they return true.
func (m *matcher) split(text string, stretch func(string) bool, found func(id int32) bool) bool {
	done := 0
	if len(m.tokens) > 0 {
		for i := 0; i < len(text); {
			if !m.first[text[i]] {
				i++
				continue
			}
			token, length := m.longest(text[i:])
			if token == nil {
				i++
				continue
			}
			start, stop := i, i+length
			i = stop
			if token.SingleWord && (endsWithWord(text[:start]) || startsWithWord(text[stop:])) {
				continue
			}
			if token.LStrip {
				start = max(done, len(strings.TrimRightFunc(text[:start], unicode.IsSpace)))
			}
			if token.RStrip {
				// The search goes on behind the token itself: the next one may begin in these spaces, too.
				stop = len(text) - len(strings.TrimLeftFunc(text[stop:], unicode.IsSpace))
			}
			if done < start && !stretch(text[done:start]) || !found(token.id) {
				return false
			}
			done = stop
		}
	}
	return done == len(text) || stretch(text[done:])
}

func endsWithWord(text string) bool {
	r, size := utf8.DecodeLastRuneInString(text)
	return size > 0 && inWord(r)
}

func startsWithWord(text string) bool {
	r, size := utf8.DecodeRuneInString(text)
	return size > 0 && inWord(r)
}

// inWord is \w of Rust's regular expressions.
func inWord(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M, unicode.Nl, unicode.Nd, unicode.Pc, unicode.Other_Alphabetic, unicode.Join_Control)
}
