package clean

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/goclip/goclip/internal/oracle"
	"github.com/stretchr/testify/require"
)

// golden is a line of clean.jsonl or nasty.jsonl; a stage that a file lacks is nil.
type golden struct {
	Text                                   string
	Basic, Whitespace, Lower, Canonicalize *string
}

func TestStages(t *testing.T) {
	nasty, err := os.ReadFile(filepath.Join("..", "testdata", "nasty.jsonl"))
	require.NoError(t, err)
	for _, file := range []struct {
		data  []byte
		lines int
	}{{oracle.Unpacked(t, "tokenizers", "clip", "clean.jsonl"), 440}, {nasty, 350}} {
		scanner := bufio.NewScanner(bytes.NewReader(file.data))
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			var g golden
			require.NoError(t, json.Unmarshal(scanner.Bytes(), &g))
			require.NotNil(t, g.Lower)
			for _, stage := range []struct {
				name  string
				want  *string
				clean func(string) string
			}{
				{"basic", g.Basic, Basic}, {"whitespace", g.Whitespace, Whitespace}, {"lower", g.Lower, Lower},
				{"canonicalize", g.Canonicalize, Canonicalize},
			} {
				if stage.want != nil {
					require.Equal(t, *stage.want, stage.clean(g.Text), "%s %q", stage.name, g.Text)
				}
			}
			file.lines--
		}
		require.NoError(t, scanner.Err())
		require.Zero(t, file.lines)
	}
}

func TestIsSpace(t *testing.T) {
	for _, r := range "\t\n\v\f\r\x1c\x1d\x1e\x1f \u0085\u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000" {
		require.True(t, IsSpace(r), "%U", r)
	}
	for _, r := range "\x1b!\u180e\u200b\u2060\ufeff" {
		require.False(t, IsSpace(r), "%U", r)
	}
}

func TestToLower(t *testing.T) {
	for text, want := range map[string]string{
		"":               "",
		"PLAIN":          "plain",
		"ΟΔΥΣΣΕΥΣ Σ ΣΣ":  "οδυσσευς σ σς",
		"ΑΣ.":            "ας.",
		"ΑΣ.Α":           "ασ.α",
		"Α'Σ":            "α'ς",
		"1Σ":             "1σ",
		"ΑΣ\u0301":       "ας\u0301",
		"ΑΣ\u00ad\u02b0": "ας\u00ad\u02b0",
		"ΑΣ\u0301Β":      "ασ\u0301β",
		"İI":             "i\u0307i",
		"STRAẞE Ǆ":       "straße ǆ",
		"Σ\xffΣ":         "σ\ufffdσ",
	} {
		require.Equal(t, want, ToLower(text), "%q", text)
	}
}

// Without sigma and dotted I the slow path says what the fast one says.
func TestToLowerPathsAgree(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if r == capitalSigma || r == dottedI || 0xD800 <= r && r <= 0xDFFF {
			continue
		}
		s := string(r)
		require.Equal(t, strings.ToLower(s)+"i\u0307", ToLower(s+"İ"), "%U", r)
	}
}
