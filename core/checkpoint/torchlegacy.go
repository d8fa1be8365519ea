package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// readTorchLegacy reads what torch.save wrote before 1.6 (and writes with _use_new_zipfile_serialization=False): the
// pickles of a magic number, a version, facts about the machine, the state_dict and the storages' keys; then each
// storage in that order, the number of its elements before it.
func readTorchLegacy(f *file) (*content, error) {
	r := pickleReader{file: f, position: int64(len(legacyMagic))}
	version, err := r.next()
	if err != nil {
		return nil, err
	}
	if version.value != int64(1001) {
		return nil, errors.New("a torch.save file of a version other than 1001")
	}
	machine, err := r.next()
	if err != nil {
		return nil, err
	}
	if facts, ok := machine.value.(*dict); !ok || facts.get("little_endian") != true {
		return nil, errors.New("its numbers are not little-endian: save it again on a little-endian machine")
	}
	model, err := r.next()
	if err != nil {
		return nil, err
	}
	tensors, _, err := stateDict(model.value)
	if err != nil {
		return nil, err
	}
	starts, err := r.storages(model.storages)
	if err != nil {
		return nil, err
	}
	found := &content{format: FormatPyTorchLegacy}
	for _, t := range tensors {
		start, ok := starts[t.storage.key]
		if !ok {
			return nil, fmt.Errorf("tensor %q: its storage %q is not in the file", t.name, t.storage.key)
		}
		found.tensors = append(found.tensors, t.entry(f, start))
	}
	return found, nil
}

// pickleReader reads pickles that follow each other in a file.
type pickleReader struct {
	file     *file
	position int64
}

// next reads one pickle. Where it ends is not known before: it looks at more and more of the file.
func (r *pickleReader) next() (*pickled, error) {
	for length := int64(64 << 10); ; length *= 4 {
		length = min(length, r.file.size-r.position, maxPickle)
		text, err := r.file.read(r.position, length)
		if err != nil {
			return nil, err
		}
		p, err := unpickle(text)
		if errors.Is(err, errPickleEnd) && length < min(r.file.size-r.position, maxPickle) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("the pickle at byte %d: %w", r.position, err)
		}
		r.position += int64(p.length)
		return p, nil
	}
}

// storages reads the list of keys and finds where each storage starts.
func (r *pickleReader) storages(known map[string]*storage) (map[string]int64, error) {
	p, err := r.next()
	if err != nil {
		return nil, err
	}
	keys, ok := p.value.(*list)
	if !ok || len(keys.items) > len(known) {
		return nil, errors.New("the list of storages is not that of the tensors")
	}
	starts := map[string]int64{}
	for _, item := range keys.items {
		key, ok := item.(string)
		s := known[key]
		if !ok || s == nil {
			return nil, fmt.Errorf("the storage %s belongs to no tensor", printable(key))
		}
		count, err := r.file.read(r.position, 8)
		if err != nil {
			return nil, fmt.Errorf("storage %q: %w; the file is cut short: download it again", key, err)
		}
		if got := binary.LittleEndian.Uint64(count); got != uint64(s.elements) {
			return nil, fmt.Errorf("storage %q: %d elements where its tensors need %d", key, got, s.elements)
		}
		if err := r.file.check(r.position+8, s.bytes()); err != nil {
			return nil, fmt.Errorf("storage %q: %w; the file is cut short: download it again", key, err)
		}
		starts[key] = r.position + 8
		r.position += 8 + s.bytes()
	}
	return starts, nil
}
