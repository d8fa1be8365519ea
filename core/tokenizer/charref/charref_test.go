package charref

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What Python's html.unescape makes of these.
func TestUnescape(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "",
		"no reference":                         "no reference",
		"&amp;&AMP;&amp &ampx":                 "&&& &x",
		"&eacute;t&Eacute; &ntilde":            "étÉ ñ",
		"&notit; &notin; &notinx":              "¬it; ∉ ¬inx",
		"&hellip &hellip; &HELLIP;":            "&hellip … &HELLIP;",
		"&bogus; &; & &&":                      "&bogus; &; & &&",
		"&#39;&#x27;&#X41;&#65x":               "''AAx",
		"&# &#; &#x; &#xg;":                    "&# &#; &#x; &#xg;",
		"&#0; &#xD800; &#x110000;":             "\ufffd \ufffd \ufffd",
		"&#99999999999999999999999999":         "\ufffd",
		"&#128;&#x99;&#129;&#133;":             "€™\u0081…",
		"&#1;|&#x7F;|&#xFFFF;|&#xFDD0;|&#11;|": "|||||",
		"&#9;&#10;&#12;&#13;":                  "\t\n\f\r",
		"&NotEqualTilde; &fjlig; &acE;":        "≂̸ fj ∾̳",
		"&lt;b&gt":                             "<b>",
		"&CounterClockwiseContourIntegral;":    "∳",
		"&" + strings.Repeat("é", 40):          "&" + strings.Repeat("é", 40),
		"&amp<":                                "&<",
	} {
		require.Equal(t, want, Unescape(text), "%q", text)
	}
}

func TestNames(t *testing.T) {
	require.Len(t, table(), 2231)
	bare := 0
	for name := range table() {
		if !strings.HasSuffix(name, ";") {
			bare++
			require.LessOrEqual(t, len(name), longestBare)
			with, ok := Named(name + ";")
			require.True(t, ok)
			require.Equal(t, with, table()[name])
		}
	}
	require.Equal(t, 106, bare)
}

func FuzzUnescape(f *testing.F) {
	for _, seed := range []string{"&amp;", "&#x1F600;", "&&#", "&notit;", "&\xff;"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !strings.Contains(text, "&") {
			require.Equal(t, text, Unescape(text))
		}
		Unescape(text)
	})
}
