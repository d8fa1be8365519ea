package tokenizer

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing/fstest"
)

// smallVocabulary has the bytes, these merges and the special tokens, as vocab.json lays them out.
func smallVocabulary(merges ...string) map[string]int32 {
	ids := make(map[string]int32)
	add := func(token string) {
		if _, ok := ids[token]; !ok {
			ids[token] = int32(len(ids))
		}
	}
	for _, end := range []string{"", endOfWord} {
		for _, b := range idOrder() {
			add(alphabet[b] + end)
		}
	}
	for _, m := range merges {
		add(strings.Replace(m, " ", "", 1))
	}
	add(startOfText)
	add(endOfText)
	return ids
}

// smallFolder is a repository with that vocabulary and more files, given as name and text.
func smallFolder(ids map[string]int32, merges []string, files ...string) fstest.MapFS {
	vocab, err := json.Marshal(ids)
	if err != nil {
		panic(err)
	}
	folder := fstest.MapFS{
		"vocab.json": {Data: vocab},
		"merges.txt": {Data: []byte("#version: 0.2\n" + strings.Join(merges, "\n") + "\n")},
	}
	for i := 0; i < len(files); i += 2 {
		folder[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return folder
}

// smallJSON is the tokenizer.json of that vocabulary.
func smallJSON(ids map[string]int32, merges []string, added string) string {
	vocab, err := json.Marshal(ids)
	if err != nil {
		panic(err)
	}
	quoted, err := json.Marshal(merges)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"added_tokens": [%s], "model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": %s, "merges": %s}}`,
		added, vocab, quoted)
}

func without(ids map[string]int32, token string) map[string]int32 {
	ids = maps.Clone(ids)
	delete(ids, token)
	return ids
}

func with(ids map[string]int32, token string, id int32) map[string]int32 {
	ids = maps.Clone(ids)
	ids[token] = id
	return ids
}
