package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
)

// Bounds of what is read as text: of a line, and of a whole list.
const (
	maxLine = 16 << 20
	maxText = 64 << 20
)

// openText opens a text file, or standard input for "-".
func openText(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(os.Stdin), nil
	}
	return os.Open(name)
}

// readText reads a whole text file.
func readText(name string) ([]byte, error) {
	f, err := openText(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxText+1))
	if err == nil && len(data) > maxText {
		err = fmt.Errorf("%s is larger than %d MiB", name, maxText>>20)
	}
	return bytes.TrimPrefix(data, []byte(byteOrderMark)), err
}

// byteOrderMark is what Windows puts at the beginning of text files.
const byteOrderMark = "\ufeff"

// linesOf gives a file's lines one by one, without their ends. An empty line is an empty text.
func linesOf(name string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		f, err := openText(name)
		if err != nil {
			yield("", err)
			return
		}
		defer f.Close()
		scanner := bufio.NewScanner(f)
		scanner.Buffer(nil, maxLine)
		for first := true; scanner.Scan(); first = false {
			line := scanner.Text()
			if first {
				line = strings.TrimPrefix(line, byteOrderMark)
			}
			if !yield(line, nil) {
				return
			}
		}
		if err := scanner.Err(); errors.Is(err, bufio.ErrTooLong) {
			yield("", fmt.Errorf("%s has a line of more than %d MiB", name, maxLine>>20))
		} else if err != nil {
			yield("", err)
		}
	}
}

// readLabels reads a label a line. Empty lines at the end do not count.
func readLabels(name string) ([]string, error) {
	data, err := readText(name)
	if err != nil {
		return nil, err
	}
	text := strings.TrimRight(string(data), " \t\r\n")
	if text == "" {
		return nil, fmt.Errorf("%s has no labels", name)
	}
	var labels []string
	for line := range strings.Lines(text) {
		labels = append(labels, strings.TrimSpace(line))
		if labels[len(labels)-1] == "" {
			return nil, fmt.Errorf("%s: line %d is empty, want a label", name, len(labels))
		}
	}
	return labels, nil
}
