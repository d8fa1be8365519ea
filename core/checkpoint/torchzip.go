package checkpoint

import (
	"archive/zip"
	"fmt"
	"strings"
)

// readZip reads an archive of PyTorch's or of NumPy's.
func readZip(f *file) (*content, error) {
	r := &budgetReader{file: f, left: maxDirectory, limited: true}
	z, err := zip.NewReader(r, f.size)
	if err != nil {
		return nil, fmt.Errorf("is a zip archive that is cut short or damaged (%w): download it again", err)
	}
	r.limited = false
	if len(z.File) > 4*maxTensors {
		return nil, fmt.Errorf("a zip archive of %d members", len(z.File))
	}
	if isNumPy(z) {
		return readNumPy(f, z)
	}
	return readTorchZip(f, z)
}

// readTorchZip reads what torch.save (since 1.6) or torch.jit.save wrote: one folder with data.pkl, which says what
// tensors there are, and data/KEY, the bytes of a storage. The members are stored, not compressed, so that they are
// read in place.
func readTorchZip(f *file, z *zip.Reader) (*content, error) {
	a, err := openArchive(f, z)
	if err != nil {
		return nil, err
	}
	if err := a.checkByteOrder(); err != nil {
		return nil, err
	}
	text, err := a.read("data.pkl", maxPickle)
	if err != nil {
		return nil, err
	}
	p, err := unpickle(text)
	if err != nil {
		return nil, err
	}
	tensors, format, err := stateDict(p.value)
	if err != nil {
		return nil, err
	}
	found := &content{format: format}
	for _, t := range tensors {
		m, err := a.member("data/" + t.storage.key)
		if err == nil && t.storage.bytes() > int64(m.UncompressedSize64) {
			err = fmt.Errorf("archive member %q has %d bytes; its storage needs %d elements of %s",
				m.Name, m.UncompressedSize64, t.storage.elements, t.storage.dtype)
		}
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", t.name, err)
		}
		e := t.entry(f, 0)
		e.member = m
		found.tensors = append(found.tensors, e)
	}
	return found, nil
}

// entry places the tensor in a file: its storage starts at start.
func (t namedTensor) entry(f *file, start int64) entry {
	return entry{
		Info:    Info{Name: t.name, DType: t.dtype, Shape: t.shape, File: f.name},
		file:    f,
		start:   start + t.offset*int64(t.dtype.Size()),
		strides: t.strides,
	}
}

// archive is the directory of a zip file whose members are all in one folder.
type archive struct {
	file    *file
	root    string
	members map[string]*zip.File
}

func openArchive(f *file, z *zip.Reader) (*archive, error) {
	a := &archive{file: f, members: make(map[string]*zip.File, len(z.File))}
	for i, m := range z.File {
		root, _, inFolder := strings.Cut(m.Name, "/")
		if i == 0 {
			a.root = root
		}
		if !inFolder || root == "" || root != a.root {
			return nil, notTorch("has %s beside the folder %s", printable(m.Name), printable(a.root))
		}
		if a.members[m.Name] != nil {
			return nil, fmt.Errorf("the zip archive has the member %s twice", printable(m.Name))
		}
		a.members[m.Name] = m
	}
	if a.members[a.root+"/data.pkl"] == nil {
		return nil, notTorch("has no data.pkl")
	}
	return a, nil
}

// notTorch says why an archive is not PyTorch's.
func notTorch(why string, a ...any) error {
	return fmt.Errorf("is a zip archive that none of torch.save, torch.jit.save and numpy.savez wrote: it "+why, a...)
}

// member finds a member below the root that can be read in place.
func (a *archive) member(name string) (*zip.File, error) {
	m := a.members[a.root+"/"+name]
	if m == nil {
		return nil, fmt.Errorf("the zip archive has no member %s", printable(a.root+"/"+name))
	}
	if m.Method != zip.Store || m.CompressedSize64 != m.UncompressedSize64 {
		return nil, fmt.Errorf("the archive member %s is compressed, which PyTorch never does: "+
			"pack the archive again with stored members (zip -0)", printable(m.Name))
	}
	if m.UncompressedSize64 > uint64(a.file.size) {
		return nil, fmt.Errorf("the archive member %s is said to have %d bytes, the file has %d",
			printable(m.Name), m.UncompressedSize64, a.file.size)
	}
	return m, nil
}

// read returns a member's bytes, at most limit.
func (a *archive) read(name string, limit uint64) ([]byte, error) {
	m, err := a.member(name)
	if err != nil {
		return nil, err
	}
	if m.UncompressedSize64 > limit {
		return nil, fmt.Errorf("%s has %d bytes; at most %d are read", name, m.UncompressedSize64, limit)
	}
	offset, err := m.DataOffset()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return a.file.read(offset, int64(m.UncompressedSize64))
}

// checkByteOrder looks at a member that PyTorch writes since 2.1.
func (a *archive) checkByteOrder() error {
	if a.members[a.root+"/byteorder"] == nil {
		return nil
	}
	order, err := a.read("byteorder", 16)
	if err != nil {
		return err
	}
	if string(order) != "little" {
		return fmt.Errorf("its numbers are in the byte order %q; only \"little\" is read: "+
			"save it again on a little-endian machine", order)
	}
	return nil
}

// budgetReader bounds how much of a file archive/zip reads to list the members: it would go on as long as entries
// follow.
type budgetReader struct {
	*file
	left    int64
	limited bool
}

func (r *budgetReader) ReadAt(p []byte, offset int64) (int, error) {
	if r.limited {
		if r.left -= int64(len(p)); r.left < 0 {
			return 0, fmt.Errorf("a directory of more than %d MiB", maxDirectory>>20)
		}
	}
	return r.file.ReadAt(p, offset)
}
