package hub

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"github.com/gofrs/flock"
)

// Parts is the folder for parts of a repository's files: goclip's own, for no other program expects half of a file.
func Parts(repository, part string) (string, error) {
	folder, err := caches()
	return filepath.Join(folder, "goclip", filepath.Base(Cache("").folder(repository)), part), err
}

// part is some tensors of a safetensors file, as a safetensors file of their own.
type part struct {
	header []byte
	ranges []extent // behind it
}

// extent is a range of bytes of the whole file.
type extent struct{ from, size int64 }

func (p part) size() int64 {
	n := int64(len(p.header))
	for _, r := range p.ranges {
		n += r.size
	}
	return n
}

// maxHeader bounds the header of a safetensors file, as the reference implementation does.
const maxHeader = 100_000_000

// FetchPart fetches those tensors of a safetensors file that are wanted, and nothing else, and writes them as a safetensors
// file. A part has no published checksum: only the connection vouches for it, and the file's own table of contents, which
// must cover it exactly. announce is told how many bytes it has, and gives what is told of the progress.
func (c *Client) FetchPart(ctx context.Context, r *Repository, f File, wanted func(tensor string) bool, target string, announce func(bytes int64) Progress) error {
	if c.Offline {
		return ErrOffline
	}
	p, err := c.planPart(ctx, r, f, wanted)
	if err != nil {
		return fmt.Errorf("hub: %s: %s: %w", r.Name, f.Path, err)
	}
	report := announce(p.size())
	if report == nil {
		report = func(int64) {}
	}
	if err := c.room(filepath.Dir(target), missing(target, p.size())); err != nil {
		return err
	}
	if err := c.writePart(ctx, r, f, p, target, report); err != nil {
		return fmt.Errorf("hub: %s: %s: %w", r.Name, f.Path, err)
	}
	return nil
}

// planPart reads the table of contents of a safetensors file and makes one of the tensors that are wanted.
func (c *Client) planPart(ctx context.Context, r *Repository, f File, wanted func(string) bool) (part, error) {
	start, err := c.read(ctx, r, f, extent{0, 8})
	if err != nil {
		return part{}, err
	}
	length := binary.LittleEndian.Uint64(start)
	if length > maxHeader || int64(length) > f.Size-8 {
		return part{}, fmt.Errorf("its header is said to have %d bytes, the file has %d", length, f.Size)
	}
	text, err := c.read(ctx, r, f, extent{8, int64(length)})
	if err != nil {
		return part{}, err
	}
	return selectTensors(text, f.Size-8-int64(length), wanted, map[string]string{"goclip_source": cmp.Or(f.Digest, r.Commit)})
}

// tensor is an entry of a safetensors header.
type tensor struct {
	DType   string          `json:"dtype"`
	Shape   json.RawMessage `json:"shape"`
	Offsets [2]int64        `json:"data_offsets"`
}

// selectTensors makes a part out of a header and the number of bytes behind it. source says in the part's own header which
// file it is of, so that no part of another one passes for it or is completed with it.
func selectTensors(text []byte, data int64, wanted func(string) bool, source map[string]string) (part, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		return part{}, fmt.Errorf("its header: %w", err)
	}
	delete(all, "__metadata__")
	list := map[string]any{"__metadata__": source}
	placed := map[string]tensor{}
	var names []string
	for name, raw := range all {
		var t tensor
		if err := json.Unmarshal(raw, &t); err != nil {
			return part{}, fmt.Errorf("its header, tensor %q: %w", name, err)
		}
		if t.Offsets[0] < 0 || t.Offsets[1] < t.Offsets[0] || t.Offsets[1] > data {
			return part{}, fmt.Errorf("its header, tensor %q: bytes %d to %d of %d", name, t.Offsets[0], t.Offsets[1], data)
		}
		if wanted(name) {
			placed[name] = t
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return part{}, errors.New("it has no tensors of that tower")
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(placed[a].Offsets[0], placed[b].Offsets[0]), cmp.Compare(placed[a].Offsets[1], placed[b].Offsets[1]))
	})
	var p part
	var at int64
	first := int64(8 + len(text))
	for _, name := range names {
		t := placed[name]
		from, size := first+t.Offsets[0], t.Offsets[1]-t.Offsets[0]
		if n := len(p.ranges); n > 0 && p.ranges[n-1].from+p.ranges[n-1].size == from {
			p.ranges[n-1].size += size
		} else if n > 0 && from < p.ranges[n-1].from+p.ranges[n-1].size {
			return part{}, fmt.Errorf("its header: tensor %q overlaps another", name)
		} else {
			p.ranges = append(p.ranges, extent{from, size})
		}
		t.Offsets = [2]int64{at, at + size}
		at += size
		list[name] = t
	}
	header, err := json.Marshal(list)
	if err != nil {
		return part{}, err
	}
	for len(header)%8 != 0 {
		header = append(header, ' ')
	}
	p.header = append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)
	return p, nil
}

// read gives a range of a file.
func (c *Client) read(ctx context.Context, r *Repository, f File, e extent) (data []byte, err error) {
	err = c.retry(ctx, func() error {
		var b bytes.Buffer
		_, err := c.receivePart(ctx, r, f, e, &b, func(int64) {})
		data = b.Bytes()
		return err
	})
	return data, err
}

// writePart writes the file, going on where an earlier attempt has ended.
func (c *Client) writePart(ctx context.Context, r *Repository, f File, p part, target string, report Progress) error {
	lock := flock.New(target + ".lock")
	if _, err := lock.TryLockContext(ctx, lockPause); err != nil {
		return cmp.Or(context.Cause(ctx), err)
	}
	defer lock.Unlock()
	if there, err := os.Open(target); err == nil {
		info, err := there.Stat()
		whole := err == nil && info.Size() == p.size() && p.begins(there)
		there.Close()
		if whole {
			report(p.size())
			return nil
		}
	}
	file, err := os.OpenFile(target+".incomplete", os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	begun, err := p.begun(file)
	if err != nil {
		return err
	}
	report(begun)
	err = c.retry(ctx, func() error {
		before := begun
		at := int64(len(p.header))
		for _, e := range p.ranges {
			if begun < at+e.size {
				done := begun - at
				n, err := c.receivePart(ctx, r, f, extent{e.from + done, e.size - done}, file, report)
				begun += n
				if err != nil {
					if begun-before >= enoughProgress {
						err = &moved{err}
					}
					return err
				}
			}
			at += e.size
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(target+".incomplete", target)
}

// begun is how much of the part a file has, ready to be appended to. A file that begins otherwise begins anew.
func (p part) begun(file *os.File) (int64, error) {
	if info, err := file.Stat(); err == nil && info.Size() <= p.size() && p.begins(file) {
		return file.Seek(0, io.SeekEnd)
	}
	if err := restart(file); err != nil {
		return 0, err
	}
	n, err := file.Write(p.header)
	return int64(n), err
}

// begins reports whether a file is of this part.
func (p part) begins(file io.Reader) bool {
	header := make([]byte, len(p.header))
	_, err := io.ReadFull(file, header)
	return err == nil && bytes.Equal(header, p.header)
}

// receivePart writes a range of a file, and says how much of it came.
func (c *Client) receivePart(ctx context.Context, r *Repository, f File, e extent, to io.Writer, report Progress) (int64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	header := http.Header{"Range": {fmt.Sprintf("bytes=%d-%d", e.from, e.from+e.size-1)}}
	answer, err := c.get(ctx, c.resolve(r, f), header, http.StatusOK, http.StatusPartialContent)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	if err := agrees(answer, r, f); err != nil {
		return 0, err
	}
	from, total, err := span(answer)
	switch {
	case err != nil:
		return 0, err
	case answer.StatusCode == http.StatusOK:
		return 0, errors.New("the server sends no parts of files: pull without --only")
	case from != e.from || total != f.Size:
		return 0, fmt.Errorf("the server sends bytes from %d of %d on, asked for %d of %d", from, total, e.from, f.Size)
	}
	watch := &watched{Reader: answer.Body, stall: c.patience.stall, cancel: cancel}
	defer watch.start()()
	t := &transfer{report: report}
	n, err := t.copy(to, watch, e.size, sha256.New())
	switch {
	case ctx.Err() != nil:
		return n, context.Cause(ctx)
	case err == nil && n < e.size:
		err = &passing{error: fmt.Errorf("the connection ended after %d of %d bytes", n, e.size)}
	}
	return n, err
}
