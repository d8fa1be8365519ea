// Package oracle finds the golden files that the original implementations made (testdata/oracle) for tests.
package oracle

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Path returns the golden file or folder with this name. A test that finds no data fails: golden files are part of
// every clone.
func Path(t testing.TB, elements ...string) string {
	t.Helper()
	_, here, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("oracle: the compiler kept no file names")
	}
	path := filepath.Join(append([]string{filepath.Dir(here), "..", "..", "testdata", "oracle"}, elements...)...)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("oracle: golden data is missing: %v", err)
	}
	return path
}

// Unpacked reads a golden file that lies there with ".gz" behind its name.
func Unpacked(t testing.TB, elements ...string) []byte {
	t.Helper()
	elements = append([]string{}, elements...)
	elements[len(elements)-1] += ".gz"
	packed, err := os.ReadFile(Path(t, elements...))
	if err != nil {
		t.Fatalf("oracle: %v", err)
	}
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatalf("oracle: %v: %v", elements, err)
	}
	data, err := io.ReadAll(reader)
	if err != nil {
		t.Fatalf("oracle: %v: %v", elements, err)
	}
	return data
}
