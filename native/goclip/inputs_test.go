package main

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goclip/goclip/core"
	"github.com/goclip/goclip/internal/oracle"
	"github.com/goclip/goclip/native/vectors"
	"github.com/stretchr/testify/require"
)

// outcomes runs classify with JSON and gives, picture by picture, the best label or the error.
func outcomes(t *testing.T, r result) (images []string, said map[string]string) {
	t.Helper()
	type line struct {
		classification
		Error string `json:"error"`
	}
	said = map[string]string{}
	for _, l := range objects[line](t, r.stdout) {
		images = append(images, l.Image)
		if l.Error != "" {
			require.Empty(t, l.Labels)
			said[l.Image] = "error: " + l.Error
		} else {
			said[l.Image] = l.Labels[0].Label
		}
	}
	return images, said
}

func classifyJSON(t *testing.T, arguments ...string) result {
	t.Helper()
	return run(t, append([]string{"classify", "--json", "--labels", "dog,car"}, arguments...)...)
}

func TestBrokenPictureIsNamedOnceAndSkipped(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	whole := string(read(t, dog))
	write(t, folder, "1.png", whole)
	broken := write(t, folder, "2-broken.png", whole[:len(whole)/2])
	write(t, folder, "3.png", string(read(t, car)))
	r := classifyJSON(t, folder)
	require.Equal(t, 1, r.status)
	require.Equal(t, 1, strings.Count(r.stderr, "2-broken.png"))
	require.True(t, strings.HasPrefix(r.stderr, "goclip: "+broken+": "), r.stderr)
	require.Equal(t, 1, strings.Count(r.stderr, "\n"))
	images, said := outcomes(t, r)
	require.Equal(t, []string{filepath.Join(folder, "1.png"), broken, filepath.Join(folder, "3.png")}, images)
	require.Equal(t, "dog", said[images[0]])
	require.Contains(t, said[broken], "error: ")
	require.Equal(t, "car", said[images[2]])

	plain := run(t, "classify", "--labels", "dog,car", "--top", "1", folder)
	require.Equal(t, 1, plain.status)
	require.Equal(t, 2, strings.Count(plain.stdout, "\n"))
	require.NotContains(t, plain.stdout, "broken")

	quiet := run(t, "classify", "-q", "--labels", "dog,car", folder)
	require.Equal(t, 1, strings.Count(quiet.stderr, "2-broken.png"), "-q hides no failures")
}

func TestFoldersAreWalked(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	picture := string(read(t, dog))
	for _, name := range []string{"b.png", "a/z.PNG", "a/y.Jpeg", "c.webp", "d.txt", ".hidden.png", ".hidden/x.png", "a/b/c.tiff"} {
		write(t, folder, name, picture)
	}
	r := classifyJSON(t, folder)
	images, _ := outcomes(t, r)
	var want []string
	for _, name := range []string{"a/b/c.tiff", "a/y.Jpeg", "a/z.PNG", "b.png", "c.webp"} {
		want = append(want, filepath.Join(folder, filepath.FromSlash(name)))
	}
	require.Equal(t, want, images)
	require.Equal(t, 0, r.status, "the format is told from the bytes, not from the name")
}

func TestGlobs(t *testing.T) {
	t.Parallel()
	r := classifyJSON(t, filepath.Join(examples, "[cd]*.png"))
	images, _ := outcomes(t, r)
	require.Equal(t, []string{car, dog}, images)
	r = refused(t, "no file matches", "classify", "--labels", "dog,car", filepath.Join(examples, "*.jpg"))
	require.Contains(t, r.stderr, "*.jpg")
}

func TestNothingToStartWith(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "empty")
	write(t, folder, "notes.txt", "no picture")
	r := refused(t, folder, "classify", "--json", "--labels", "dog,car", folder)
	require.Contains(t, r.stderr, "no pictures")
	_, said := outcomes(t, r)
	require.Contains(t, said[folder], "no pictures")
	refused(t, "no such file", "classify", "--labels", "dog,car", "nowhere.png")

	r = classifyJSON(t, folder, dog, "nowhere.png")
	require.Equal(t, 1, r.status, "with a picture that works, the others are failures")
	images, said := outcomes(t, r)
	require.Equal(t, []string{folder, dog, "nowhere.png"}, images)
	require.Equal(t, "dog", said[dog])
}

func TestStandardInput(t *testing.T) {
	t.Parallel()
	r := runWith(t, bytes.NewReader(read(t, dog)), "classify", "--json", "--labels", "dog,car", "-")
	require.Equal(t, 0, r.status)
	_, said := outcomes(t, r)
	require.Equal(t, map[string]string{"-": "dog"}, said)
	r = runWith(t, strings.NewReader("no picture"), "classify", "--json", "--labels", "dog,car", "-", car)
	require.Equal(t, 1, r.status)
	_, said = outcomes(t, r)
	require.Contains(t, said["-"], "error: ")
	require.Equal(t, "car", said[car])
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	picture := read(t, dog)
	mux := http.NewServeMux()
	mux.HandleFunc("/dog.png", func(w http.ResponseWriter, _ *http.Request) { w.Write(picture) })
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/dog.png", http.StatusFound) })
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>no picture</html>") })
	mux.HandleFunc("/huge", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "99999999999")
		w.Write(picture)
	})
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		w.Write(picture)
		zeros := make([]byte, 1<<20)
		for r.Context().Err() == nil {
			if _, err := w.Write(zeros); err != nil {
				return
			}
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	gone := httptest.NewServer(nil)
	gone.Close()

	names := []string{"/dog.png", "/moved", "/nothing", "/loop", "/page", "/huge", "/endless"}
	arguments := []string{}
	for _, name := range names {
		arguments = append(arguments, server.URL+name)
	}
	r := classifyJSON(t, append(arguments, gone.URL+"/x.png")...)
	require.Equal(t, 1, r.status)
	images, said := outcomes(t, r)
	require.Equal(t, append(arguments, gone.URL+"/x.png"), images)
	require.Equal(t, "dog", said[server.URL+"/dog.png"])
	require.Equal(t, "dog", said[server.URL+"/moved"])
	require.Contains(t, said[server.URL+"/nothing"], "404 Not Found")
	require.Contains(t, said[server.URL+"/loop"], "redirected more than")
	require.Contains(t, said[server.URL+"/page"], "not a readable picture")
	require.Contains(t, said[server.URL+"/huge"], "larger than 128 MiB")
	require.Contains(t, said[server.URL+"/endless"], "larger than 128 MiB")
	require.Contains(t, said[gone.URL+"/x.png"], "error: ")
	for _, name := range names[2:] {
		require.Equal(t, 1, strings.Count(r.stderr, server.URL+name+":"), name)
	}
}

// Pictures are turned as their EXIF says before a tower sees them: the same pixels, turned beforehand, embed the same.
func TestPicturesAreTurnedUpright(t *testing.T) {
	t.Parallel()
	turned := oracle.Path(t, "preprocess", "images", "jpeg_exif6.jpg")
	picture, err := core.DecodeImage(read(t, turned))
	require.NoError(t, err)
	require.Equal(t, 6, picture.Orientation())
	upright := savePNG(t, picture.Upright())
	stored := savePNG(t, picture)
	rows := objects[vectors.Row](t, good(t, "embed", turned, upright, stored))
	require.Equal(t, rows[1].Embedding, rows[0].Embedding)
	require.NotEqual(t, rows[2].Embedding, rows[0].Embedding)
}

func savePNG(t *testing.T, picture *core.Image) string {
	t.Helper()
	width, height := picture.Size()
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i, v := range picture.RGB() {
		m.Pix[i/3*4+i%3], m.Pix[i/3*4+3] = v, 255
	}
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, m))
	return write(t, t.TempDir(), "picture.png", b.String())
}

func TestUnreadableFolder(t *testing.T) {
	if os.Getuid() == 0 || os.Getuid() == -1 {
		t.Skip("this user may read everything")
	}
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, "a/dog.png", string(read(t, dog)))
	locked := filepath.Join(folder, "b")
	require.NoError(t, os.Mkdir(locked, 0))
	defer os.Chmod(locked, 0o777)
	r := classifyJSON(t, folder)
	require.Equal(t, 1, r.status)
	require.Contains(t, r.stderr, locked)
}
