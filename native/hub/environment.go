package hub

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Client fetches.
type Client struct {
	Endpoint string // address of the hub, without a slash at its end
	Token    string // empty: none
	Offline  bool   // nothing is fetched
	Cache    Cache
	// Waiting, if set, is told why and how long an attempt waits for the next one.
	Waiting func(why error, pause time.Duration)

	transport http.RoundTripper
	patience  patience
	free      func(folder string) (int64, error) // bytes of disk space
}

// FromEnvironment is a client as the environment variables of huggingface_hub describe it.
func FromEnvironment() (*Client, error) {
	c := &Client{Endpoint: "https://huggingface.co", transport: newTransport(), patience: defaultPatience, free: freeSpace}
	if e := os.Getenv("HF_ENDPOINT"); e != "" {
		c.Endpoint = strings.TrimRight(e, "/")
		if u, err := url.Parse(c.Endpoint); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return nil, fmt.Errorf("hub: HF_ENDPOINT is %q, want an address like https://huggingface.co", e)
		}
	}
	c.Offline = enabled("HF_HUB_OFFLINE") || enabled("TRANSFORMERS_OFFLINE")
	var err error
	if c.Cache, err = defaultCache(); err != nil {
		return nil, err
	}
	c.Token, err = token()
	return c, err
}

// newTransport honours the proxy variables, and is patient with slow servers and not with silent ones.
func newTransport() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = 30 * time.Second
	t.DisableCompression = true // the bytes are counted, and checked
	return t
}

func enabled(variable string) bool {
	switch strings.ToUpper(os.Getenv(variable)) {
	case "1", "ON", "YES", "TRUE":
		return true
	}
	return false
}

// home is huggingface_hub's folder.
func home() (string, error) {
	if h := os.Getenv("HF_HOME"); h != "" {
		return expanded(h)
	}
	caches, err := caches()
	return filepath.Join(caches, "huggingface"), err
}

// caches is the user's folder for caches: ~/.cache on every system, as Python's libraries have it.
func caches() (string, error) {
	if x := os.Getenv("XDG_CACHE_HOME"); x != "" {
		return expanded(x)
	}
	h, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("hub: where to put models: %w; set HF_HOME", err)
	}
	return filepath.Join(h, ".cache"), nil
}

func expanded(path string) (string, error) {
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || os.IsPathSeparator(rest[0])) {
		h, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("hub: %w", err)
		}
		return filepath.Join(h, rest), nil
	}
	return path, nil
}

func defaultCache() (Cache, error) {
	for _, variable := range []string{"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"} {
		if c := os.Getenv(variable); c != "" {
			c, err := expanded(c)
			return Cache(c), err
		}
	}
	h, err := home()
	return Cache(filepath.Join(h, "hub")), err
}

// token is HF_TOKEN, or what the token file holds.
func token() (string, error) {
	for _, variable := range []string{"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"} {
		if t := strings.TrimSpace(os.Getenv(variable)); t != "" {
			return t, nil
		}
	}
	path := os.Getenv("HF_TOKEN_PATH")
	if path == "" {
		h, err := home()
		if err != nil {
			return "", err
		}
		path = filepath.Join(h, "token")
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("hub: the access token: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}
