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

// matcherNode is a beginning of a token; the children of a node are a list.
type matcherNode struct {
	child, sibling int32 // none at the end
	token          int32 // index of the token that ends here, none otherwise
	last           byte  // of the beginning
}

type matched struct {
	addedToken
	id int32
}

func (m *matcher) add(content string, token matched) {
	if len(m.nodes) == 0 {
		m.nodes = []matcherNode{{child: none, sibling: none, token: none}}
	}
	m.first[content[0]] = true
	at := int32(0)
	for i := range len(content) {
		next := m.child(at, content[i])
		if next == none {
			next = int32(len(m.nodes))
			m.nodes = append(m.nodes, matcherNode{child: none, sibling: m.nodes[at].child, token: none, last: content[i]})
			m.nodes[at].child = next
		}
		at = next
	}
	m.nodes[at].token = int32(len(m.tokens))
	m.tokens = append(m.tokens, token)
}

func (m *matcher) child(at int32, last byte) int32 {
	next := m.nodes[at].child
	for next != none && m.nodes[next].last != last {
		next = m.nodes[next].sibling
	}
	return next
}

// longest returns the longest token that text begins with, nil if there is none, and its length.
func (m *matcher) longest(text string) (token *matched, length int) {
	at := int32(0)
	for i := range len(text) {
		if at = m.child(at, text[i]); at == none {
			break
		}
		if t := m.nodes[at].token; t != none {
			token, length = &m.tokens[t], i+1
		}
	}
	return token, length
}

// split calls stretch for every part of the text between added tokens and found for every token, in order, as long as
// they return true.
func (m *matcher) split(text string, stretch func(string) bool, found func(id int32) bool) bool {
	done, spaceEnd := 0, 0
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
		i = stop // also where the token takes spaces along: the next one may begin in these
		if token.SingleWord && (endsWithWord(text[:start]) || startsWithWord(text[stop:])) {
			continue
		}
		if start < done {
			start = done
		} else if token.LStrip {
			start = done + len(strings.TrimRightFunc(text[done:start], unicode.IsSpace))
		}
		if token.RStrip {
			if stop >= spaceEnd {
				spaceEnd = len(text) - len(strings.TrimLeftFunc(text[stop:], unicode.IsSpace))
			}
			stop = spaceEnd
		}
		if done < start && !stretch(text[done:start]) || !found(token.id) {
			return false
		}
		done = stop
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
	return unicode.In(r, unicode.L, unicode.M, unicode.Nl, unicode.Nd, unicode.Pc, unicode.Other_Alphabetic,
		unicode.Join_Control)
}
