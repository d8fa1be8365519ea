package pictures

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func names(list []Source) []string {
	var names []string
	for _, s := range list {
		names = append(names, s.Name)
	}
	return names
}

func touch(t *testing.T, folder string, files ...string) {
	t.Helper()
	for _, name := range files {
		path := filepath.Join(folder, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		require.NoError(t, os.WriteFile(path, []byte(name), 0o666))
	}
}

func expand(t *testing.T, arguments ...string) []Source {
	t.Helper()
	list, err := Expand(arguments)
	require.NoError(t, err)
	return list
}

func TestExpandKeepsTheOrderOfArguments(t *testing.T) {
	folder := t.TempDir()
	touch(t, folder, "b/2.png", "b/1.JPG", "b/3.txt", "a.png", "notes.md")
	at := func(name string) string { return filepath.Join(folder, filepath.FromSlash(name)) }
	list := expand(t, "https://example.com/x.png", at("b"), "-", at("a.png"), at("*.md"), "HTTP://example.com")
	require.Equal(t, []string{"https://example.com/x.png", at("b/1.JPG"), at("b/2.png"), "-", at("a.png"), at("notes.md"), "HTTP://example.com"}, names(list))
	for _, s := range list {
		require.True(t, s.Usable())
	}
	_, err := Expand([]string{""})
	require.Error(t, err)
}

func TestExpandFollowsNoLinksToFolders(t *testing.T) {
	folder := t.TempDir()
	touch(t, folder, "a/1.png")
	if err := os.Symlink(folder, filepath.Join(folder, "a", "loop")); err != nil {
		t.Skip("this system makes no links: ", err)
	}
	require.NoError(t, os.Symlink(folder, filepath.Join(folder, "a", "loop.png")))
	require.NoError(t, os.Symlink(filepath.Join(folder, "a", "1.png"), filepath.Join(folder, "a", "link.png")))
	require.NoError(t, os.Symlink("nowhere", filepath.Join(folder, "a", "lost.png")))
	want := []string{filepath.Join(folder, "a", "1.png"), filepath.Join(folder, "a", "link.png"), filepath.Join(folder, "a", "lost.png")}
	require.Equal(t, want, names(expand(t, folder)))

	link := filepath.Join(t.TempDir(), "photos")
	require.NoError(t, os.Symlink(filepath.Join(folder, "a"), link))
	require.Len(t, expand(t, link), 3, "a link that is named is followed")
}

func TestExpandNamesWhatIsNotThere(t *testing.T) {
	folder := t.TempDir()
	touch(t, folder, "notes.txt", ".hidden.png")
	for argument, message := range map[string]string{
		filepath.Join(folder, "no.png"): "no such file or folder",
		filepath.Join(folder, "*.png"):  "no file matches",
		filepath.Join(folder, "[.png"):  "pattern",
		folder:                          "no pictures",
	} {
		list := expand(t, argument)
		require.Len(t, list, 1, argument)
		require.False(t, list[0].Usable(), argument)
		_, err := list[0].Read(t.Context())
		require.ErrorContains(t, err, message)
		require.NotContains(t, err.Error(), folder, "whoever reports the error names the picture")
	}
}

func TestGlobLeavesHiddenFilesOut(t *testing.T) {
	folder := t.TempDir()
	touch(t, folder, "1.png", ".2.png", "sub/3.png", "sub/4.txt")
	require.Equal(t, []string{filepath.Join(folder, "1.png"), filepath.Join(folder, "sub", "3.png")}, names(expand(t, filepath.Join(folder, "*"))))
	require.Equal(t, []string{filepath.Join(folder, ".2.png")}, names(expand(t, filepath.Join(folder, ".*.png"))))
}

func TestReadErrorsKeepTheirKind(t *testing.T) {
	_, err := Source{Name: filepath.Join(t.TempDir(), "gone.png")}.Read(t.Context())
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.EqualError(t, err, "no such file or folder")
}

func TestReadUpTo(t *testing.T) {
	folder := t.TempDir()
	touch(t, folder, "123456")
	for _, guess := range []int64{0, 3, 6, 1 << 60, -1} {
		f, err := os.Open(filepath.Join(folder, "123456"))
		require.NoError(t, err)
		defer f.Close()
		data, err := readUpTo(f, guess, 6)
		require.NoError(t, err)
		require.Equal(t, "123456", string(data))
		_, err = f.Seek(0, 0)
		require.NoError(t, err)
		_, err = readUpTo(f, guess, 5)
		require.ErrorContains(t, err, "larger than")
	}
}

func TestPlainKeepsOtherErrors(t *testing.T) {
	require.EqualError(t, plain(errors.New("odd")), "odd")
}
