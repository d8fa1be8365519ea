package tokenizer

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"sync"
)

// The vocabulary of OpenAI's CLIP, which all its successors with 49408 tokens share.
//
//go:embed bpe_simple_vocab_16e6.txt.gz
var carriedMerges []byte

// mergesOfCLIP is the number of merges that CLIP uses; the file holds more.
const mergesOfCLIP = 49152 - 256 - 2

const (
	startOfText = "<|startoftext|>"
	endOfText   = "<|endoftext|>"
)

// CLIP returns a tokenizer with the vocabulary of OpenAI's CLIP (49408 ids), which needs no files. It is read once.
func CLIP(dialect Dialect) (Tokenizer, error) {
	if int(dialect) >= len(carried) {
		return nil, fmt.Errorf("tokenizer: there is no %v", dialect)
	}
	return carried[dialect]()
}

var carried = [...]func() (Tokenizer, error){
	HuggingFace: carriedIn(HuggingFace), OpenCLIP: carriedIn(OpenCLIP), OpenAI: carriedIn(OpenAI),
}

func carriedIn(dialect Dialect) func() (Tokenizer, error) {
	return sync.OnceValues(func() (Tokenizer, error) {
		v, err := carriedVocabulary()
		if err != nil {
			return nil, err
		}
		return build(v, clipSettings(), dialect)
	})
}

// carriedVocabulary lays the ids out as OpenAI's code does: bytes, bytes that end a word, merges, start and end.
var carriedVocabulary = sync.OnceValues(readCarried)

func readCarried() (*vocabulary, error) {
	v := &vocabulary{files: "the CLIP vocabulary", ids: make(map[string]int32, 49408), merges: make([]pair, 0, mergesOfCLIP)}
	add := func(token string) { v.ids[token] = int32(len(v.ids)) }
	for _, end := range []string{"", endOfWord} {
		for _, b := range idOrder() {
			add(alphabet[b] + end)
		}
	}
	text, err := gzip.NewReader(bytes.NewReader(carriedMerges))
	if err != nil {
		return nil, v.errorf("%w", err)
	}
	lines := bufio.NewScanner(text)
	lines.Scan() // the header
	for len(v.merges) < mergesOfCLIP && lines.Scan() {
		m, err := splitMerge(lines.Text())
		if err != nil {
			return nil, v.errorf("%w", err)
		}
		v.merges = append(v.merges, m)
		add(m.left + m.right)
	}
	if err := lines.Err(); err != nil {
		return nil, v.errorf("%w", err)
	}
	add(startOfText)
	add(endOfText)
	return v, nil
}
