package hub

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goclip/goclip/native/hub/hubtest"
)

// clean forgets the environment of whoever runs the tests.
func clean(t *testing.T) (home string) {
	t.Helper()
	for _, v := range []string{"HF_ENDPOINT", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE",
		"HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME"} {
		t.Setenv(v, "")
	}
	home = t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	return home
}

func TestEnvironment(t *testing.T) {
	home := clean(t)
	c, err := FromEnvironment()
	require.NoError(t, err)
	require.Equal(t, "https://huggingface.co", c.Endpoint)
	require.Equal(t, Cache(filepath.Join(home, ".cache", "huggingface", "hub")), c.Cache)
	require.Empty(t, c.Token)
	require.False(t, c.Offline)

	t.Setenv("XDG_CACHE_HOME", "/x")
	c, err = FromEnvironment()
	require.NoError(t, err)
	require.Equal(t, Cache(filepath.Join("/x", "huggingface", "hub")), c.Cache)
	path, err := SinglePath("https://openaipublic.azureedge.net/clip/models/40d3/ViT-B-32.pt")
	require.NoError(t, err)
	require.Equal(t, filepath.Join("/x", "clip", "ViT-B-32.pt"), path)

	t.Setenv("HF_HOME", "~/hf")
	require.NoError(t, os.MkdirAll(filepath.Join(home, "hf"), 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(home, "hf", "token"), []byte("hf_file\n"), 0o600))
	c, err = FromEnvironment()
	require.NoError(t, err)
	require.Equal(t, Cache(filepath.Join(home, "hf", "hub")), c.Cache)
	require.Equal(t, "hf_file", c.Token)

	t.Setenv("HF_HUB_CACHE", "/hub")
	t.Setenv("HF_TOKEN", " hf_variable ")
	t.Setenv("HF_HUB_OFFLINE", "1")
	t.Setenv("HF_ENDPOINT", "https://mirror.example/")
	c, err = FromEnvironment()
	require.NoError(t, err)
	require.Equal(t, Cache("/hub"), c.Cache)
	require.Equal(t, "hf_variable", c.Token)
	require.Equal(t, "https://mirror.example", c.Endpoint)
	require.True(t, c.Offline)

	t.Setenv("HF_ENDPOINT", "mirror.example")
	_, err = FromEnvironment()
	require.ErrorContains(t, err, "HF_ENDPOINT")
}

func TestProxy(t *testing.T) {
	transport := newTransport().(*http.Transport)
	require.NotNil(t, transport.Proxy)
}

func TestSingleFiles(t *testing.T) {
	clean(t)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	h := newHub(t)
	c := newClient(t, h)
	c.Token = "hf_secret"
	digest := hubtest.Digest("x.pt", weights)
	h.Files["clip/models/"+digest+"/ViT-B-32.pt"] = weights
	h.Files["clip/models/"+digest[1:]+"0/ViT-B-32.pt"] = weights
	h.Files["v0.2/vit_b_32-laion400m-"+digest[:8]+".pt"] = weights

	for _, path := range []string{"/clip/models/" + digest + "/ViT-B-32.pt", "/v0.2/vit_b_32-laion400m-" + digest[:8] + ".pt"} {
		s, err := c.Single(t.Context(), h.Storage.URL+path)
		require.NoError(t, err)
		require.EqualValues(t, len(weights), s.Size)
		require.NoError(t, c.FetchSingle(t.Context(), s, nil))
		data, err := os.ReadFile(s.Path)
		require.NoError(t, err)
		require.True(t, string(data) == string(weights))
	}
	for _, r := range h.Requests() {
		require.Empty(t, r.Header.Get("Authorization"), "the token is for the hub")
	}
	s, err := c.Single(t.Context(), h.Storage.URL+"/clip/models/"+digest[1:]+"0/ViT-B-32.pt")
	require.NoError(t, err)
	require.NoError(t, os.Remove(s.Path))
	require.ErrorIs(t, c.FetchSingle(t.Context(), s, nil), ErrDigest)
	require.NoFileExists(t, s.Path)
	_, err = c.Single(t.Context(), h.Storage.URL+"/nothing.pt")
	require.ErrorContains(t, err, "404")
}
