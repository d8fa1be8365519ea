package checkpoint

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// Open opens a checkpoint file of fsys, or all the files beside it that an index of shards names, and reads what
// tensors there are. Its format is told from its bytes. The file stays open until Close.
func Open(fsys fs.FS, name string) (*Checkpoint, error) {
	f, err := openFile(fsys, name)
	if err != nil {
		return nil, err
	}
	files := []*file{f}
	found, err := readContent(f)
	if errors.Is(err, errIndex) {
		found, files, err = openShards(fsys, f)
	}
	if err != nil {
		closeAll(files)
		return nil, fmt.Errorf("checkpoint: %s: %w", name, err)
	}
	c, err := newCheckpoint(name, files, found)
	if err != nil {
		closeAll(files)
		return nil, err
	}
	return c, nil
}

// errIndex: the file is not a checkpoint but JSON, as an index of shards is.
var errIndex = errors.New("is an index of shards where a file of tensors is due")

// legacyMagic is the pickle of the number 0x1950a86a20f9469cfc6c, with which torch.save began before 1.6.
var legacyMagic = []byte("\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.")

// readContent reads a file by the format that its first bytes show.
func readContent(f *file) (*content, error) {
	head, err := f.read(0, min(f.size, 512))
	if err != nil {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return readZip(f)
	case bytes.HasPrefix(head, legacyMagic):
		return readTorchLegacy(f)
	case bytes.HasPrefix(head, []byte("GGUF")):
		return readGGUF(f)
	case looksSafetensors(head):
		return readSafetensors(f)
	case bytes.HasPrefix(bytes.TrimLeft(head, " \t\r\n"), []byte("{")):
		return nil, errIndex
	}
	return nil, notWeights(head, f.size)
}

// looksSafetensors: eight bytes of length, of which no text and no other format has the upper four zero, and then JSON.
// A file cut short within its length counts too, so that the error speaks of the header.
func looksSafetensors(head []byte) bool {
	if len(head) < 8 {
		return false
	}
	if len(head) > 8 && head[8] != '{' {
		return false
	}
	return binary.LittleEndian.Uint32(head[4:]) == 0 || len(head) > 8 && !isText(head[:8])
}

// notWeights says what a file is that is no checkpoint, as far as its first bytes tell.
func notWeights(head []byte, size int64) error {
	text := strings.ToLower(string(bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")))
	switch {
	case strings.HasPrefix(text, "version https://git-lfs"):
		return errors.New("is a Git LFS pointer, not the weights: " +
			"run \"git lfs pull\" in its repository, or download the file itself")
	case strings.HasPrefix(text, "<!doctype"), strings.HasPrefix(text, "<html"), strings.HasPrefix(text, "<?xml"):
		return errors.New("is a web page, not weights (an error or log-in page?): download the file again")
	case bytes.HasPrefix(head, []byte("\x89HDF")):
		return errors.New("is HDF5 (Keras), which is not read: use the model's safetensors or PyTorch file")
	case bytes.HasPrefix(head, []byte("\x93NUMPY")):
		return errors.New("is one NumPy array, not a checkpoint: use an archive of arrays (.npz), a safetensors or PyTorch file")
	case len(head) > 1 && head[0] == 0x80 && head[1] <= 5:
		return errors.New("is a pickle that torch.save did not write: " +
			"save the model's state_dict() with torch.save or safetensors")
	case size < 8:
		return fmt.Errorf("has only %d bytes: download it again", size)
	case isText(head):
		return fmt.Errorf("is text, not weights; it begins %q", head[:min(len(head), 60)])
	}
	return fmt.Errorf("is no checkpoint that goclip knows (safetensors, PyTorch, TorchScript, GGUF, NumPy archives); it begins with the bytes % x",
		head[:min(len(head), 8)])
}

// isText reports whether only bytes occur that UTF-8 text has.
func isText(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' && c != '\r' && c != '\n' || c == 0x7f || c >= 0xf8 {
			return false
		}
	}
	return true
}
