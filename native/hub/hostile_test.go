package hub

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHostileListings(t *testing.T) {
	for _, name := range []string{"../../evil", "/etc/passwd", "a/../../b", "a\\..\\b", "C:/x", "", ".", "a//b", "a/./b", "x\x00y", "x\ny"} {
		h := newHub(t)
		h.Change = func(listing map[string]any) {
			listing["siblings"] = append(listing["siblings"].([]map[string]any), map[string]any{"rfilename": name, "size": 1, "blobId": strings.Repeat("a", 40)})
		}
		c := newClient(t, h)
		_, err := pull(t.Context(), c, nil)
		require.ErrorContains(t, err, "leave the folder", "%q", name)
		entries, err := os.ReadDir(string(c.Cache))
		require.NoError(t, err)
		require.Empty(t, entries)
	}
	for want, change := range map[string]func(listing, file map[string]any){
		"which is none":    func(l, _ map[string]any) { l["sha"] = "../../../x" },
		"which cannot be":  func(_, f map[string]any) { f["lfs"] = map[string]any{"sha256": "../../x", "size": 1} },
		"cannot be":        func(_, f map[string]any) { f["lfs"] = map[string]any{"sha256": strings.Repeat("a", 64), "size": -1} },
		"no list of files": func(l, _ map[string]any) { l["siblings"] = "all" },
		"the hub sends": func(_, f map[string]any) {
			f["lfs"] = map[string]any{"sha256": strings.Repeat("a", 64), "size": len(weights)}
		},
		"has no weights":    func(l, _ map[string]any) { l["siblings"] = []map[string]any{} },
		"and has listed 12": func(_, f map[string]any) { f["lfs"].(map[string]any)["size"] = 12 },
	} {
		h := newHub(t)
		h.Change = func(listing map[string]any) {
			for _, f := range listing["siblings"].([]map[string]any) {
				if f["rfilename"] == "model.safetensors" {
					change(listing, f)
				}
			}
		}
		_, err := pull(t.Context(), newClient(t, h), nil)
		require.ErrorContains(t, err, want)
	}
}

// A server that sends more than the list says fills no disk.
func TestTooMuch(t *testing.T) {
	h := newHub(t)
	h.Answer = func(w http.ResponseWriter, r *http.Request) bool {
		if onStorage(h, r) {
			w.Header().Set("Transfer-Encoding", "chunked")
			for range 3 {
				w.Write(weights)
			}
			return true
		}
		return false
	}
	c := newClient(t, h)
	folder, err := pull(t.Context(), c, nil)
	require.NoError(t, err, "what was listed is all there is")
	requireWhole(t, c, folder)
}

func TestRevisions(t *testing.T) {
	c := newClient(t, newHub(t))
	for _, revision := range []string{"../main", "/x", "a\\b", "..", "a?b", "."} {
		_, err := c.Repository(t.Context(), model, revision)
		require.ErrorContains(t, err, "no name of a revision", revision)
	}
}

func TestShards(t *testing.T) {
	h := newHub(t)
	delete(h.Files, "model.safetensors")
	h.Files["model-00001-of-00002.safetensors"], h.Files["model-00002-of-00002.safetensors"] = []byte("one"), []byte("two")
	h.Files["model.safetensors.index.json"] = []byte(`{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors", "c": "model-00001-of-00002.safetensors"}}`)
	folder, err := pull(t.Context(), newClient(t, h), nil)
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(folder, "model-00002-of-00002.safetensors"))
	require.NoFileExists(t, filepath.Join(folder, "pytorch_model.bin"))

	h.Files["model.safetensors.index.json"] = []byte(`{"weight_map": {"a": "../../evil"}}`)
	_, err = pull(t.Context(), newClient(t, h), nil)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestWhatIsNeeded(t *testing.T) {
	names := func(list ...string) []string {
		var files []File
		for _, n := range list {
			files = append(files, File{Path: n})
		}
		files, err := Needed(files, nil)
		require.NoError(t, err)
		var got []string
		for _, f := range files {
			got = append(got, f.Path)
		}
		return got
	}
	require.Equal(t, []string{"open_clip_config.json", "config.json", "open_clip_model.safetensors"},
		names("README.md", "config.json", "model.safetensors", "open_clip_config.json", "open_clip_model.safetensors", "open_clip_pytorch_model.bin"))
	require.Equal(t, []string{"config.json", "model.safetensors"}, names("config.json", "model.safetensors", "open_clip_model.safetensors", "tf_model.h5"))
	require.Equal(t, []string{"config.json", "vocab.txt", "pytorch_model.bin"}, names("pytorch_model.bin", "vocab.txt", "config.json"))
	require.Equal(t, []string{"mobileclip_s0.pt"}, names("mobileclip_s0.pt", "onnx/x.bin"))
	require.Equal(t, []string{"b.safetensors"}, names("a.pt", "b.safetensors"))
}

func FuzzListing(f *testing.F) {
	f.Add([]byte(`{"sha": "0123456789abcdef0123456789abcdef01234567", "siblings": [{"rfilename": "a/b.json", "size": 3, "blobId": "0123456789abcdef0123456789abcdef01234567"}]}`))
	f.Add([]byte(`{"sha": "x", "siblings": [{"rfilename": "../x", "lfs": {"sha256": "", "size": -1}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var l listing
		if json.Unmarshal(data, &l) != nil {
			return
		}
		r, err := l.check("a/b", "main")
		if err != nil {
			return
		}
		c := Cache("/cache")
		for _, f := range r.Files {
			for _, path := range []string{c.blob("a/b", f.Digest), filepath.Join(c.folder("a/b"), "snapshots", r.Commit, filepath.FromSlash(f.Path))} {
				if !strings.HasPrefix(path, filepath.Join(string(c), "models--a--b")+string(filepath.Separator)) {
					t.Fatalf("%q leaves the folder", path)
				}
			}
		}
		Needed(r.Files, func(File) ([]byte, error) { return data, nil })
	})
}
