package tokenizer

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"sync"
)

// mergesOfCLIP is the number of merges that CLIP uses.
const mergesOfCLIP = 49152 - 256 - 2

const (
	startOfText = "<|startoftext|>"
	endOfText   = "<|endoftext|>"
)

// CLIP returns a tokenizer with the vocabulary of OpenAI's CLIP (49408 ids), which all its successors with as many share. It
// needs no files and is made once. A js program does not carry the vocabulary: there it is an error, and OfMerges takes
// its place.
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

var carriedVocabulary = sync.OnceValues(readCarried)

func readCarried() (*vocabulary, error) {
	if len(carriedMerges) == 0 {
		return nil, errors.New("tokenizer: this program does not carry CLIP's vocabulary")
	}
	text, err := gzip.NewReader(bytes.NewReader(carriedMerges))
	if err != nil {
		return nil, fmt.Errorf("tokenizer: the CLIP vocabulary: %w", err)
	}
	merges, err := io.ReadAll(text)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: the CLIP vocabulary: %w", err)
	}
	return vocabularyOfMerges(string(merges))
}

// OfMerges is CLIP for a program that does not carry the vocabulary: merges is the content of clip_merges.txt.
func OfMerges(merges string, dialect Dialect) (Tokenizer, error) {
	v, err := vocabularyOfMerges(merges)
	if err != nil {
		return nil, err
	}
	return build(v, clipSettings(), dialect)
}

// vocabularyOfMerges lays the ids out as OpenAI's code does: bytes, bytes that end a word, merges, start and end.
func vocabularyOfMerges(merges string) (*vocabulary, error) {
	v := &vocabulary{files: "the CLIP vocabulary", ids: make(map[string]int32, 49408)}
	var err error
	if v.merges, err = parseMerges(merges); err != nil {
		return nil, v.errorf("%w", err)
	}
	if len(v.merges) != mergesOfCLIP {
		return nil, v.errorf("%d merges; CLIP has %d", len(v.merges), mergesOfCLIP)
	}
	add := func(token string) { v.ids[token] = int32(len(v.ids)) }
	for _, end := range []string{"", endOfWord} {
		for _, b := range idOrder() {
			add(alphabet[b] + end)
		}
	}
	for _, m := range v.merges {
		add(m.left + m.right)
	}
	add(startOfText)
	add(endOfText)
	return v, nil
}
