package nfc

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
)

// Python's unicodedata.normalize("NFC", text).
func TestGolden(t *testing.T) {
	f, err := os.Open(filepath.Join("..", "testdata", "nasty.jsonl"))
	require.NoError(t, err)
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	count := 0
	for lines.Scan() {
		var g struct{ Text, NFC string }
		require.NoError(t, json.Unmarshal(lines.Bytes(), &g))
		require.Equal(t, g.NFC, String(g.Text), "%q", g.Text)
		count++
	}
	require.Equal(t, 350, count)
}

// No character is inserted into long sequences of marks, which stay in canonical order.
func TestManyMarks(t *testing.T) {
	marks := strings.Repeat("\u0301\u0323", 40)
	want := "ạ" + strings.Repeat("\u0323", 39) + strings.Repeat("\u0301", 40)
	require.Equal(t, want+"b", String("a"+marks+"b"))
	require.Contains(t, norm.NFC.String("a"+marks), "\u034f")
}

// Both ways give the same for every character in several surroundings.
func TestPathsAgree(t *testing.T) {
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		p := norm.NFC.PropertiesString(string(r))
		if p.Decomposition() == nil && p.BoundaryBefore() && !unicode.Is(unicode.Hangul, r) {
			continue // composes with nothing
		}
		for _, s := range []string{"a" + string(r) + "\u0301\u0323", "\u1100" + string(r) + "\u11a8", "e\u0302" + string(r)} {
			if want, got := norm.NFC.String(s), compose(decompose(s)); got != want {
				t.Fatalf("%U: %q, expected %q", r, got, want)
			}
		}
	}
}

func FuzzString(f *testing.F) {
	for _, seed := range []string{"e\u0301", "\u1100\u1161\u11a8", strings.Repeat("\u0344", 40), "\u0958"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = string([]rune(text))
		once := String(text)
		require.Equal(t, once, String(once))
		require.Equal(t, decompose(text), decompose(once))
	})
}
