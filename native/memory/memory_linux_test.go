package memory

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAvailable(t *testing.T) {
	n, ok := Available()
	require.True(t, ok)
	require.Greater(t, n, int64(1<<20))
}

// The narrowest limit counts, from the process's group up to the root.
func TestGroups(t *testing.T) {
	root := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o666))
		return path
	}
	self := write("self", "0::/a/b\n")
	_, ok := groupLeft(root, self)
	require.False(t, ok, "no limits")

	write("a/memory.max", "1000\n")
	write("a/memory.current", "600\n")
	write("a/memory.stat", "anon 300\ninactive_file 250\n")
	write("a/b/memory.max", "max\n")
	write("a/b/memory.current", "10\n")
	left, ok := groupLeft(root, self)
	require.True(t, ok)
	require.EqualValues(t, 650, left)

	write("a/b/memory.max", "100\n")
	left, _ = groupLeft(root, self)
	require.EqualValues(t, 90, left)
	_, ok = groupLeft(root, filepath.Join(root, "nothing"))
	require.False(t, ok)
}
