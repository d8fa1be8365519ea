package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// goclip is the program under test, built once.
var goclip string

// examples are the pictures that come with the built-in model.
var (
	examples = filepath.Join("..", "..", "core", "embedded", "examples")
	dog      = filepath.Join(examples, "dog.png")
	car      = filepath.Join(examples, "car.png")
)

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	folder, err := os.MkdirTemp("", "goclip-test")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	goclip = filepath.Join(folder, "goclip")
	if runtime.GOOS == "windows" {
		goclip += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", goclip, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	// What the machine's user has fetched is not there for the tests.
	for name, value := range map[string]string{"HF_HOME": folder, "XDG_CACHE_HOME": folder, "HF_HUB_CACHE": "", "HF_TOKEN": "", "HF_HUB_OFFLINE": "1"} {
		os.Setenv(name, value)
	}
	return m.Run()
}

// result is what one run of goclip gave.
type result struct {
	status         int
	stdout, stderr string
}

func run(t *testing.T, arguments ...string) result {
	t.Helper()
	return runWith(t, nil, arguments...)
}

func runWith(t *testing.T, stdin io.Reader, arguments ...string) result {
	t.Helper()
	var out, errors bytes.Buffer
	c := exec.Command(goclip, arguments...)
	c.Stdin, c.Stdout, c.Stderr = stdin, &out, &errors
	r := result{status: statusOf(t, c.Run()), stdout: out.String(), stderr: errors.String()}
	t.Logf("goclip %s: status %d\n%s", strings.Join(arguments, " "), r.status, r.stderr)
	return r
}

func statusOf(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	require.NoError(t, err)
	return 0
}

// good runs goclip and wants status 0 and nothing on standard error.
func good(t *testing.T, arguments ...string) string {
	t.Helper()
	r := run(t, arguments...)
	require.Equal(t, 0, r.status)
	require.Empty(t, r.stderr)
	return r.stdout
}

// refused runs goclip and wants status 2 and a message.
func refused(t *testing.T, message string, arguments ...string) result {
	t.Helper()
	r := run(t, arguments...)
	require.Equal(t, 2, r.status)
	require.True(t, strings.HasPrefix(r.stderr, "goclip: "), r.stderr)
	require.Contains(t, r.stderr, message)
	require.NotContains(t, r.stderr, "Usage:")
	return r
}

// objects parses JSON lines.
func objects[T any](t *testing.T, text string) []T {
	t.Helper()
	var list []T
	for line := range strings.Lines(text) {
		var object T
		decoder := json.NewDecoder(strings.NewReader(line))
		decoder.DisallowUnknownFields()
		require.NoError(t, decoder.Decode(&object), line)
		list = append(list, object)
	}
	return list
}

// object parses the only JSON line.
func object[T any](t *testing.T, text string) T {
	t.Helper()
	list := objects[T](t, text)
	require.Len(t, list, 1)
	return list[0]
}

func write(t *testing.T, folder, name, content string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o666))
	return path
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return data
}

// filesIn names everything in a folder, hidden files too.
func filesIn(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	names := []string{}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
