package output

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

func files(t *testing.T, folder string) int {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	return len(entries)
}

func TestCommitReplacesAtOnce(t *testing.T) {
	folder := t.TempDir()
	target := filepath.Join(folder, "out")
	require.NoError(t, os.WriteFile(target, []byte("old"), 0o640))
	f, err := Create(target)
	require.NoError(t, err)
	_, err = f.WriteString("brand new")
	require.NoError(t, err)
	_, err = f.WriteAt([]byte("B"), 0)
	require.NoError(t, err)
	require.Equal(t, "old", content(t, target))
	require.NoError(t, f.Commit())
	f.Abort()
	require.Equal(t, "Brand new", content(t, target))
	require.Equal(t, 1, files(t, folder))
	if runtime.GOOS != "windows" {
		info, err := os.Stat(target)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o640), info.Mode().Perm(), "the old file's permissions stay")
	}
}

func TestAbortLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	target := filepath.Join(folder, "out")
	f, err := Create(target)
	require.NoError(t, err)
	require.Equal(t, 1, files(t, folder))
	f.Abort()
	f.Abort()
	require.Equal(t, 0, files(t, folder))
	err = WriteFile(target, func(f *File) error {
		io.WriteString(f, "half")
		return errors.New("no more")
	})
	require.ErrorContains(t, err, "no more")
	require.Equal(t, 0, files(t, folder))
}

func TestScratchNeverGetsAName(t *testing.T) {
	folder := t.TempDir()
	f, err := Scratch(folder)
	require.NoError(t, err)
	io.WriteString(f, "rows")
	r, err := f.Reopened()
	require.NoError(t, err)
	data, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, "rows", string(data))
	f.Abort()
	require.Equal(t, 0, files(t, folder))
}

func TestCreateRefuses(t *testing.T) {
	folder := t.TempDir()
	_, err := Create(folder)
	require.ErrorContains(t, err, "is a folder")
	_, err = Create(filepath.Join(folder, "nowhere", "out"))
	require.ErrorContains(t, err, "cannot write in")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestCreateFollowsLinks(t *testing.T) {
	folder := t.TempDir()
	target, link := filepath.Join(folder, "out"), filepath.Join(folder, "link")
	require.NoError(t, os.WriteFile(target, nil, 0o666))
	if err := os.Symlink(target, link); err != nil {
		t.Skip("this system makes no links: ", err)
	}
	require.NoError(t, WriteFile(link, func(f *File) error { _, err := f.WriteString("x"); return err }))
	require.Equal(t, "x", content(t, target))
	info, err := os.Lstat(link)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeSymlink)
}

// Devices are written to, not replaced.
func TestDevicesStayDevices(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no /dev/null")
	}
	require.NoError(t, WriteFile(os.DevNull, func(f *File) error { _, err := f.WriteString("x"); return err }))
	info, err := os.Stat(os.DevNull)
	require.NoError(t, err)
	require.False(t, info.Mode().IsRegular())
}

func TestJSONLineIsOneLineForEverybody(t *testing.T) {
	text := "é 日本 <&> \u0085\u2028\u2029\u007f\u009f\u00a0 \"\n\x00"
	var b bytes.Buffer
	require.NoError(t, JSONLine(&b, text))
	for _, c := range strings.TrimSuffix(b.String(), "\n") {
		require.True(t, c >= ' ' && c < 0x7f || c >= 0xa0 && c != '\u2028' && c != '\u2029', "%U", c)
	}
	require.Contains(t, b.String(), "é 日本 <&>")
	var back string
	require.NoError(t, json.Unmarshal(b.Bytes(), &back))
	require.Equal(t, text, back)
}
