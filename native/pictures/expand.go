package pictures

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// extensions are those by which pictures in folders are known.
var extensions = []string{".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff"}

// Expand turns arguments into pictures, in the order of the arguments; those of a folder and its subfolders are sorted.
// Only names are kept. What cannot be found stays in the list, with the reason. The error is for a wrong command line.
func Expand(arguments []string) ([]Source, error) {
	var list []Source
	for _, argument := range arguments {
		switch {
		case argument == "":
			return nil, errors.New("a picture's name is empty")
		case argument == Stdin:
			list = append(list, Source{Name: argument, kind: stdin})
		case isAddress(argument):
			list = append(list, Source{Name: argument, kind: address})
		default:
			list = append(list, onDisk(argument)...)
		}
	}
	return list, nil
}

func isAddress(argument string) bool {
	scheme, _, ok := strings.Cut(argument, "://")
	return ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// onDisk finds a file, the pictures of a folder, or the matches of a glob.
func onDisk(argument string) []Source {
	info, err := os.Stat(argument)
	switch {
	case err == nil && info.IsDir():
		found := walk(nil, argument)
		if len(found) == 0 {
			found = failed(argument, fmt.Errorf("the folder has no pictures (%s)", strings.Join(extensions, " ")))
		}
		return found
	case err == nil:
		return []Source{{Name: argument}}
	case strings.ContainsAny(argument, "*?[") && errors.Is(err, fs.ErrNotExist):
		return glob(argument)
	}
	return failed(argument, plain(err))
}

func failed(name string, err error) []Source {
	return []Source{{Name: name, kind: missing, err: err}}
}

// walk adds the pictures of a folder and those below it. Hidden files and folders are left out, links to folders are not
// followed, so that no link can make it endless.
func walk(list []Source, folder string) []Source {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return append(list, failed(folder, plain(err))...)
	}
	for _, entry := range entries {
		name := filepath.Join(folder, entry.Name())
		switch {
		case hidden(entry.Name()):
		case entry.IsDir():
			list = walk(list, name)
		case isPicture(name) && isFile(name, entry.Type()):
			list = append(list, Source{Name: name})
		}
	}
	return list
}

// isFile keeps pipes and devices out, reading which might never end, and links to folders.
func isFile(name string, kind fs.FileMode) bool {
	if kind&fs.ModeSymlink == 0 {
		return kind.IsRegular()
	}
	info, err := os.Stat(name)
	return err != nil || info.Mode().IsRegular() // a link to nothing is worth an error when it is read
}

func isPicture(name string) bool {
	return slices.Contains(extensions, strings.ToLower(filepath.Ext(name)))
}

func hidden(name string) bool { return strings.HasPrefix(name, ".") }

// glob does what a shell does with a pattern.
func glob(pattern string) []Source {
	if strings.Contains(pattern, "**") {
		return failed(pattern, errors.New("** is no pattern here: name the folder, and all below it is taken"))
	}
	matches, err := filepath.Glob(pattern)
	if err != nil {
		return failed(pattern, errors.New("not a pattern that can be matched"))
	}
	var list []Source
	for _, match := range matches {
		info, err := os.Stat(match)
		switch {
		case hidden(filepath.Base(match)) && !hidden(filepath.Base(pattern)):
		case err == nil && info.IsDir():
			list = walk(list, match)
		default:
			list = append(list, Source{Name: match})
		}
	}
	if len(list) == 0 {
		return failed(pattern, errors.New("no file matches"))
	}
	return list
}
