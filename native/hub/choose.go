package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/goclip/goclip/core/zoo"
)

// ErrNoWeights: the repository has no file that could be a model's weights.
var ErrNoWeights = errors.New("the repository has no weights that goclip reads: no .safetensors, .bin or .pt file")

// Vocabularies are files of which a tokenizer has at least one, TokenizerFiles all that it may have.
var (
	Vocabularies   = []string{"tokenizer.json", "vocab.json", "vocab.txt", "spiece.model", "tokenizer.model", "sentencepiece.bpe.model"}
	TokenizerFiles = append([]string{"tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "merges.txt"}, Vocabularies...)
)

// smallFiles are what a model needs besides its weights: configurations, preprocessing, tokenizer.
var smallFiles = append([]string{"open_clip_config.json", "config.json", "preprocessor_config.json", "processor_config.json"}, TokenizerFiles...)

// weightEndings are those of files that may be weights under a name of their own.
var weightEndings = []string{".safetensors", ".pt", ".pth", ".bin"}

// HasWeights reports whether a folder has a file that may be a model's weights.
func HasWeights(folder string) bool {
	entries, err := os.ReadDir(folder)
	return err == nil && slices.ContainsFunc(entries, func(e os.DirEntry) bool { return slices.Contains(weightEndings, path.Ext(e.Name())) })
}

func worthAsking(name string) bool {
	return slices.Contains(smallFiles, path.Base(name)) || slices.Contains(weightEndings, path.Ext(name)) || strings.HasSuffix(name, ".index.json")
}

// Needed are the files of a repository that a model is opened from: configuration, tokenizer, preprocessing, and the weights
// in one format. read gives the contents of a small file, an index of shards.
func Needed(files []File, read func(File) ([]byte, error)) ([]File, error) {
	find := func(name string) (File, bool) {
		i := slices.IndexFunc(files, func(f File) bool { return f.Path == name })
		if i < 0 {
			return File{}, false
		}
		return files[i], true
	}
	var needed []File
	for _, name := range smallFiles {
		if f, ok := find(name); ok {
			needed = append(needed, f)
		}
	}
	_, openCLIP := find("open_clip_config.json")
	for _, name := range zoo.WeightFiles(openCLIP) {
		f, ok := find(name)
		if !ok {
			continue
		}
		needed = append(needed, f)
		if !strings.HasSuffix(name, ".index.json") {
			return needed, nil
		}
		data, err := read(f)
		if err != nil {
			return nil, err
		}
		shards, err := shards(data)
		if err != nil {
			return nil, fmt.Errorf("hub: %s: %w", name, err)
		}
		for _, shard := range shards {
			f, ok := find(shard)
			if !ok {
				return nil, fmt.Errorf("hub: %s names %s, which the repository does not have: %w", name, shard, fs.ErrNotExist)
			}
			needed = append(needed, f)
		}
		return needed, nil
	}
	var others []File
	for _, f := range files {
		if slices.Contains(weightEndings, path.Ext(f.Path)) && !strings.Contains(f.Path, "/") {
			others = append(others, f)
		}
	}
	safe := slices.DeleteFunc(slices.Clone(others), func(f File) bool { return path.Ext(f.Path) != ".safetensors" })
	if len(safe) > 0 {
		others = safe
	}
	if len(others) == 0 {
		return nil, fmt.Errorf("hub: %w", ErrNoWeights)
	}
	if len(others) > 1 {
		return nil, fmt.Errorf("hub: the repository has several checkpoints (%s and %s among them), and none by a usual name: fetch the one that you mean by its address",
			others[0].Path, others[1].Path)
	}
	return append(needed, others[0]), nil
}

// shards are the files that an index of shards names.
func shards(index []byte) ([]string, error) {
	var content struct {
		Map map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(index, &content); err != nil {
		return nil, err
	}
	var names []string
	for _, name := range content.Map {
		names = append(names, name)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) == 0 {
		return nil, errors.New("the index names no files")
	}
	return names, nil
}

// Total is how many bytes files take.
func Total(files []File) (n int64) {
	for _, f := range files {
		n += f.Size
	}
	return n
}
