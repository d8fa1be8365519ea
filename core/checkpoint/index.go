package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// openShards reads an index (model.safetensors.index.json, pytorch_model.bin.index.json) and opens the files beside it
// that it names. It takes over f and returns the shards, also with an error, for the caller to close.
func openShards(fsys fs.FS, f *file) (found *content, shards []*file, err error) {
	defer f.close()
	if f.size > maxIndex {
		return nil, nil, fmt.Errorf("is JSON of %d bytes; an index of shards has at most %d", f.size, maxIndex)
	}
	text, err := f.read(0, f.size)
	if err != nil {
		return nil, nil, err
	}
	wanted, err := parseIndex(text)
	if err != nil {
		return nil, nil, err
	}
	found = &content{metadata: map[string]string{}}
	for _, shard := range wanted {
		opened, err := openFile(fsys, path.Join(path.Dir(f.name), shard.name))
		if err != nil {
			return nil, shards, fmt.Errorf("shard: %w", err)
		}
		opened.name = shard.name
		shards = append(shards, opened)
		if err := found.add(opened, shard.tensors); err != nil {
			return nil, shards, fmt.Errorf("shard %s: %w", shard.name, err)
		}
	}
	return found, shards, nil
}

// add takes the listed tensors of one shard.
func (c *content) add(f *file, tensors []string) error {
	part, err := readContent(f)
	if err != nil {
		return err
	}
	if c.format == "" {
		c.format = part.format
	}
	if c.format != part.format {
		return fmt.Errorf("is %s, the shards before it are %s", part.format, c.format)
	}
	for key, value := range part.metadata {
		if _, ok := c.metadata[key]; !ok {
			c.metadata[key] = value
		}
	}
	byName := make(map[string]entry, len(part.tensors))
	for _, t := range part.tensors {
		if _, ok := byName[t.Name]; ok {
			return fmt.Errorf("the tensor %q is there twice", t.Name)
		}
		byName[t.Name] = t
	}
	var missing []string
	for _, name := range tensors {
		t, ok := byName[name]
		if !ok {
			missing = append(missing, name)
			continue
		}
		c.tensors = append(c.tensors, t)
	}
	if len(missing) > 0 {
		return fmt.Errorf("has not the tensors %q (%d of %d) of the index: index and shard are of different models",
			missing[:min(len(missing), 3)], len(missing), len(tensors))
	}
	return nil
}

// shard is a file and the tensors that the index places there.
type shard struct {
	name    string
	tensors []string
}

// parseIndex reads {"weight_map": {tensor: file}}, whatever else is beside it, and orders it by file and tensor.
func parseIndex(text []byte) ([]shard, error) {
	r, err := newJSON(text)
	if err != nil {
		return nil, err
	}
	tensorsOf := map[string][]string{}
	found := false
	err = r.object(1024, func(key string) error {
		if key != "weight_map" {
			return r.skip(16)
		}
		found = true
		return r.object(maxTensors, func(tensor string) error {
			name, err := r.string(maxName)
			if err != nil {
				return err
			}
			if err := checkShardName(name); err != nil {
				return err
			}
			tensorsOf[name] = append(tensorsOf[name], tensor)
			if len(tensorsOf) > maxShards {
				return fmt.Errorf("names more than %d shards", maxShards)
			}
			return nil
		})
	})
	if err == nil {
		err = r.end()
	}
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errors.New("is JSON without a weight_map: neither a checkpoint nor an index of shards")
	}
	var shards []shard
	for name, tensors := range tensorsOf {
		slices.Sort(tensors)
		shards = append(shards, shard{name, tensors})
	}
	slices.SortFunc(shards, func(a, b shard) int { return strings.Compare(a.name, b.name) })
	return shards, nil
}

// checkShardName lets only names of files beside the index through.
func checkShardName(name string) error {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\\:\x00") || !fs.ValidPath(name) {
		return fmt.Errorf("the index names the shard %q; a shard is a file beside its index", name)
	}
	return nil
}
