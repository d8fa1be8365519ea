package ftfy

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/goclip/goclip/internal/oracle"
	"github.com/stretchr/testify/require"
)

func TestGolden(t *testing.T) {
	nasty, err := os.ReadFile(filepath.Join("..", "testdata", "nasty.jsonl"))
	require.NoError(t, err)
	for _, file := range []struct {
		data  []byte
		lines int
	}{{oracle.Unpacked(t, "tokenizers", "clip", "clean.jsonl"), 440}, {nasty, 350}} {
		scanner := bufio.NewScanner(bytes.NewReader(file.data))
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			var g struct{ Text, FTFY string }
			require.NoError(t, json.Unmarshal(scanner.Bytes(), &g))
			require.Equal(t, g.FTFY, Fix(g.Text), "%q", g.Text)
			file.lines--
		}
		require.NoError(t, scanner.Err())
		require.Zero(t, file.lines)
	}
}

// Every alternative of the heuristic by itself, near misses, and byte strings that are almost UTF-8.
func TestHeuristic(t *testing.T) {
	f, err := os.Open(filepath.Join("testdata", "rules.jsonl"))
	require.NoError(t, err)
	defer f.Close()
	scanner := bufio.NewScanner(f)
	bad, good := 0, 0
	for scanner.Scan() {
		var g struct {
			Text, Fixed string
			Bad         bool
		}
		require.NoError(t, json.Unmarshal(scanner.Bytes(), &g))
		require.Equal(t, g.Bad, isBad(g.Text), "%q", g.Text)
		require.Equal(t, g.Fixed, Fix(g.Text), "%q", g.Text)
		if g.Bad {
			bad++
		} else {
			good++
		}
	}
	require.NoError(t, scanner.Err())
	require.Greater(t, bad, 400)
	require.Greater(t, good, 100)
}

// What ftfy 6.3.1 makes of texts that each need one of its rules.
func TestRules(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "",
		"plain ASCII, tab\t and\n line\f":  "plain ASCII, tab\t and\n line\f",
		"âœ” No problems":                  "✔ No problems",
		"&macr;\\_(ã\u0083\u0084)_/&macr;": "¯\\_(ツ)_/¯",
		"Broken text&hellip; it&#x2019;s ﬂubberiﬁc!": "Broken text… it's flubberific!",
		"ＬＯＵＤ\u3000ＮＯＩＳＥＳ":                           "LOUD NOISES",
		"P&EACUTE;REZ BUNDESSTRA&SZLIG;E":            "PÉREZ BUNDESSTRASSE",
		"&ntilde; &NTILDE; &nTILDE; &amp":            "ñ Ñ &nTILDE; &amp",
		"&lt;b&gt;\n&amp;<\n&amp;":                   "<b>\n&amp;<\n&amp;",
		"&#59; &#0; &#x1;|":                          "&#59; \ufffd |",
		"voilÃ le travail":                           "voilà le travail",
		"Ã quele dia":                                "àquele dia",
		"â€œ like this â€\ufffd":                     "\" like this \ufffd",
		"Ã©Ã?":                                       "é\ufffd",
		"Ã©í\u00a0?í°€":                              "é\ufffd",
		"Ã©í\u00a0½í°?":                              "é\ufffd",
		"à l\u0092 \u0081":                           "à l' \u0081",
		"Ã©À\n":                                      "é",
		"Ã© \u00ed\u00a0\u00bd\u00ed\u00b8\u0080":    "é 😀",
		"Ã© \u00ed\u00a0\u00bd\u00ed\u00b8\n":        "é 😊",
		"Ã©\u00c0\u0080Ã©":                           "éé",
		"\x1b[31;1mred\x1b[0m \x1b[x":                "red ",
		"a\ufeffb\u206ac\ufff9d\x00e":                "abcde",
		"one\r\ntwo\rthree\u2028four":                "one\ntwo\nthree\nfour",
		"e\u0301 \u1100\u1161":                       "é 가",
		"\xff\xfe":                                   "\ufffd\ufffd",
	} {
		require.Equal(t, want, Fix(text), "%q", text)
	}
}

// Layers of mojibake come off, and of a line that would need ever more repairs the budget stops them.
func TestBudget(t *testing.T) {
	deep := "é’"
	for range 6 {
		layer := make([]rune, len(deep))
		for i := range len(deep) {
			layer[i] = rune(deep[i])
		}
		deep = string(layer)
	}
	require.Equal(t, "é'", Fix(deep))
	require.Equal(t, "&", Fix("&"+strings.Repeat("amp;", 1000)))
	require.Contains(t, Fix("&"+strings.Repeat("amp;", 100_000)), "&amp;amp;")
}

func TestLongLines(t *testing.T) {
	long := strings.Repeat("x", longestLine)
	require.Equal(t, long, firstLine(long+"é\n"))
	require.Equal(t, long+"é", Fix(long+"Ã©"))
	accents := strings.Repeat("é", longestLine)
	require.Equal(t, accents, firstLine(accents+"é\n"))
}

func TestTables(t *testing.T) {
	require.Equal(t, 480, len(bytecodes()))
	for m := range charmaps {
		if m != latin1 {
			require.Len(t, upper[m], 128, "charmap %d", m)
		}
	}
	require.Less(t, uint64(inLine), uint64(1)<<63)
}

func FuzzFix(f *testing.F) {
	for _, seed := range []string{"cafÃ©", "&amp;amp;", "\x1b[31m", "Ã\ufffd?", "\xff", "À\n", "â€œ\u009d", "ﬁ\r\n", "<&eacute;"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fixed := Fix(text)
		require.True(t, utf8.ValidString(fixed))
		require.Equal(t, fixed, Fix(string([]rune(text))))
	})
}
