// Package oracle finds the golden files that the original implementations made (testdata/oracle) for tests.
package oracle

import (
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
